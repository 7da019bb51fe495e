"""Project every selected galaxy of one shard onto the map of one further channel."""

import step

step.begin(snakemake)

from skyloom.io import atomic_hdf5, read_json, read_table
from skyloom.kernels import histogram2d
from skyloom.progress import track
from skyloom.tng import channel_maps, cutouts, maps

params = snakemake.params
simulation = cutouts.open_simulation(
    params.base_path,
    params.snapshot,
    cutouts=params.cutouts,
    listings=snakemake.input.universe,
    external=params.external,
    compared=read_json(snakemake.input.compared),
)
source = cutouts.open_further(simulation, params.further, snakemake.input.further, params.kind)
galaxies = maps.part_of(read_table(snakemake.input.galaxies), params.part, params.parts)
projected = channel_maps.project_all(
    histogram2d.load(snakemake.input.kernel),
    simulation,
    galaxies,
    params.channel,
    params.options,
    threads=snakemake.threads,
    source=source,
)
label = f"{params.name} of snapshot {params.snapshot}, part {params.part}"
with atomic_hdf5(snakemake.output[0]) as file:
    maps.write_maps(
        file,
        track(projected, label=label, total=len(galaxies), unit="galaxy"),
        len(galaxies),
        header=simulation.header,
        options=params.options,
        channels=channel_maps.described(params.name, params.channel),
    )
