"""Put the blocks' inventories together: each spectrum once, objects named, all rejects."""

import sys

import step

step.begin(snakemake)

from skyloom.arms.sdss import inventory
from skyloom.io.files import read_table, write_table

good, rejects = inventory.merge(
    [read_table(path, need=("file", "id")) for path in snakemake.input.inventory],
    [read_table(path, need=("file", "reason")) for path in snakemake.input.rejects],
    # The rule may name none, which is an empty list there.
    catalogue=str(snakemake.input.get("catalogue") or "") or None,
)
write_table(good, snakemake.output.inventory)
write_table(rejects, snakemake.output.rejects)
print(inventory.summary(good, rejects), file=sys.stderr)
