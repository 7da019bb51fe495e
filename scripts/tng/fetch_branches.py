"""Fetch SubLink main branches from the TNG web API: which galaxies are one over time."""

import step

step.begin(snakemake)

from skyloom import archives
from skyloom.io import read_table, write_table
from skyloom.tng import web_branches, webapi

params = snakemake.params
api = webapi.connect(
    archives.addresses(params.addresses, "tng"),
    params.simulation,
    params.folder,
    archives.patience(snakemake.config["downloads"]),
)
tables = [read_table(path, need=("subhalo_id",)) for path in snakemake.input]
lineages = web_branches.lineages(api, tables, failures=params.failures)
for table, lineage, path in zip(tables, lineages, snakemake.output, strict=True):
    table["lineage_id"][:] = lineage
    write_table(table, path)
