"""Draw what happens to the angle at 0° and 180° with each way of giving it."""

import step

step.begin(snakemake)

import numpy as np

from skyloom.figures import semantic_predictions, style
from skyloom.io import read_json, read_table

files = snakemake.input
metrics = [read_json(path) for path in files.metrics]
cases = {}
for known, path in zip(metrics, files.predictions, strict=True):
    table = read_table(path, need=("part", "angle", "angle_predicted"))
    test = table[np.asarray(table["part"]).astype(str) == "test"]
    cases[known["model"]] = known["angle"], test["angle"], test["angle_predicted"]
figure = semantic_predictions.angles(
    cases,
    failed=snakemake.params.failed,
    synthetic=any(known["synthetic"] for known in metrics),
)
style.save(figure, snakemake.output.png, snakemake.output.pdf)
