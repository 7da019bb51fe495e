"""Draw one encoder's parameters of the test images against the true ones (figures 3 and 4)."""

import step

step.begin(snakemake)

import numpy as np

from skyloom.figures import semantic_predictions, style
from skyloom.io import read_json, read_table
from skyloom.semantic.sampling import Grid

files, known = snakemake.input, read_json(snakemake.input.metrics)
table = read_table(files.predictions, need=("part", *known["parameters"]))
binned = read_table(files.binned, need=("model", "parameter", "median", "sigma"))
own = np.asarray(binned["model"]).astype(str) == known["model"]
figure = semantic_predictions.errors(
    table[np.asarray(table["part"]).astype(str) == "test"],
    binned[own & (np.asarray(binned["method"]).astype(str) == "encoder")],
    parameters=known["parameters"],
    model=(known["dataset"], known["network"]),
    grid=Grid(**snakemake.params.grid),
    failed=snakemake.params.failed,
    synthetic=known["synthetic"],
)
style.save(figure, snakemake.output.png, snakemake.output.pdf)
