"""Measure how many images a second the encoders and the classical fit take; varies."""

import os

import step

step.begin(snakemake)
# As the fits themselves are made: one thread for their small matrices.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

from skyloom.arms.semantic import prediction, speed
from skyloom.io.files import open_hdf5, read_json, write_table
from skyloom.learn import devices
from skyloom.progress import track

devices.use_threads(snakemake.threads)
files = snakemake.input
datasets = {}
for path in files.datasets:
    with open_hdf5(path, need=["images"]) as file:
        datasets[str(file.attrs["variant"])] = path
encoders = [
    (known["model"], known["dataset"], prediction.load(path).predict_on_batch)
    for path, known in zip(files.models, map(read_json, files.metrics), strict=True)
]
table = speed.measure(
    encoders,
    datasets,
    threads=snakemake.threads,
    track=lambda items: track(items, label="speed", unit="model"),
)
table.meta["device"] = devices.graphics_card() or "CPU"
write_table(table, snakemake.output[0])
