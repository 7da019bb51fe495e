"""Draw one network's predictions of the test side against the true labels."""

import step

step.begin(snakemake)

from skyloom.errors import InputError
from skyloom.figures import spectra_predictions, style
from skyloom.io import read_json, read_table

path, known = snakemake.input.predictions, read_json(snakemake.input.metrics)
labels = known["labels"]
table = read_table(path, need=("part", *labels, *(f"{label}_predicted" for label in labels)))
test = table[table["part"].astype(str) == "test"]
if not len(test):
    raise InputError(f"{path} has no spectra of the test side: raise split.test.")
figure = spectra_predictions.predictions(
    test,
    labels=labels,
    model=(known["dataset"], known["network"]),
    units=dict(zip(labels, known["units"], strict=True)),
    synthetic=known["synthetic"],
)
style.save(figure, snakemake.output.png, snakemake.output.pdf)
