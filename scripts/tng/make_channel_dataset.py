"""Render a variant that shows further channels, or the galaxies from another side."""

import step

step.begin(snakemake)

from skyloom import datasets
from skyloom.io import read_json, read_table
from skyloom.tng import archive, channel_images, metadata

params, variant = snakemake.params, snakemake.wildcards.variant
sample = archive.labelled([read_table(path) for path in snakemake.input.galaxies])
shown = channel_images.Shown(
    {name: list(snakemake.input[f"maps_{name}"]) for name in params.sources},
    [read_json(path) for path in snakemake.input.scaling],
    params.variant_parameters,
)
described = channel_images.description(sample, shown, variant, params.seed)
maps = [path for paths in shown.sources.values() for path in paths]
datasets.make(
    snakemake.output.dataset,
    lambda pool: channel_images.render_all(shown, sample, pool=pool),
    metadata.complete(described, sample, maps, shown.scalings, shown.parameters, shown.signed),
    label=f"images of {variant}",
    unit="galaxy",
    threads=snakemake.threads,
)
step.sidecar(
    snakemake, params.variant_parameters, ["astropy", "h5py", "numpy", "opencv-python-headless"]
)
