"""Mean shares of attention of every case and method, with intervals."""

import step

step.begin(snakemake)

from skyloom.arms.tng import attention_files
from skyloom.explain import attention_statistics
from skyloom.io.files import write_table

found = [attention_files.read_numbers(path) for path in snakemake.input]
entries = [entry for rows, _ in found for entry in rows]
table = attention_statistics.summarise(
    entries, **snakemake.params.bootstrap, seed=snakemake.params.seed
)
table.meta["synthetic"] = any(synthetic for _, synthetic in found)
write_table(table, snakemake.output[0])
