"""Divide star formation by mass, as configured: the label, without touching selection or maps."""

import step

step.begin(snakemake)

from skyloom.io import read_table, write_table
from skyloom.tng import selection

galaxies = read_table(snakemake.input[0], need=("sfr", "stellar_mass", "total_mass"))
write_table(selection.with_ssfr(galaxies, **snakemake.params.ssfr), snakemake.output[0])
