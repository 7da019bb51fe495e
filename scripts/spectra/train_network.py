"""Train one network on one dataset of spectra, as often as there are members, and judge them."""

import shutil
from pathlib import Path

import step

step.begin(snakemake)

from skyloom.io import atomic, read_table, write_json, write_table
from skyloom.networks import regression, training
from skyloom.spectra import fitting

training.settle(snakemake.threads)
files, made, params = snakemake.input, snakemake.output, snakemake.params
state = Path(made.model).parent / ".state"
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
    state_folder=state,
)
for number, network in enumerate(fitted.networks, 1):
    regression.save(network, Path(made.members) / f"{number}.keras")
regression.save(fitted.networks[0], made.model)
with atomic(made.history) as path:
    fitted.history.write(path, format="ascii.csv", overwrite=True)
write_table(fitted.predictions, made.predictions)
write_table(fitted.noise, made.noise)
write_json(fitted.metrics, made.metrics)
shutil.rmtree(state, ignore_errors=True)
