"""Draw the maps of the galaxy of one shard that forms the most stars, in physical units."""

import step

step.begin(snakemake)

import numpy as np

from skyloom.errors import InputError
from skyloom.figures import style, tng_sample
from skyloom.io import open_hdf5, read_table

galaxies = read_table(snakemake.input.galaxies, need=("subhalo_id", "sfr"))
rate = dict(zip(galaxies["subhalo_id"], galaxies["sfr"], strict=True))
with open_hdf5(snakemake.input.maps, need=("maps", "subhalo_id")) as file:
    members = file["subhalo_id"][:]
    if len(members) == 0:
        raise InputError(f"{snakemake.input.maps} holds no galaxy: choose a shard that has some.")
    number = int(np.argmax([rate[subhalo] for subhalo in members]))
    attributes = dict(file.attrs)
    name = (
        f"subhalo {members[number]} of snapshot {attributes['snapshot']}, "
        f"z = {attributes['redshift']:.2f}, SFR = {rate[members[number]]:.2g} M$_\\odot$/yr"
    )
    figure = tng_sample.maps(
        file["maps"][number],
        **{key: attributes[key] for key in ("channels", "units", "statistic", "width")},
        name=f"gas of {name}" if attributes["synthetic"] else f"Gas of {name}",
        synthetic=bool(attributes["synthetic"]),
    )
style.save(figure, snakemake.output.png, snakemake.output.pdf)
