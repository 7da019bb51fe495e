"""Let an encoder of profiles measure galaxies that are seen at known inclinations."""

import step

step.begin(snakemake)

import numpy as np

from skyloom.io import read_json, read_table, write_table
from skyloom.networks import training
from skyloom.semantic import encoding, galaxies, preparation

training.settle()
files = snakemake.input
images, columns = galaxies.read(files.dataset)
made = galaxies.training_of(files.training)
prepared, unit = preparation.normalise(images)
parameters, residual = encoding.encode(
    encoding.load(files.model), prepared, made["profile"], made["grid"]
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
