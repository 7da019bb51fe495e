"""Fetch one snapshot's group catalogue from the TNG web API, field by field."""

import step

step.begin(snakemake)

from skyloom.archives import requests, tng_api, tng_catalogue

params = snakemake.params
api = tng_api.connect(
    requests.addresses(params.addresses, "tng"),
    params.simulation,
    params.folder,
    requests.patience(snakemake.config["downloads"]),
)
columns = tng_catalogue.fetch_columns(api, params.snapshot)
tng_catalogue.assemble(api, params.snapshot, columns, snakemake.output.groups)
