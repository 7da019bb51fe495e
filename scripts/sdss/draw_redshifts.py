"""Draw the redshifts of each class (figures 3 to 5), of the sample and of the archive."""

import step

step.begin(snakemake)

from skyloom.figures import sdss_sample, style
from skyloom.io import read_table

sample = read_table(snakemake.input.sample, need=("class", "z"))
inventory = read_table(snakemake.input.inventory, need=("class", "z"))
figure = sdss_sample.redshifts(
    sample,
    inventory=inventory,
    cut=snakemake.params.redshift,
    synthetic=bool(inventory.meta["synthetic"]),
)
style.save(figure, snakemake.output.png, snakemake.output.pdf)
