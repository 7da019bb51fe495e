"""Give the grid's spectra an instrument's resolution and noise, as one dataset."""

import step

step.begin(snakemake)

from skyloom import ahead, datasets
from skyloom.io import atomic_hdf5, read_table
from skyloom.progress import track_blocks
from skyloom.spectra import grid_files, variants

files, params, output = snakemake.input, snakemake.params, snakemake.output
inventory = read_table(files.inventory, need=("id",))
wavelength, blocks = grid_files.read_blocks(files.blocks, inventory)
described = grid_files.description(
    inventory,
    wavelength,
    params.variant,
    params.variant_parameters,
    arm=params.arm,
    seed=params.seed,
)
with ahead.Pool(snakemake.threads) as pool, atomic_hdf5(output.dataset) as file:
    rendered = variants.render(blocks, wavelength, params.variant_parameters, params.seed)
    label = f"spectra of {params.variant}"
    rendered = track_blocks(rendered, label=label, total=described["count"], unit="spectrum")
    datasets.write(file, rendered, **described, pool=pool)
datasets.check(output.dataset)
step.sidecar(snakemake, params.variant_parameters, ["astropy", "h5py", "numpy", "scipy"])
