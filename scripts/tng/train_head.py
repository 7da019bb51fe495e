"""Train the head of one variant on its features, and the controls that it has to beat."""

import step

step.begin(snakemake)

from skyloom.arms.tng import experiments
from skyloom.io.files import read_table
from skyloom.learn import experiment, regression, training, vgg16

training.settle(snakemake.threads)
files, made, params = snakemake.input, snakemake.output, snakemake.params
split = read_table(files.split, need=["id", "part", "component"])
data = experiments.read_case(
    files.dataset,
    files.features,
    split,
    split_name=files.split,
    precision=params.precision,
    with_controls=params.controls,
)
fitted = experiments.fit(
    data,
    options=params.training,
    seed=params.seed,
    state_folder=experiment.state(made),
    with_controls=params.controls,
)
backbone = vgg16.load(files.backbone, bins=data.bins, preprocess=params.preprocess)
fitted.metrics["parameters"]["frozen"] = backbone.count_params()
fitted.metrics["backbone_precision"] = data.precision

fitted.network = regression.full_model(backbone, fitted.network)
experiment.write(fitted, made)
