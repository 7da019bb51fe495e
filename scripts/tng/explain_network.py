"""Map where one trained network looks in galaxies of the test side, and measure it."""

import step

step.begin(snakemake)

from skyloom.arms.tng import attention_files
from skyloom.explain import attention, attention_statistics
from skyloom.io.files import atomic_hdf5, read_table
from skyloom.learn import training

training.settle(snakemake.threads)
files, params = snakemake.input, snakemake.params
split = read_table(files.split, need=("id", "part", "component"))
galaxies = attention_files.choose(files.dataset, split, params.galaxies)
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
gas = attention_files.gas(files.maps, galaxies.id)
found = [attention_statistics.regions(one) for one in gas.mass]
radii = [attention_statistics.half_mass_radius(one) for one in gas.mass]
with atomic_hdf5(snakemake.output[0]) as file:
    attention_files.write_galaxies(file, galaxies, predicted, gas, radii)
    for method in params.methods:
        numbers = attention_statistics.per_galaxy(maps[method], random[method], found)
        attention_files.write_method(file, method, maps[method], numbers)
