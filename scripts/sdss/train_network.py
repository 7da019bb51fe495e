"""Train one network on one split and let it judge every spectrum."""

import step

step.begin(snakemake)

from skyloom.arms.sdss import architectures, experiments
from skyloom.io.files import read_table
from skyloom.learn import experiment, training

training.settle(snakemake.threads)
files, made, params = snakemake.input, snakemake.output, snakemake.params
split = read_table(files.split, need=["id", "part"])
fitted = experiments.fit(
    params.name,
    architectures.network(params.name, params.network),
    files.dataset,
    experiments.read_sample(files.dataset, split, split_name=files.split),
    training=params.training,
    seed=params.seed,
    split=params.split,
    stored=files.get("features"),
    weights=files.get("weights"),
    state_path=experiment.state(made) / "network.h5",
)
experiment.write(fitted, made)
