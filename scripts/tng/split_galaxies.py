"""Divide the galaxies into a training and a test side, one split for all variants."""

import sys

import step

step.begin(snakemake)

from skyloom.arms.tng import splits
from skyloom.io.files import read_table, write_table

tables = [read_table(path) for path in snakemake.input.galaxies]
table = splits.split(
    tables,
    by=snakemake.wildcards.by,
    test_fraction=snakemake.params.test_fraction,
    seed=snakemake.params.seed,
)
if snakemake.wildcards.by == "lineage" and table.meta["without_lineage"]:
    unknown = table.meta["without_lineage"]
    print(
        f"skyloom: {unknown} of {len(table)} galaxies have no SubLink branch: the same "
        "galaxy in another snapshot may be on the other side.",
        file=sys.stderr,
    )
write_table(table, snakemake.output[0])
