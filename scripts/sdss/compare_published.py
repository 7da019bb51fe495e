"""Put the trained networks beside the article's numbers."""

import step

step.begin(snakemake)

from skyloom.io import read_table, write_table
from skyloom.sdss import published

files, params = snakemake.input, snakemake.params
summary = read_table(files.summary, need=("network", "split", "class", "recall"))
table = published.compare(summary, params.networks, published.read(files.published), params.choices)
write_table(table, snakemake.output[0])
