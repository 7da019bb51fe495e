"""Draw inclination, scale and angle that the encoder finds, against the angles that were used."""

import step

step.begin(snakemake)

from skyloom.figures import semantic_galaxies, style
from skyloom.io import read_table

need = ("subhalo_id", "inclination", "position_angle", "inclination_inferred", "scale_kpc", "angle")
table = read_table(snakemake.input.measurements, need=(*need, "outside"))
figure = semantic_galaxies.galaxies(table, synthetic=bool(table.meta["synthetic"]))
style.save(figure, snakemake.output.png, snakemake.output.pdf)
