"""Fetch a catalogue's table of observations and keep the rows that are wanted."""

import step

step.begin(snakemake)

from skyloom import archives
from skyloom.xmm import archive

params = snakemake.params
table = archive.fetch_table(
    archives.addresses(params.addresses, "xmm"),
    params.release,
    params.folder,
    columns=params.columns,
    policy=archives.patience(snakemake.config["downloads"]),
)
# A list, a file, or nothing.
wanted = archive.chosen(str(snakemake.input.get("chosen") or "") or params.get("chosen"))
archive.cut(table, wanted, params.columns, snakemake.output[0])
