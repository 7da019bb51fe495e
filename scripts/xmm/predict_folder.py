"""Let a trained network grade the EPIC images of a folder."""

import step

step.begin(snakemake)

from skyloom import prefetch
from skyloom.arms.xmm import inventory, prediction
from skyloom.io.files import atomic_hdf5, create_dataset, write_table
from skyloom.learn import release, training
from skyloom.progress import track

training.settle(snakemake.threads)
files, made = snakemake.input, snakemake.output
own = release.read(files.model, "xmm")
names, _ = inventory.listing(files.images)
with prefetch.Pool(snakemake.threads) as pool:
    found = prediction.read_folder(files.images, names, own, pool=pool)
    table, rejects, shown = prediction.predict(
        track(found, label=f"images graded by {own.name}", total=len(names), unit="image"), own
    )
with atomic_hdf5(made.pictures) as file:
    for number, (name, picture) in enumerate(shown.items()):
        create_dataset(file, f"{number:02d}", picture).attrs["file"] = name
write_table(table, made.predictions)
write_table(rejects, made.rejects)
far = int((table["flag"] == "unlike").sum())
release.say(own, len(table), far=far, synthetic=table.meta["synthetic"])
