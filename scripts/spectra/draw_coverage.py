"""Draw which combinations of labels there are, and how the split shares them out."""

import step

step.begin(snakemake)

from pathlib import Path

from skyloom.errors import InputError
from skyloom.figures import spectra_coverage, style
from skyloom.io import read_table

files = snakemake.input
inventory = read_table(files.inventory, need=("id", "teff", "log_g"))
split = read_table(files.split, need=("id", "part"))
part = dict(zip(split["id"].astype(str), split["part"].astype(str), strict=True))
names = [str(name) for name in inventory["id"]]
if set(part) != set(names):
    raise InputError(f"{files.split} has other spectra than {files.inventory}: make it again.")
figure = spectra_coverage.coverage(
    inventory,
    [part[name] for name in names],
    labels=list(inventory.meta["labels"]),
    split=Path(files.split).stem,
    synthetic=bool(inventory.meta["synthetic"]),
)
style.save(figure, snakemake.output.png, snakemake.output.pdf)
