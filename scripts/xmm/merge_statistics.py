"""Join the blocks' statistics, and measure how well they tell good images from bad."""

import step

step.begin(snakemake)

from skyloom.arms.xmm import statistics
from skyloom.io.files import read_table, write_json, write_table

table = statistics.merge([read_table(path) for path in snakemake.input.blocks])
found = statistics.separation(
    table,
    read_table(snakemake.input.split, need=("id", "part")),
    samples=snakemake.params.bootstrap["samples"],
    level=snakemake.params.bootstrap["level"],
    seed=snakemake.params.seed,
)
write_table(table, snakemake.output.table)
write_json(found, snakemake.output.auc)
