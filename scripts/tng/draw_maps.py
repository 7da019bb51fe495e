"""Draw the maps of the reference snapshot's galaxy that forms the most stars, in physical units."""

import step

step.begin(snakemake)

from skyloom.figures import style, tng_sample
from skyloom.io import read_table
from skyloom.tng import archive

galaxies = read_table(snakemake.input.galaxies, need=("subhalo_id", "sfr"))
best, stack, attributes = archive.most_star_forming(snakemake.input.maps, galaxies)
figure = tng_sample.maps(
    stack,
    **{key: attributes[key] for key in ("channels", "units", "statistic")},
    **{key: float(attributes[key]) for key in ("width", "scale_factor", "hubble")},
    name=(
        f"gas of subhalo {best['subhalo_id']} of snapshot {attributes['snapshot']}, "
        f"z = {attributes['redshift']:.2f}, SFR = {best['sfr']:.2g} M$_\\odot$/yr"
    ),
    synthetic=bool(attributes["synthetic"]),
)
style.save(figure, snakemake.output.png, snakemake.output.pdf)
