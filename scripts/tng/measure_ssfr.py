"""Divide star formation by mass, as configured: the label, without touching selection or maps."""

import step

step.begin(snakemake)

from skyloom.arms.tng import selection
from skyloom.io.files import read_table, write_table

galaxies = read_table(snakemake.input[0], need=("sfr", "stellar_mass", "total_mass"))
write_table(selection.with_ssfr(galaxies, **snakemake.params.ssfr), snakemake.output[0])
