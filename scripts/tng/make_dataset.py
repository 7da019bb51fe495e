"""Render one variant's images of all galaxies that form stars, with their labels."""

import step

step.begin(snakemake)

from skyloom import datasets
from skyloom.arms.tng import map_files, metadata
from skyloom.io.files import read_json, read_table

files, params, variant = snakemake.input, snakemake.params, snakemake.wildcards.variant
own = params.variant_parameters
sample = map_files.labelled([read_table(path) for path in files.galaxies])
maxima = {name: value for path in files.scaling for name, value in read_json(path).items()}
described = map_files.description(sample, files.maps, variant, own, params.seed)
datasets.make(
    snakemake.output.dataset,
    lambda pool: map_files.render_all(
        files.maps, sample, maxima, own, signed=params.signed, pool=pool
    ),
    metadata.complete(described, sample, files.maps, [maxima], own, params.signed),
    label=f"images of {variant}",
    unit="galaxy",
    threads=snakemake.threads,
)
step.sidecar(snakemake, own, ["astropy", "h5py", "numpy", "opencv-python-headless"])
