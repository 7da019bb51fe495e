"""Train one network on one dataset of spectra, as often as there are members, and judge them."""

from pathlib import Path

import step

step.begin(snakemake)

from skyloom.arms.spectra import experiments
from skyloom.io.files import read_table
from skyloom.learn import experiment, regression, training

training.settle(snakemake.threads)
files, made, params = snakemake.input, snakemake.output, snakemake.params
split = read_table(files.split, need=["id", "part"])
fitted = experiments.fit(
    {"arm": params.arm, "dataset": params.dataset},
    files.dataset,
    experiments.read_sample(files.dataset, split, split_name=files.split),
    network=params.network,
    training=params.training,
    uncertainty=params.uncertainty,
    members=params.members,
    noise=params.noise,
    seed=params.seed,
    state_folder=experiment.state(made),
)
for number, network in enumerate(fitted.networks, 1):
    regression.save(network, Path(made.members) / f"{number}.keras")
experiment.write(fitted, made)
