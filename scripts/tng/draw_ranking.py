"""Draw the cases ranked by Pearson r, with their controls and the printed value."""

import step

step.begin(snakemake)

from skyloom.figures import style, tng_ranking
from skyloom.io import read_table

summary = read_table(snakemake.input.summary, need=("variant", "r", "rank", "published_r"))
differences = read_table(snakemake.input.differences, need=("a", "b", "difference"))
figure = tng_ranking.ranking(summary, differences, synthetic=summary.meta["synthetic"])
style.save(figure, snakemake.output.png, snakemake.output.pdf)
