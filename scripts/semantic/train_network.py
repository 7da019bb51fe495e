"""Train one encoder on one dataset and let it judge the images that it has not learnt from."""

import step

step.begin(snakemake)

from skyloom.io import read_table
from skyloom.networks import experiment, training
from skyloom.networks.threads import threads_of
from skyloom.semantic import experiments

training.settle(inside=threads_of(snakemake.params.network["convolutions"]))
files, made, params = snakemake.input, snakemake.output, snakemake.params
split = read_table(files.split, need=["id", "part"])
fitted = experiments.fit(
    params.name,
    experiments.settle(**params.settings, name=params.name),
    files.dataset,
    experiments.read(files.dataset, split, split_name=files.split),
    network=params.network,
    failed=params.failed,
    seed=params.seed,
    state_path=experiment.state(made) / "network.h5",
)
experiment.write(fitted, made)
