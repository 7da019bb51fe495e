"""Compare trainings that never saw the test galaxies with ones that did."""

import step

step.begin(snakemake)

from astropy.table import vstack

from skyloom.arms.tng import leakage
from skyloom.io.files import read_table, write_table

params, files = snakemake.params, snakemake.input
splits = [read_table(path, need=("id", "lineage_id", "component", "part")) for path in files.splits]
found = []
for number, case in enumerate(params.cases):
    paths = files.members[number * len(splits) : (number + 1) * len(splits)]
    tables = [read_table(path, need=("id", "part", "component", "true")) for path in paths]
    found.append(
        leakage.measure(
            case,
            dict(zip(params.trainings, tables, strict=True)),
            dict(zip(params.trainings, splits, strict=True)),
            **params.bootstrap,
            seed=params.seed,
        )
    )
for tables, output in zip(zip(*found, strict=True), snakemake.output, strict=True):
    write_table(vstack(list(tables), metadata_conflicts="error"), output)
