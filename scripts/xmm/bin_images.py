"""Divide the images of one block by their exposure and rebin them."""

import step

step.begin(snakemake)

from skyloom import prefetch
from skyloom.arms.xmm import processing
from skyloom.io.files import atomic_hdf5, read_table
from skyloom.progress import track

params = snakemake.params
inventory = read_table(snakemake.input.inventory, need=("file", "obs_id", "exposure"))
rows = processing.block_of(inventory, params.block, params.blocks)
work = processing.binned(params.rebin, params.rebin_method, pad=params.smaller == "pad")
with prefetch.Pool(snakemake.threads) as pool, atomic_hdf5(snakemake.output[0]) as file:
    images = processing.rate_images(
        rows, params.images, smaller=params.smaller, work=work, pool=pool
    )
    label = f"rate images of block {params.block}, rebinned by {params.rebin}"
    images = track(images, label=label, total=len(rows), unit="image")
    processing.write_rates(file, images, rows, factor=params.rebin, method=params.rebin_method)
