"""Train the head of one variant on its features, and the controls that it has to beat."""

import shutil
from pathlib import Path

import step

step.begin(snakemake)

from skyloom.io import atomic, read_table, write_json, write_table
from skyloom.networks import case, regression, training, vgg16

training.settle(snakemake.threads)
files, params = snakemake.input, snakemake.params
state = Path(snakemake.output.model).parent / ".state"
split = read_table(files.split, need=["id", "part", "component"])
data = case.read(
    files.dataset,
    files.features,
    split,
    split_name=files.split,
    precision=params.precision,
)
fitted = case.fit(
    data,
    options=params.training,
    seed=params.seed,
    state_folder=state,
    with_controls=params.controls,
)
backbone = vgg16.load(files.backbone, bins=data.bins, preprocess=params.preprocess)
fitted.metrics["parameters"]["frozen"] = backbone.count_params()
fitted.metrics["backbone_precision"] = data.precision

regression.save(regression.full_model(backbone, fitted.head), snakemake.output.model)
with atomic(snakemake.output.history) as path:
    fitted.history.write(path, format="ascii.csv", overwrite=True)
write_table(fitted.predictions, snakemake.output.predictions)
write_table(fitted.control, snakemake.output.control)
write_json(fitted.metrics, snakemake.output.metrics)
shutil.rmtree(state, ignore_errors=True)
