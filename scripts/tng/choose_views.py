"""List the views of one snapshot's galaxies: every inclination, each with a position angle."""

import step

step.begin(snakemake)

from skyloom.arms.tng import inclined_views
from skyloom.io.files import read_table, write_table

params = snakemake.params
views = inclined_views.views(
    read_table(snakemake.input[0]),
    inclinations=params.inclinations,
    position_angle=params.position_angle,
    first=params.galaxies,
    seed=params.seed,
)
write_table(views, snakemake.output[0])
