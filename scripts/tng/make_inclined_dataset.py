"""Collect the inclined views of galaxies that hold gas, as surface densities with their angles."""

import step

step.begin(snakemake)

from skyloom import ahead, datasets
from skyloom.io import atomic_hdf5, read_table
from skyloom.progress import track_blocks
from skyloom.tng import inclined

params = snakemake.params
maps = snakemake.input.maps
views = read_table(snakemake.input.views)
with_gas, attributes = inclined.read_views(maps, views)
described = inclined.description(views[with_gas], attributes, params.parameters, params.seed)
with ahead.Pool(snakemake.threads) as pool, atomic_hdf5(snakemake.output.dataset) as file:
    images, label = inclined.images(maps, with_gas), "images of inclined_mass"
    blocks = track_blocks(images, label=label, total=described["count"], unit="view")
    datasets.write(file, blocks, **described, pool=pool)
datasets.check(snakemake.output.dataset)
step.sidecar(snakemake, params.parameters, ["astropy", "h5py", "numpy"])
