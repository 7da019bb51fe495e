"""Fetch a catalogue's table of observations and keep the rows that are wanted."""

import step

step.begin(snakemake)

import archives

from skyloom.xmm import archive

params = snakemake.params
table = archive.fetch_table(
    archives.addresses(snakemake.config, "xmm"),
    params.release,
    params.folder,
    columns=params.columns,
    policy=archives.policy(snakemake.config),
)
# A list, a file, or nothing.
wanted = archive.chosen(str(snakemake.input.get("chosen") or "") or params.get("chosen"))
archive.cut(table, wanted, params.columns, snakemake.output[0])
