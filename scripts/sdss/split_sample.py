"""Divide the sample into training, validation and test, one split for all networks."""

import step

step.begin(snakemake)

from skyloom.io import read_table, write_table
from skyloom.sdss import splits

params = snakemake.params
sample = read_table(snakemake.input.sample, need=("id", "class", "object"))
table = splits.split(
    sample, test=params.test, by=params.by, validation=params.validation, seed=params.seed
)
write_table(table, snakemake.output[0])
