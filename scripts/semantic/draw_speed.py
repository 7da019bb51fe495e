"""Draw how many images a second each method finds the parameters of."""

import step

step.begin(snakemake)

from skyloom.figures import semantic_results, style
from skyloom.io import read_table

table = read_table(snakemake.input.speed, need=("method", "images_per_second", "images", "threads"))
# The rates are measured, on images that are all made up.
figure = semantic_results.speed(table, synthetic=bool(table.meta.get("synthetic", True)))
style.save(figure, snakemake.output.png, snakemake.output.pdf)
