"""Draw one network's scores of each OBS_CLASS (figure 24), of the test side and as published."""

import step

step.begin(snakemake)

from skyloom.figures import style, xmm_results
from skyloom.io import read_table

table = read_table(snakemake.input.predictions, need=("part", "obs_class", "bad", "score"))
figure = xmm_results.histograms(
    table,
    threshold=snakemake.params.threshold,
    synthetic=table.meta["synthetic"],
)
style.save(figure, snakemake.output.png, snakemake.output.pdf)
