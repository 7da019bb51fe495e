"""Put other images of the test galaxies on the training side, on purpose."""

import step

step.begin(snakemake)

from skyloom.arms.tng import leakage
from skyloom.io.files import read_table, write_table

split = read_table(snakemake.input[0], need=("id", "lineage_id", "component", "part"))
table = leakage.siblings_split(split, int(snakemake.wildcards.fold), seed=snakemake.params.seed)
write_table(table, snakemake.output[0])
