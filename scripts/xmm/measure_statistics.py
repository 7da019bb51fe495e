"""Measure standard deviation, skewness and kurtosis of the rate images of one block."""

import step

step.begin(snakemake)

from skyloom import prefetch
from skyloom.arms.xmm import processing, statistics
from skyloom.io.files import read_table, write_table
from skyloom.progress import track

params = snakemake.params
inventory = read_table(snakemake.input.inventory, need=("file", "obs_id", "exposure"))
rows = processing.block_of(inventory, params.block, params.blocks)
with prefetch.Pool(snakemake.threads) as pool:
    measured = processing.rate_images(
        rows, params.images, smaller=params.smaller, work=statistics.moments, pool=pool
    )
    label = f"statistics of block {params.block}"
    table = statistics.table(rows, track(measured, label=label, total=len(rows), unit="image"))
write_table(table, snakemake.output[0])
