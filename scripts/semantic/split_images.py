"""Name the part that each image of a synthetic dataset was made for."""

import json

import step

step.begin(snakemake)

from skyloom.arms.semantic import generation
from skyloom.io.files import open_hdf5, write_table

with open_hdf5(snakemake.input.dataset, need=("id",)) as file:
    ids, parameters = file["id"].asstr()[:], json.loads(file.attrs["parameters"])
write_table(generation.split(ids, parameters["images"]), snakemake.output[0])
