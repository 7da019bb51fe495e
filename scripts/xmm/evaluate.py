"""Judge the trained networks: AUC with intervals, mistakes of each class, calibration."""

import step

step.begin(snakemake)

from skyloom.arms.xmm import evaluation
from skyloom.io.files import read_json, read_table, write_table

params = snakemake.params
need = ("id", "part", "obs_class", "bad", "score")
predictions = [read_table(path, need=need) for path in snakemake.input.predictions]
metrics = [read_json(path) for path in snakemake.input.metrics]

summary = evaluation.summarise(
    predictions,
    metrics,
    **params.bootstrap,
    seed=params.seed,
    threshold=params.threshold,
)
mistakes = evaluation.mistakes(predictions, params.experiments, threshold=params.threshold)
reliability = evaluation.reliability(predictions, metrics, level=summary.meta["level"])

mistakes.meta["synthetic"] = summary.meta["synthetic"]
write_table(summary, snakemake.output.summary)
write_table(mistakes, snakemake.output.mistakes)
write_table(reliability, snakemake.output.reliability)
