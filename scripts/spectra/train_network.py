"""Train one network on one dataset of spectra, as often as there are members, and judge them."""

from pathlib import Path

import step

step.begin(snakemake)

from skyloom.io import read_table
from skyloom.networks import experiment, regression, training
from skyloom.spectra import fitting

training.settle(snakemake.threads)
files, made, params = snakemake.input, snakemake.output, snakemake.params
split = read_table(files.split, need=["id", "part"])
fitted = fitting.fit(
    {"arm": params.arm, "dataset": params.dataset},
    files.dataset,
    fitting.read(files.dataset, split, split_name=files.split),
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
