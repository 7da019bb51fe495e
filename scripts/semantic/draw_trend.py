"""Draw the dispersion of every parameter over the epochs, with the article's."""

import step

step.begin(snakemake)

from astropy.table import Table

from skyloom.figures import semantic_training, style
from skyloom.io import read_json, read_table

files = snakemake.input
cases = {}
for path, history in zip(files.metrics, files.history, strict=True):
    known = read_json(path)
    cases[known["model"]] = Table.read(history, format="ascii.csv"), known
figure = semantic_training.trend(
    cases,
    summary=read_table(files.summary, need=("model", "parameter", "published")),
    synthetic=any(known["synthetic"] for _, known in cases.values()),
)
style.save(figure, snakemake.output.png, snakemake.output.pdf)
