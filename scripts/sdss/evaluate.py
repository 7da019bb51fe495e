"""Judge the trained networks on the test side: metrics with intervals, confusions, mistakes."""

import step

step.begin(snakemake)

from skyloom.arms.sdss import evaluation
from skyloom.io.files import read_json, read_table, write_table

params, made = snakemake.params, snakemake.output
need = ("id", "part", "class", "z", "predicted")
predictions = [read_table(path, need=need) for path in snakemake.input.predictions]
metrics = [read_json(path) for path in snakemake.input.metrics]
bootstrap = {
    "samples": params.evaluation["bootstrap_samples"],
    "level": params.evaluation["level"],
    "seed": params.seed,
}

write_table(evaluation.summarise(predictions, metrics, **bootstrap), made.summary)
reliability = evaluation.reliability(predictions, metrics, level=bootstrap["level"])
write_table(reliability, made.reliability)
write_table(evaluation.readouts(predictions, metrics, **bootstrap), made.readouts)
write_table(evaluation.confusions(predictions, metrics), made.confusion)
write_table(evaluation.confused(predictions, metrics), made.confused)
