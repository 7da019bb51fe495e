"""Normalise and stretch the rate images of all observations into one dataset."""

import step

step.begin(snakemake)

from skyloom import datasets
from skyloom.arms.xmm import processing
from skyloom.io.files import read_table

files, params = snakemake.input, snakemake.params
inventory = read_table(files.inventory, need=("obs_id", "obs_class", "exposure"))
own = params.variant_parameters
described = processing.description(inventory, files.rates, params.variant, own, params.seed)
datasets.make(
    snakemake.output.dataset,
    lambda pool: processing.render_all(files.rates, inventory, own, pool=pool),
    described,
    label=f"images of {params.variant}",
    unit="image",
    threads=snakemake.threads,
)
step.sidecar(snakemake, own, ["astropy", "h5py", "numpy", "opencv-python-headless"])
