"""Divide the sample into training, validation and test, one split for all networks."""

import step

step.begin(snakemake)

from skyloom.arms.sdss import splits
from skyloom.io.files import read_table, write_table

params = snakemake.params
sample = read_table(snakemake.input.sample, need=("id", "class", "object"))
table = splits.split(
    sample, test=params.test, by=params.by, validation=params.validation, seed=params.seed
)
write_table(table, snakemake.output[0])
