"""Project every selected galaxy of one shard onto its maps of the channels of one pass."""

import step

step.begin(snakemake)

from importlib import import_module

from skyloom.arms.tng import cutouts, gas_channels, maps
from skyloom.io.files import atomic_hdf5, read_json, read_table
from skyloom.kernels import histogram2d
from skyloom.progress import track

files, params = snakemake.input, snakemake.params
# By name: a channel that is added to a list concerns the maps of that list alone.
module, _, table = params.table.rpartition(".")
channels = gas_channels.chosen(params.channels, getattr(import_module(module), table))
simulation = cutouts.open_simulation(
    params.base_path,
    params.snapshot,
    cutouts=params.cutouts,
    listings=files.universe,
    external=params.external,
    compared=read_json(files.compared),
)
kind = next(iter(channels.values())).quantity.particles
galaxies = maps.part_of(read_table(files.galaxies), params.part, params.parts)
projected = maps.project_all(
    histogram2d.load(files.kernel),
    simulation,
    galaxies,
    params.options,
    channels=channels,
    threads=snakemake.threads,
    source=cutouts.open_further(simulation, params.further, files.further, kind),
)
label = f"{', '.join(channels)} of snapshot {params.snapshot}, part {params.part}"
with atomic_hdf5(snakemake.output[0]) as file:
    maps.write_maps(
        file,
        track(projected, label=label, total=len(galaxies), unit="galaxy"),
        len(galaxies),
        header=simulation.header,
        options=params.options,
        channels=channels,
    )
