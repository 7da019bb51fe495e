"""Train one network on one split and let it judge every spectrum."""

import shutil
from pathlib import Path

import step

step.begin(snakemake)

from skyloom.io import atomic, read_table, write_json, write_table
from skyloom.networks import regression, training
from skyloom.sdss import entries, experiments

training.settle(snakemake.threads)
files, made, params = snakemake.input, snakemake.output, snakemake.params
state = Path(made.model).parent / ".state"
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
    state_path=state / "network.h5",
)
regression.save(fitted.network, made.model)
with atomic(made.history) as path:
    fitted.history.write(path, format="ascii.csv", overwrite=True)
write_table(fitted.predictions, made.predictions)
write_json(fitted.metrics, made.metrics)
shutil.rmtree(state, ignore_errors=True)
