"""Give the grid's spectra an instrument's resolution and noise, as one dataset."""

import step

step.begin(snakemake)

from skyloom import datasets
from skyloom.arms.spectra import grid_files, variants
from skyloom.io.files import read_table

files, params = snakemake.input, snakemake.params
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
datasets.make(
    snakemake.output.dataset,
    lambda _: variants.render(blocks, wavelength, params.variant_parameters, params.seed),
    described,
    label=f"spectra of {params.variant}",
    unit="spectrum",
    threads=snakemake.threads,
)
step.sidecar(snakemake, params.variant_parameters, ["astropy", "h5py", "numpy", "scipy"])
