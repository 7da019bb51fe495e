"""Train one encoder on one dataset and let it judge the images that it has not learnt from."""

import step

step.begin(snakemake)

from skyloom.arms.semantic import experiments
from skyloom.io.files import read_table
from skyloom.learn import experiment, training
from skyloom.learn.threads import threads_of

training.settle(inside=threads_of(snakemake.params.network["convolutions"]))
files, made, params = snakemake.input, snakemake.output, snakemake.params
split = read_table(files.split, need=["id", "part"])
fitted = experiments.fit(
    params.name,
    experiments.settle(**params.settings, name=params.name),
    files.dataset,
    experiments.read_sample(files.dataset, split, split_name=files.split),
    network=params.network,
    failed=params.failed,
    seed=params.seed,
    state_path=experiment.state(made) / "network.h5",
)
experiment.write(fitted, made)
