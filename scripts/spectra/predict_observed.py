"""Let the networks judge observed stars, and say where they cannot know."""

import sys

import step

step.begin(snakemake)

from skyloom.arms.spectra import evaluation, experiments, prediction, star_table
from skyloom.io.files import read_json, read_table, write_table
from skyloom.learn import training

training.settle()
files = snakemake.input
split = read_table(files.split, need=["id", "part"])
sample = experiments.read_sample(files.dataset, split, split_name=files.split)
models = []
for folder, path, predictions in zip(files.models, files.metrics, files.predictions, strict=True):
    metrics = read_json(path)
    factors = evaluation.factors(read_table(predictions, need=["part"]), metrics["labels"])
    models.append(prediction.Model.load(folder, metrics, factors))
table = prediction.predict(
    prediction.read_observed(files.spectra),
    read_table(files.inventory, need=["name", "file"]),
    models,
    prediction.Training.of(files.dataset, sample),
)
table.meta["arm"] = snakemake.params.arm
for sentence in prediction.warnings(table):
    print(f"Warning: {sentence}", file=sys.stderr)
write_table(table, snakemake.output.predictions)
write_table(star_table.one_row_each(table), snakemake.output.labels)
