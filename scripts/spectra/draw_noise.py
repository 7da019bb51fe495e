"""Draw errors and biases of the test side against the signal-to-noise ratio."""

import step

step.begin(snakemake)

from skyloom.figures import spectra_evaluation, spectra_labels, style
from skyloom.io import read_table

summary = read_table(snakemake.input.summary, need=("model", "dataset", "network", "mae_mean"))
table = read_table(snakemake.input.noise, need=("model", "snr", "label", "mae", "bias"))
figure = spectra_evaluation.noise(
    table,
    models=spectra_labels.models_of(summary),
    mean={str(row["label"]): float(row["mae_mean"]) for row in summary},
    synthetic=bool(summary.meta["synthetic"]),
)
style.save(figure, snakemake.output.png, snakemake.output.pdf)
