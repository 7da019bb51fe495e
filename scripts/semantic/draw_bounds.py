"""Draw the errors of encoders and of least squares beside the Cramér–Rao bound."""

import step

step.begin(snakemake)

from skyloom.figures import semantic_results, style
from skyloom.io import read_table

need = ("method", "dataset", "noise", "parameter", "sigma", "robust_sigma", "bound")
summary = read_table(snakemake.input.summary, need=need)
figure = semantic_results.bounds(summary, synthetic=bool(summary.meta["synthetic"]))
style.save(figure, snakemake.output.png, snakemake.output.pdf)
