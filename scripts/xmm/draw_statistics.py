"""Draw standard deviation, skewness and kurtosis of every image, good and bad told apart."""

import step

step.begin(snakemake)

from skyloom.figures import style, xmm_images
from skyloom.io import read_json, read_table

table = read_table(snakemake.input.table, need=("obs_class", "sigma", "skewness", "kurtosis"))
figure = xmm_images.statistics(
    table, read_json(snakemake.input.auc), synthetic=bool(table.meta["synthetic"])
)
style.save(figure, snakemake.output.png, snakemake.output.pdf)
