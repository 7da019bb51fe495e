"""Draw how often true labels lie within the stated uncertainties."""

import step

step.begin(snakemake)

from skyloom.figures import spectra_evaluation, style
from skyloom.io import read_table

need = ("model", "label", "level", "coverage", "coverage_recalibrated", "factor")
table = read_table(snakemake.input.calibration, need=need)
figure = spectra_evaluation.calibration(table, synthetic=bool(table.meta["synthetic"]))
style.save(figure, snakemake.output.png, snakemake.output.pdf)
