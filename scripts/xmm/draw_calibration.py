"""Draw how often an image is bad beside how often its score says so."""

import step

step.begin(snakemake)

from skyloom.figures import style, xmm_results
from skyloom.io import read_table

summary = read_table(snakemake.input.summary, need=("experiment", "calibration_error"))
reliability = read_table(snakemake.input.reliability, need=("experiment", "score", "bad_fraction"))
figure = xmm_results.calibration(reliability, summary, synthetic=summary.meta["synthetic"])
style.save(figure, snakemake.output.png, snakemake.output.pdf)
