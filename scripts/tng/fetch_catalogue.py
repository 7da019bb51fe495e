"""Fetch one snapshot's group catalogue from the TNG web API, field by field."""

import step

step.begin(snakemake)

from skyloom import archives
from skyloom.tng import web_catalogue, webapi

params = snakemake.params
api = webapi.connect(
    archives.addresses(params.addresses, "tng"),
    params.simulation,
    params.folder,
    archives.patience(snakemake.config["downloads"]),
)
columns = web_catalogue.fetch_columns(api, params.snapshot)
web_catalogue.assemble(api, params.snapshot, columns, snakemake.output.groups)
