"""Put the selected galaxies of each snapshot beside the thesis's table III.1."""

import step

step.begin(snakemake)

from skyloom.io import read_table, write_table
from skyloom.tng import published

choices = snakemake.params.choices
thesis = published.read(snakemake.input.published)
reasons = published.reasons_not_comparable(choices, thesis, of="catalogue")
galaxies = [read_table(path, need=("snapshot", "ssfr")) for path in snakemake.input.galaxies]

table = published.compare_table(
    galaxies, thesis, reasons, snapshots=snakemake.params.get("snapshots")
)
table.meta["synthetic"] = published.is_synthetic(choices)
write_table(table, snakemake.output.table)
