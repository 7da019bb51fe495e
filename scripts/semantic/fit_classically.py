"""Fit test images of one dataset by least squares, the classical way."""

import os

import step

step.begin(snakemake)
# Small matrices: one thread each, and the same last digits with any number of processes.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

from skyloom.arms.semantic import least_squares
from skyloom.io.files import read_table, write_table
from skyloom.progress import track

files, params = snakemake.input, snakemake.params
table = least_squares.fit_dataset(
    files.dataset,
    read_table(files.split, need=("id", "part")),
    fitted=params.fitted,
    threads=snakemake.threads,
    split_name=files.split,
    track=lambda fits: track(fits, label=f"fits of {params.dataset}", unit="image"),
)
write_table(table, snakemake.output[0])
