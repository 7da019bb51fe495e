"""Train one case with several seeds, on each of one or more splits."""

import shutil
from pathlib import Path

import step

step.begin(snakemake)

from skyloom.arms.tng import experiments, members
from skyloom.io.files import read_table, write_table
from skyloom.learn import training

training.settle(snakemake.threads)
files, params = snakemake.input, snakemake.params
first = files.get("first")
state = Path(snakemake.output[0]).parent / ".state" / snakemake.wildcards.case
for path, output in zip(files.splits, snakemake.output, strict=True):
    split = read_table(path, need=["id", "part", "component"])
    data = experiments.read_case(
        files.dataset, files.features, split, split_name=path, with_controls=False
    )
    table = members.fit(
        data,
        options=params.training,
        seed=params.seed,
        members=params.members,
        first=read_table(first, need=["id", "part", "predicted"]) if first else None,
        state_folder=state / Path(path).stem,
        label=Path(path).stem,
    )
    write_table(table, output)
shutil.rmtree(state, ignore_errors=True)
