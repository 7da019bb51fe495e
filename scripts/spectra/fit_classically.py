"""Read labels off spectra without a network, and set the errors beside those of the networks."""

import step

step.begin(snakemake)

from astropy.table import vstack

from skyloom.arms.spectra import classical_comparison, experiments
from skyloom.io.files import read_table, write_table

files, params = snakemake.input, snakemake.params
split = read_table(files.split, need=["id", "part"])
tables = []
for name, path in zip(params.datasets, files.datasets, strict=True):
    sample = experiments.read_sample(path, split, split_name=files.split)
    models = {
        model: read_table(predictions, need=["id"])
        for model, predictions in zip(params.models, files.predictions, strict=True)
        if model.rsplit("_", 1)[0] == name
    }
    table = classical_comparison.measure(
        *(path, files.blocks, sample, models),
        most=params.evaluation["fitted"],
        samples=params.evaluation["bootstrap_samples"],
        level=params.evaluation["level"],
        seed=params.seed,
        label=f"{name}: least-squares fits",
    )
    table.add_column([name] * len(table), name="dataset", index=0)
    tables.append(table)
table = vstack(tables, metadata_conflicts="silent")
table.meta["synthetic"] = sample.synthetic
write_table(table, snakemake.output[0])
