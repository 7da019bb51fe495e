"""Draw the errors of the parameters against the size of the encoder (figure 5)."""

import step

step.begin(snakemake)

from skyloom.figures import semantic_results, style
from skyloom.io import read_table

need = ("method", "dataset", "network", "weights", "parameter", "sigma", "mae")
summary = read_table(snakemake.input.summary, need=need)
figure = semantic_results.sizes(summary, synthetic=bool(summary.meta["synthetic"]))
style.save(figure, snakemake.output.png, snakemake.output.pdf)
