"""Let a trained network classify the spectra of a folder, or one."""

import sys

import step

step.begin(snakemake)

from skyloom import prefetch
from skyloom.arms.sdss import inventory, prediction, preparation
from skyloom.arms.sdss.release import PREPARED_BY
from skyloom.io import folders
from skyloom.io.files import write_table
from skyloom.kernels import polyline
from skyloom.learn import release, training
from skyloom.progress import track

training.settle(snakemake.threads)
files, made, params = snakemake.input, snakemake.output, snakemake.params
own = release.read(files.model, "sdss", PREPARED_BY)
folder, one = folders.named(files.spectra)
names = [one] if one else inventory.listing(folder, key="sdss.prediction.spectra")
with prefetch.Pool(snakemake.threads) as pool:
    found = inventory.inspect(folder, names, quality=params.quality, labelled=False, pool=pool)
    found = track(found, label="spectra to classify", total=len(names), unit="spectrum")
    good, rejects = inventory.merge(*([table] for table in inventory.tables(found)))
print(inventory.summary(good, rejects), file=sys.stderr)
kept = own.facts["preprocessing"]
preparation.prepare_rows(
    made.spectra,
    good,
    folder,
    preparation.grid(**kept["grid"]),
    window=kept["smoothing"]["window"],
    threads=snakemake.threads,
    label="spectra on the network's grid",
)
kernel = polyline.load(files.kernel) if files.get("kernel") else None
table = prediction.predict(good, [made.spectra], own, kernel=kernel)
write_table(table, made.predictions)
write_table(rejects, made.rejects)
far = int((table["flag"] == "unlike").sum())
release.say(own, len(table), far=far, synthetic=table.meta["synthetic"])
