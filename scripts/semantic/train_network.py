"""Train one encoder on one dataset and let it judge the images that it has not learnt from."""

import shutil
from pathlib import Path

import step

step.begin(snakemake)

from skyloom.io import atomic, read_table, write_json, write_table
from skyloom.networks import regression, training
from skyloom.networks.threads import threads_of
from skyloom.semantic import experiments

training.settle(inside=threads_of(snakemake.params.network["convolutions"]))
files, made, params = snakemake.input, snakemake.output, snakemake.params
state = Path(made.model).parent / ".state"
split = read_table(files.split, need=["id", "part"])
fitted = experiments.fit(
    params.name,
    experiments.settle(**params.settings, name=params.name),
    files.dataset,
    experiments.read(files.dataset, split, split_name=files.split),
    network=params.network,
    failed=params.failed,
    seed=params.seed,
    state_path=state / "network.h5",
)
regression.save(fitted.network, made.model)
for table, path in ((fitted.history, made.history), (fitted.timing, made.timing)):
    with atomic(path) as temporary:
        table.write(temporary, format="ascii.csv", overwrite=True)
write_table(fitted.predictions, made.predictions)
write_json(fitted.metrics, made.metrics)
shutil.rmtree(state, ignore_errors=True)
