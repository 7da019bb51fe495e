"""Draw the ROC of the trained networks, of the test side and as published."""

import step

step.begin(snakemake)

from skyloom.figures import style, xmm_results
from skyloom.io import read_table

summary = read_table(snakemake.input.summary, need=("experiment", "test_auc", "validation_auc"))
predictions = [read_table(path, need=("bad", "score")) for path in snakemake.input.predictions]
figure = xmm_results.roc(predictions, summary, synthetic=summary.meta["synthetic"])
style.save(figure, snakemake.output.png, snakemake.output.pdf)
