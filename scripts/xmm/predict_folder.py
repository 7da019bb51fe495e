"""Let a trained network grade the EPIC images of a folder."""

import sys

import step

step.begin(snakemake)

from skyloom import prefetch
from skyloom.arms.xmm import prediction
from skyloom.io import folders
from skyloom.io.files import atomic_hdf5, create_dataset, write_table
from skyloom.learn import release, training
from skyloom.progress import track

training.settle(snakemake.threads)
files, made = snakemake.input, snakemake.output
own = release.read(files.model, "xmm", prediction.PREPARED_BY)
folder, one = folders.named(files.images)
names = [one] if one else prediction.listing(folder)
with prefetch.Pool(snakemake.threads) as pool:
    found = prediction.read_folder(folder, names, own, pool=pool)
    table, rejects, shown = prediction.predict(
        track(found, label=f"images graded by {own.name}", total=len(names), unit="image"), own
    )
with atomic_hdf5(made.pictures) as file:
    for number, (name, picture) in enumerate(shown.items()):
        create_dataset(file, f"{number:02d}", picture).attrs["file"] = name
write_table(table, made.predictions)
write_table(rejects, made.rejects)
far = int((table["flag"] != "-").sum())
if padded := int(table["padded"].sum()):
    print(f"skyloom: {padded} smaller than the network's frame, padded with zeros", file=sys.stderr)
release.say(own, len(table), far=far, synthetic=table.meta["synthetic"])
