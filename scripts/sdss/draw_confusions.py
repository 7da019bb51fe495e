"""Draw the confusion matrices of all networks and splits, or of one split (figures 8 to 10)."""

import step

step.begin(snakemake)

from skyloom.figures import sdss_confusions, style
from skyloom.io import read_table

table = read_table(snakemake.input.confusion, need=("model", "true", "predicted", "count"))
figure = sdss_confusions.confusions(
    table,
    split=snakemake.params.get("split"),
    kinds=snakemake.params.kinds,
    synthetic=bool(table.meta["synthetic"]),
)
style.save(figure, snakemake.output.png, snakemake.output.pdf)
