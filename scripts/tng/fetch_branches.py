"""Fetch SubLink main branches from the TNG web API: which galaxies are one over time."""

import step

step.begin(snakemake)

from skyloom.archives import requests, tng_api, tng_branches
from skyloom.io.files import read_table, write_table

params = snakemake.params
api = tng_api.connect(
    requests.addresses(params.addresses, "tng"),
    params.simulation,
    params.folder,
    requests.patience(snakemake.config["downloads"]),
)
tables = [read_table(path, need=("subhalo_id",)) for path in snakemake.input]
lineages = tng_branches.lineages(api, tables, failures=params.failures)
for table, lineage, path in zip(tables, lineages, snakemake.output, strict=True):
    table["lineage_id"][:] = lineage
    write_table(table, path)
