"""Put the blocks' inventories together: one frame, one image an observation, all rejects."""

import sys

import step

step.begin(snakemake)

from skyloom.arms.xmm import inventory, observations
from skyloom.io.files import read_table, write_table

params = snakemake.params
table = observations.read_observations(snakemake.input.observations, params.columns)
good, rejects = inventory.merge(
    [read_table(path) for path in snakemake.input.inventory],
    [read_table(path) for path in snakemake.input.rejects],
    table,
    params.frame,
)
write_table(good, snakemake.output.inventory)
write_table(rejects, snakemake.output.rejects)
print(inventory.summary(good, rejects), file=sys.stderr)
