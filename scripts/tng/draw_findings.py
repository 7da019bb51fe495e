"""Draw the thesis's findings and ours as a table."""

import step

step.begin(snakemake)

from skyloom.figures import style, tng_ranking
from skyloom.io import read_table

table = read_table(snakemake.input.findings, need=("finding", "thesis", "ours", "holds"))
figure = tng_ranking.findings(table, synthetic=table.meta["synthetic"])
style.save(figure, snakemake.output.png, snakemake.output.pdf)
