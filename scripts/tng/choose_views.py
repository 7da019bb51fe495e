"""List the views of one snapshot's galaxies: every inclination, each with a position angle."""

import step

step.begin(snakemake)

from skyloom.io import read_table, write_table
from skyloom.tng import inclined

params = snakemake.params
views = inclined.views(
    read_table(snakemake.input[0]),
    inclinations=params.inclinations,
    position_angle=params.position_angle,
    first=params.galaxies,
    seed=params.seed,
)
write_table(views, snakemake.output[0])
