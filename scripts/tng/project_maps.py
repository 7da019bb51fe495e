"""Project every selected galaxy of one shard onto its entropy, mass and temperature maps."""

import step

step.begin(snakemake)

from skyloom.io import atomic_hdf5, read_json, read_table
from skyloom.kernels import histogram2d
from skyloom.progress import track
from skyloom.tng import cutouts, maps

params = snakemake.params
simulation = cutouts.open_simulation(
    params.base_path,
    params.snapshot,
    cutouts=params.cutouts,
    listings=snakemake.input.universe,
    external=params.external,
    compared=read_json(snakemake.input.compared),
)
galaxies = maps.part_of(read_table(snakemake.input.galaxies), params.part, params.parts)
kernel = histogram2d.load(snakemake.input.kernel)
projected = maps.project_all(
    kernel, simulation, galaxies, params.options, threads=snakemake.threads
)
with atomic_hdf5(snakemake.output[0]) as file:
    maps.write_maps(
        file,
        track(
            projected,
            label=f"maps of snapshot {params.snapshot}, part {params.part}",
            total=len(galaxies),
            unit="galaxy",
        ),
        len(galaxies),
        header=simulation.header,
        options=params.options,
    )
