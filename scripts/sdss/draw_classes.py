"""Draw the shares of the classes in the sample and in the archive (figure 2)."""

import step

step.begin(snakemake)

from skyloom.figures import sdss_sample, style
from skyloom.io import read_table

inventory = read_table(snakemake.input.inventory, need=("class",))
sample = read_table(snakemake.input.sample, need=("class",))
figure = sdss_sample.classes(inventory, sample, synthetic=bool(inventory.meta["synthetic"]))
style.save(figure, snakemake.output.png, snakemake.output.pdf)
