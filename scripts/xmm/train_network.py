"""Train the network of one experiment and let it judge every image."""

import step

step.begin(snakemake)

from skyloom.arms.xmm import experiments
from skyloom.io.files import read_table
from skyloom.learn import experiment, training

training.settle(snakemake.threads)
files, made, params = snakemake.input, snakemake.output, snakemake.params
split = read_table(files.split, need=["id", "part"])
fitted = experiments.fit(
    params.name,
    experiments.entry(params.name, params.experiment),
    files.dataset,
    experiments.read_sample(files.dataset, split, split_name=files.split),
    training=params.training,
    seed=params.seed,
    state_path=experiment.state(made) / "network.h5",
)
experiment.write(fitted, made)
