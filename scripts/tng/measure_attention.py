"""Mean shares of attention of every case and method, with intervals."""

import step

step.begin(snakemake)

from skyloom.io import write_table
from skyloom.networks import attended, explained

found = [explained.read_numbers(path) for path in snakemake.input]
entries = [entry for rows, _ in found for entry in rows]
table = attended.summarise(entries, **snakemake.params.bootstrap, seed=snakemake.params.seed)
table.meta["synthetic"] = any(synthetic for _, synthetic in found)
write_table(table, snakemake.output[0])
