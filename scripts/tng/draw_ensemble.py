"""Draw the cases ranked over seeds, and which pairs are settled."""

import step

step.begin(snakemake)

from skyloom.figures import style, tng_ensemble
from skyloom.io import read_table

table = read_table(snakemake.input.ensemble, need=("case", "r", "r_low", "r_high", "rank"))
pairs = read_table(snakemake.input.pairs, need=("a", "b", "probability", "resolved"))
members = [read_table(path, need=("true", "member_1")) for path in snakemake.input.members]
figure = tng_ensemble.ensemble(table, pairs, members, synthetic=table.meta["synthetic"])
style.save(figure, snakemake.output.png, snakemake.output.pdf)
