"""Collect the inclined views of galaxies that hold gas, as surface densities with their angles."""

import step

step.begin(snakemake)

from skyloom import datasets
from skyloom.arms.tng import inclined_views
from skyloom.io.files import read_table

params = snakemake.params
maps = snakemake.input.maps
views = read_table(snakemake.input.views)
with_gas, attributes = inclined_views.read_views(maps, views)
datasets.make(
    snakemake.output.dataset,
    lambda _: inclined_views.images(maps, with_gas),
    inclined_views.description(views[with_gas], attributes, params.parameters, params.seed),
    label="images of inclined_mass",
    unit="view",
    threads=snakemake.threads,
)
step.sidecar(snakemake, params.parameters, ["astropy", "h5py", "numpy"])
