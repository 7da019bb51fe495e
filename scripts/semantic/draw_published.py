"""Draw the article's numbers and ours beside each other as a table."""

import step

step.begin(snakemake)

from skyloom.figures import semantic_published, style
from skyloom.io import read_table

need = ("quantity", "statistic", "model", "ours", "published", "comparable", "reason")
content = read_table(snakemake.input.published, need=need)
figure = semantic_published.published(content, synthetic=bool(content.meta["synthetic"]))
style.save(figure, snakemake.output.png, snakemake.output.pdf)
