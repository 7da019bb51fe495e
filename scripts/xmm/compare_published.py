"""Put the trained networks beside the document's tables 3 to 8."""

import step

step.begin(snakemake)

from skyloom.io import read_table, write_table
from skyloom.xmm import published

files, params = snakemake.input, snakemake.params
summary = read_table(files.summary, need=("experiment", "test_auc"))
mistakes = read_table(files.mistakes, need=("experiment", "side", "obs_class", "wrong"))
document = published.read(files.published)
reasons = published.reasons_not_comparable(params.choices, summary, document)

tables = published.tables(
    summary, mistakes, params.experiments, document, reasons, final=params.final
)
for name, table in tables.items():
    write_table(table, snakemake.output[name])
