"""Put the selected galaxies of each snapshot beside the thesis's table III.1."""

import step

step.begin(snakemake)

from skyloom.io import read_table, write_table
from skyloom.tng import published

galaxies = [read_table(path, need=("ssfr",)) for path in snakemake.input.galaxies]
choices = published.with_header(snakemake.params.choices, galaxies[0].meta)
thesis = published.read(snakemake.input.published)
reasons = published.reasons_not_comparable(choices, thesis, of="catalogue")

table = published.compare_table(galaxies, thesis, reasons)
table.meta["synthetic"] = galaxies[0].meta["synthetic"]
write_table(table, snakemake.output.table)
