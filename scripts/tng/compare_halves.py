"""Compare two halves of each galaxy's cells, as every variant shows them."""

import step

step.begin(snakemake)

from skyloom.arms.tng import cutouts, halves
from skyloom.io.files import read_json, read_table, write_table
from skyloom.kernels import histogram2d
from skyloom.progress import track

files, params = snakemake.input, snakemake.params
simulation = cutouts.open_simulation(
    params.base_path,
    params.snapshot,
    cutouts=params.cutouts,
    listings=files.universe,
    external=params.external,
    compared=read_json(files.compared),
)
galaxies = read_table(files.galaxies)[: params.galaxies]
header, options = simulation.header, params.options
pairs = halves.half_maps(
    histogram2d.load(files.kernel),
    simulation,
    galaxies,
    options,
    seed=params.seed,
    threads=snakemake.threads,
)
table = halves.measure(
    track(pairs, label="halves of galaxies", total=len(galaxies), unit="galaxy"),
    params.variants,
    read_json(files.scaling),
    view={
        "width": options["grid"]["width"],
        "scale_factor": header.scale_factor,
        "hubble": header.hubble,
    },
    seed=params.seed,
    **params.bootstrap,
)
table.meta["synthetic"] = header.synthetic
write_table(table, snakemake.output[0])
