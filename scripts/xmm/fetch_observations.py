"""Fetch a catalogue's table of observations and keep the rows that are wanted."""

import step

step.begin(snakemake)

from skyloom.archives import requests, xmm_images

params = snakemake.params
table = xmm_images.fetch_table(
    requests.addresses(params.addresses, "xmm"),
    params.release,
    params.folder,
    columns=params.columns,
    policy=requests.patience(snakemake.config["downloads"]),
)
# A list, a file, or nothing.
wanted = xmm_images.configured_observations(
    str(snakemake.input.get("chosen") or "") or params.get("chosen")
)
xmm_images.cut(table, wanted, params.columns, snakemake.output[0])
