"""Rank the cases over all seeds, with the scatter of the galaxies and that of the seeds."""

import step

step.begin(snakemake)

from skyloom.arms.tng import ensemble
from skyloom.io.files import read_table, write_table

params = snakemake.params
tables = [
    read_table(path, need=("id", "part", "component", "true", "member_1"))
    for path in snakemake.input.members
]
cases, pairs = ensemble.summarise(params.cases, tables, **params.bootstrap, seed=params.seed)
write_table(cases, snakemake.output.ensemble)
write_table(pairs, snakemake.output.pairs)
