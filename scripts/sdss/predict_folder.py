"""Let a trained network classify the spectra of a folder."""

import sys

import step

step.begin(snakemake)

from skyloom.arms.sdss import prediction
from skyloom.io.files import read_json, read_table, write_table
from skyloom.kernels import polyline
from skyloom.learn import training

training.settle(snakemake.threads)
files = snakemake.input
table = prediction.predict(
    read_table(files.inventory, need=("file", "id", "class", "z")),
    files.blocks,
    prediction.load(files.model),
    read_json(files.metrics),
    kernel=polyline.load(files.kernel) if files.get("kernel") else None,
)
if table.meta["synthetic_training"] and not table.meta["synthetic"]:
    print(
        f"Warning: {table.meta['model']} learnt from synthetic spectra: its classes of real ones "
        "are no result.",
        file=sys.stderr,
    )
write_table(table, snakemake.output[0])
