"""Put the blocks' inventories together: one frame, one image an observation, all rejects."""

import sys

import step

step.begin(snakemake)

from skyloom.io import read_table, write_table
from skyloom.xmm import inventory, observations

params = snakemake.params
table = observations.read(snakemake.input.observations, params.columns)
good, rejects = inventory.merge(
    [read_table(path) for path in snakemake.input.inventory],
    [read_table(path) for path in snakemake.input.rejects],
    table,
    params.frame,
)
write_table(good, snakemake.output.inventory)
write_table(rejects, snakemake.output.rejects)
print(inventory.summary(good, rejects), file=sys.stderr)
