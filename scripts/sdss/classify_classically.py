"""Classify the spectra without a network, and set that beside what the networks say."""

import step

step.begin(snakemake)

from skyloom.arms.sdss import classical
from skyloom.io.files import read_table, write_table

files, params = snakemake.input, snakemake.params
inventory = read_table(files.inventory, need=("id", "sn"))
need = ("id", "part", "class", "predicted")
predictions = [read_table(path, need=need) for path in files.predictions]
table = classical.measure(
    files.dataset,
    dict(zip(map(str, inventory["id"]), map(float, inventory["sn"]), strict=True)),
    dict(zip(params.models, predictions, strict=True)),
    samples=params.evaluation["bootstrap_samples"],
    level=params.evaluation["level"],
    seed=params.seed,
)
table.meta["synthetic"] = inventory.meta["synthetic"]
write_table(table, snakemake.output[0])
