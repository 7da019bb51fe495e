"""Read one block of the user's spectra: which can be used, and if not, why."""

import step

step.begin(snakemake)

from skyloom import prefetch
from skyloom.arms.spectra import grid_files, wavelengths
from skyloom.arms.spectra.stellar import files
from skyloom.io import inventory
from skyloom.io.files import atomic_hdf5, write_table
from skyloom.progress import track
from skyloom.simulate.stellar import blocks, synthesis

params, output = snakemake.params, snakemake.output
blocks.check_pixels(params.pixels, params.downsample)
pixels = wavelengths.logarithmic(*params.window, params.pixels)
sources, unusable = files.listing(params.spectra, pixels)
run = files.block_of(sources, params.block, params.blocks)
good, rejects = files.usable(track(run, label=f"files of block {params.block}", unit="file"))
table = files.table(good)
synthetic = table.meta["synthetic"]
centres = synthesis.centres(params.window, params.pixels, params.downsample)
with prefetch.Pool(snakemake.threads) as pool, atomic_hdf5(output.block) as file:
    spectra = files.read_spectra(good, pixels, params.downsample, pool=pool)
    spectra = track(spectra, label=f"spectra of block {params.block}", total=len(good))
    grid_files.write_block(file, spectra, centres, table["id"], synthetic=synthetic)
write_table(table, output.table)
# Files that cannot be used at all belong to no block: the first one lists them.
lost = rejects + (unusable if params.block == 0 else [])
write_table(inventory.rejects(lost, synthetic=synthetic), output.rejects)
