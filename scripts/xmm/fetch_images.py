"""Fetch the images of one block of observations; what the archive does not have is listed."""

import step

step.begin(snakemake)

from skyloom import archives
from skyloom.io import write_table
from skyloom.xmm import archive, observations

params = snakemake.params
table = observations.read(snakemake.input.observations, params.columns)
fetched, missing = archive.fetch_images(
    archives.addresses(params.addresses, "xmm"),
    archive.names(table, params.block, params.blocks),
    params.folder,
    table=params.failures,
    policy=archives.patience(snakemake.config["downloads"]),
    label=f"images of block {params.block}",
)
write_table(fetched, snakemake.output.fetched)
write_table(missing, snakemake.output.missing)
