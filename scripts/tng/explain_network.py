"""Map where one trained network looks in galaxies of the test side, and measure it."""

import step

step.begin(snakemake)

from skyloom.io import atomic_hdf5, read_table
from skyloom.networks import attended, attention, explained, training

training.settle(snakemake.threads)
files, params = snakemake.input, snakemake.params
split = read_table(files.split, need=("id", "part", "component"))
galaxies = explained.choose(files.dataset, split, params.galaxies)
network = attention.load(files.model)
heads = [attention.random_head(network.head, params.seed + n) for n in range(1, params.heads + 1)]
predicted, maps, random = attention.explain(
    network,
    galaxies.images,
    methods=params.methods,
    patch=params.patch,
    stride=params.stride,
    heads=heads,
    label=f"where {snakemake.wildcards.case} looks",
)
gas = explained.gas(files.maps, galaxies.id)
found = [attended.regions(one) for one in gas.mass]
radii = [attended.half_mass_radius(one) for one in gas.mass]
with atomic_hdf5(snakemake.output[0]) as file:
    explained.write(file, galaxies, predicted, gas, radii)
    for method in params.methods:
        numbers = attended.per_galaxy(maps[method], random[method], found)
        explained.write_method(file, method, maps[method], numbers)
