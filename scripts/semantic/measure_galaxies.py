"""Let an encoder of profiles measure galaxies that are seen at known inclinations."""

import step

step.begin(snakemake)

import numpy as np

from skyloom.arms.semantic import galaxies, prediction, preparation
from skyloom.io.files import read_json, read_table, write_table
from skyloom.learn import training

training.settle()
files = snakemake.input
images, columns = galaxies.read_galaxies(files.dataset)
made = galaxies.training_of(files.training)
prepared, unit = preparation.normalise(images)
parameters, residual = prediction.encode(
    prediction.load(files.model), prepared, made["profile"], made["grid"]
)
known, seen = read_json(files.metrics), read_table(files.predictions, need=("residual",))
table = galaxies.measurements(
    columns,
    parameters,
    residual,
    unit,
    made["profile"],
    grid=made["grid"],
    model=known["model"],
    seen=np.asarray(seen["residual"]),
)
write_table(table, snakemake.output[0])
