"""Draw accuracy, precision, recall and F1 of every network, with intervals and printed numbers."""

import step

step.begin(snakemake)

from skyloom.figures import sdss_scores, style
from skyloom.io import read_table

files = snakemake.input
summary = read_table(files.summary, need=("model", "class", *sdss_scores.METRICS))
figure = sdss_scores.scores(
    summary,
    published=read_table(files.published, need=("network", "class", "metric", "published")),
    synthetic=bool(summary.meta["synthetic"]),
)
style.save(figure, snakemake.output.png, snakemake.output.pdf)
