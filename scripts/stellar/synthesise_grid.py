"""Synthesise one block of the grid: spectra, the labels of each, and no rejects."""

import step

step.begin(snakemake)

from skyloom import prefetch
from skyloom.arms.spectra import grid_files
from skyloom.arms.spectra.stellar import grid
from skyloom.io import inventory
from skyloom.io.files import atomic_hdf5, write_table
from skyloom.progress import track
from skyloom.simulate.stellar import atoms, blocks, synthesis

params, output = snakemake.params, snakemake.output
shape = {name: params[name] for name in ("window", "pixels", "downsample")}
lines = atoms.read_lines(snakemake.input.lines)
blocks.check_window(lines, **shape)
found, velocities = blocks.plan(params.synthetic, params.block, params.blocks)
table = grid.table(found, velocities)
wavelength = synthesis.centres(params.window, params.pixels, params.downsample)
darkening = params.synthetic["limb_darkening"]
with prefetch.Pool(snakemake.threads) as pool, atomic_hdf5(output.block) as file:
    spectra = blocks.synthesise(
        lines, found, velocities, **shape, limb_darkening=darkening, pool=pool
    )
    label = f"atmospheres of block {params.block}, each at {len(velocities)} rotations"
    spectra = track(spectra, label=label, total=len(found), unit="atmosphere")
    grid_files.write_block(file, spectra, wavelength, table["id"], synthetic=True)
write_table(table, output.table)
write_table(inventory.rejects([], synthetic=True), output.rejects)
