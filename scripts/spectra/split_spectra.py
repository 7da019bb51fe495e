"""Divide the grid's spectra into training, validation and test, one split for all datasets."""

import step

step.begin(snakemake)

from skyloom.arms.spectra import splits
from skyloom.io.files import read_table, write_table

params = snakemake.params
inventory = read_table(snakemake.input.inventory, need=("id",))
table = splits.split(
    inventory, by=params.by, validation=params.validation, test=params.test, seed=params.seed
)
write_table(table, snakemake.output[0])
