"""Let a trained network classify the spectra of a folder."""

import step

step.begin(snakemake)

from skyloom.arms.sdss import prediction
from skyloom.io.files import read_table, write_table
from skyloom.kernels import polyline
from skyloom.learn import release, training

training.settle(snakemake.threads)
files = snakemake.input
own = release.read(files.model, "sdss")
table = prediction.predict(
    read_table(files.inventory, need=("file", "id", "class", "z")),
    files.blocks,
    own.network(),
    own.facts["metrics"],
    kernel=polyline.load(files.kernel) if files.get("kernel") else None,
)
write_table(table, snakemake.output[0])
release.say(own, len(table), synthetic=table.meta["synthetic"])
