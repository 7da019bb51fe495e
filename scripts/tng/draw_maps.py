"""Draw the maps of the reference snapshot's galaxy that forms the most stars, in physical units."""

import step

step.begin(snakemake)

from skyloom.errors import InputError
from skyloom.figures import style, tng_sample
from skyloom.io import open_hdf5, read_table

galaxies = read_table(snakemake.input.galaxies, need=("subhalo_id", "sfr"))
rate = dict(zip(galaxies["subhalo_id"], galaxies["sfr"], strict=True))
best = -1.0
for path in snakemake.input.maps:
    with open_hdf5(path, need=("maps", "subhalo_id")) as file:
        for row, subhalo in enumerate(file["subhalo_id"][:]):
            if rate[subhalo] > best:
                best, number = rate[subhalo], subhalo
                stack, attributes = file["maps"][row], dict(file.attrs)
if best < 0:
    raise InputError(
        f"{snakemake.input.galaxies} holds no galaxy: choose another tng.reference_snapshot."
    )
figure = tng_sample.maps(
    stack,
    **{key: attributes[key] for key in ("channels", "units", "statistic", "width")},
    name=(
        f"gas of subhalo {number} of snapshot {attributes['snapshot']}, "
        f"z = {attributes['redshift']:.2f}, SFR = {best:.2g} M$_\\odot$/yr"
    ),
    synthetic=bool(attributes["synthetic"]),
)
style.save(figure, snakemake.output.png, snakemake.output.pdf)
