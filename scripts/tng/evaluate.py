"""Judge the trained cases against the truth, their controls, each other and the thesis."""

import step

step.begin(snakemake)

from skyloom.io import read_table, write_table
from skyloom.networks import evaluation
from skyloom.tng import published

params = snakemake.params
bootstrap = {**params.bootstrap, "seed": params.seed}
predictions = [read_table(path, need=("predicted",)) for path in snakemake.input.predictions]
controls = [
    read_table(path, need=("shuffled", "linear", "linear_maps"))
    for path in snakemake.input.controls
]

thesis = published.read(snakemake.input.published)
header = read_table(snakemake.input.galaxies[0]).meta
reasons = published.reasons_not_comparable(published.with_header(params.choices, header), thesis)
summary = evaluation.summarise(params.variants, predictions, controls, **bootstrap)
summary = published.add_published(summary, thesis, reasons)
differences = evaluation.compare_pairs(params.variants, predictions, **bootstrap)
findings = published.findings(summary, differences, thesis, reasons)

for name, table in (("summary", summary), ("differences", differences), ("findings", findings)):
    table.meta["synthetic"] = header["synthetic"]
    write_table(table, snakemake.output[name])
