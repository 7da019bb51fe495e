"""Normalise and stretch the rate images of all observations into one dataset."""

import step

step.begin(snakemake)

from skyloom import ahead, datasets
from skyloom.io import atomic_hdf5, read_table
from skyloom.progress import track_blocks
from skyloom.xmm import processing

params = snakemake.params
inventory = read_table(snakemake.input.inventory, need=("obs_id", "obs_class", "exposure"))
described = processing.description(
    inventory, snakemake.input.rates, params.variant, params.variant_parameters, params.seed
)
with ahead.Pool(snakemake.threads) as pool, atomic_hdf5(snakemake.output.dataset) as file:
    images = processing.render_all(
        snakemake.input.rates, inventory, params.variant_parameters, pool=pool
    )
    label = f"images of {params.variant}"
    blocks = track_blocks(images, label=label, total=described["count"], unit="image")
    datasets.write(file, blocks, **described, pool=pool)
datasets.check(snakemake.output.dataset)
step.sidecar(
    snakemake, params.variant_parameters, ["astropy", "h5py", "numpy", "opencv-python-headless"]
)
