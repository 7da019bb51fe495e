"""Draw the stratified random sample from the inventory."""

import sys

import step

step.begin(snakemake)

from skyloom.arms.sdss import sample
from skyloom.io.files import read_table, write_table

inventory = read_table(snakemake.input.inventory, need=("id", "file", "class", "z", "object"))
table = sample.draw(inventory, **snakemake.params.sample, seed=snakemake.params.seed)
write_table(table, snakemake.output[0])
for name, (drawn, available) in table.meta["strata"].items():
    print(f"{name}: {drawn:,} of {available:,} spectra", file=sys.stderr)
