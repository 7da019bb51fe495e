"""Judge the trained networks: errors with intervals, against noise, and their uncertainties."""

import step

step.begin(snakemake)

from skyloom.arms.spectra import evaluation
from skyloom.io.files import read_json, read_table, write_table

files, made, params = snakemake.input, snakemake.output, snakemake.params
predictions = [read_table(path, need=["id", "part"]) for path in files.predictions]
noisy = [read_table(path, need=["id", "snr"]) for path in files.noise]
metrics = [read_json(path) for path in files.metrics]

summary = evaluation.summarise(
    predictions,
    metrics,
    samples=params.evaluation["bootstrap_samples"],
    level=params.evaluation["level"],
    seed=params.seed,
)
write_table(summary, made.summary)
write_table(evaluation.members(metrics), made.members)
write_table(evaluation.noise(predictions, noisy, metrics), made.noise)
write_table(evaluation.calibration(predictions, metrics), made.calibration)
