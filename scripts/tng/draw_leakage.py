"""Draw what leakage does to the correlation of every seed."""

import step

step.begin(snakemake)

from skyloom.figures import style, tng_leakage
from skyloom.io import read_table

table = read_table(snakemake.input.comparisons, need=("case", "comparison", "r_difference"))
members = read_table(snakemake.input.members, need=("case", "training", "member", "r"))
figure = tng_leakage.leakage(table, members, synthetic=table.meta["synthetic"])
style.save(figure, snakemake.output.png, snakemake.output.pdf)
