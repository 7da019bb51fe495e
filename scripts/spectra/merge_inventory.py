"""Put the blocks' inventories together: every spectrum once, and all rejects."""

import sys

import step

step.begin(snakemake)

from skyloom.arms.spectra import inventory
from skyloom.io.files import read_table, write_table

good, rejects = inventory.merge(
    [read_table(path, need=("file", "id")) for path in snakemake.input.tables],
    [read_table(path, need=("file", "reason")) for path in snakemake.input.rejects],
)
write_table(good, snakemake.output.inventory)
write_table(rejects, snakemake.output.rejects)
print(f"{len(good)} spectra can be used, {len(rejects)} files are rejected", file=sys.stderr)
