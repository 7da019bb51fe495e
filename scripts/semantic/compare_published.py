"""Put the trained encoders beside the paper's numbers."""

import step

step.begin(snakemake)

from skyloom.io import read_json, read_table, write_table
from skyloom.semantic import published

files = snakemake.input
table = published.compare(
    read_table(files.summary, need=("method", "model", "parameter", "sigma")),
    [read_json(path) for path in files.metrics],
    published.read(files.published),
    snakemake.params.choices,
)
write_table(table, snakemake.output[0])
