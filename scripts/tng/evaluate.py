"""Judge the trained cases against the truth, their controls and each other."""

import step

step.begin(snakemake)

from skyloom.arms.tng import evaluation, halves
from skyloom.io.files import read_table, write_table

params = snakemake.params
bootstrap = {**params.bootstrap, "seed": params.seed}
predictions = [read_table(path, need=("predicted",)) for path in snakemake.input.predictions]
controls = [read_table(path, need=evaluation.CONTROLS) for path in snakemake.input.controls]

summary = evaluation.summarise(params.variants, predictions, controls, **bootstrap)
summary = halves.beside(summary, read_table(snakemake.input.halves, need=("variant", "half_r")))
differences = evaluation.compare_pairs(params.variants, predictions, **bootstrap)
synthetic = read_table(snakemake.input.galaxies[0]).meta["synthetic"]
for name, table in (("summary", summary), ("differences", differences)):
    table.meta["synthetic"] = synthetic
    write_table(table, snakemake.output[name])
