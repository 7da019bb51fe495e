"""Train one network on one split and let it judge every spectrum."""

import step

step.begin(snakemake)

from skyloom.io import read_table
from skyloom.networks import experiment, training
from skyloom.sdss import entries, experiments

training.settle(snakemake.threads)
files, made, params = snakemake.input, snakemake.output, snakemake.params
split = read_table(files.split, need=["id", "part"])
fitted = experiments.fit(
    params.name,
    entries.network(params.name, params.network),
    files.dataset,
    experiments.read(files.dataset, split, split_name=files.split),
    training=params.training,
    seed=params.seed,
    split=params.split,
    stored=files.get("features"),
    weights=files.get("weights"),
    state_path=experiment.state(made) / "network.h5",
)
experiment.write(fitted, made)
