"""Fetch the images of one block of observations; what the archive does not have is listed."""

import step

step.begin(snakemake)

from skyloom.archives import requests, xmm_images
from skyloom.arms.xmm import observations
from skyloom.io.files import write_table

params = snakemake.params
table = observations.read_observations(snakemake.input.observations, params.columns)
fetched, missing = xmm_images.fetch_images(
    requests.addresses(params.addresses, "xmm"),
    xmm_images.names(table, params.block, params.blocks),
    params.folder,
    table=params.failures,
    policy=requests.patience(snakemake.config["downloads"]),
    label=f"images of block {params.block}",
)
write_table(fetched, snakemake.output.fetched)
write_table(missing, snakemake.output.missing)
