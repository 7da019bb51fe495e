"""Train the network of one experiment and let it judge every image."""

import shutil
from pathlib import Path

import step

step.begin(snakemake)

from skyloom.io import atomic, read_table, write_json, write_table
from skyloom.networks import regression, training
from skyloom.xmm import experiments

training.settle(snakemake.threads)
files, params = snakemake.input, snakemake.params
state = Path(snakemake.output.model).parent / ".state"
split = read_table(files.split, need=["id", "part"])
fitted = experiments.fit(
    params.name,
    experiments.experiment(params.name, params.experiment),
    files.dataset,
    experiments.read(files.dataset, split, split_name=files.split),
    training=params.training,
    seed=params.seed,
    state_path=state / "network.h5",
)
regression.save(fitted.network, snakemake.output.model)
with atomic(snakemake.output.history) as path:
    fitted.history.write(path, format="ascii.csv", overwrite=True)
write_table(fitted.predictions, snakemake.output.predictions)
write_json(fitted.metrics, snakemake.output.metrics)
shutil.rmtree(state, ignore_errors=True)
