"""Render one variant's images of all galaxies that form stars, with their labels."""

import step

step.begin(snakemake)

from skyloom import datasets
from skyloom.io import read_json, read_table
from skyloom.tng import archive, metadata

files, variant = snakemake.input, snakemake.wildcards.variant
own = snakemake.params.variant_parameters
sample = archive.labelled([read_table(path) for path in files.galaxies])
scaling = read_json(files.scaling)
described = archive.description(sample, files.maps, variant, own, snakemake.params.seed)
datasets.make(
    snakemake.output.dataset,
    lambda pool: archive.render_all(files.maps, sample, scaling, own, pool=pool),
    metadata.complete(described, sample, files.maps, [scaling], own),
    label=f"images of {variant}",
    unit="galaxy",
    threads=snakemake.threads,
)
step.sidecar(snakemake, own, ["astropy", "h5py", "numpy", "opencv-python-headless"])
