"""Put the trained networks beside the document's numbers."""

import step

step.begin(snakemake)

from skyloom.io import read_table, write_table
from skyloom.spectra import published

files, params = snakemake.input, snakemake.params
members = read_table(files.members, need=("model", "member", "part", "mae_standardised"))
observed = [
    read_table(path, need=("name", "model", "label", "value")) for path in files.get("observed", [])
]
table = published.compare(
    members,
    published.read(files.published, params.arm),
    params.choices,
    arm=params.arm,
    observed=observed[0] if observed else None,
)
write_table(table, snakemake.output[0])
