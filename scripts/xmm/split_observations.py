"""Divide the observations into training, validation and test, one split for all experiments."""

import step

step.begin(snakemake)

from skyloom.arms.xmm import splits
from skyloom.io.files import read_table, write_table

inventory = read_table(snakemake.input.inventory, need=("obs_id", "obs_class"))
table = splits.split(
    inventory,
    validation=snakemake.params.validation,
    test=snakemake.params.test,
    seed=snakemake.params.seed,
)
write_table(table, snakemake.output[0])
