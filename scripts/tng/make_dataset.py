"""Render one variant's images of all galaxies that form stars, with their labels."""

import step

step.begin(snakemake)

from skyloom import ahead, datasets
from skyloom.io import atomic_hdf5, read_json, read_table
from skyloom.progress import track_blocks
from skyloom.tng import archive

params = snakemake.params
sample = archive.labelled([read_table(path) for path in snakemake.input.galaxies])
described = archive.description(
    sample,
    snakemake.input.maps,
    snakemake.wildcards.variant,
    params.variant_parameters,
    params.seed,
)
with ahead.Pool(snakemake.threads) as pool, atomic_hdf5(snakemake.output.dataset) as file:
    images = archive.render_all(
        snakemake.input.maps,
        sample,
        read_json(snakemake.input.scaling),
        params.variant_parameters,
        pool=pool,
    )
    label = f"images of {snakemake.wildcards.variant}"
    blocks = track_blocks(images, label=label, total=described["count"], unit="galaxy")
    datasets.write(file, blocks, **described, pool=pool)
datasets.check(snakemake.output.dataset)
step.sidecar(
    snakemake, params.variant_parameters, ["astropy", "h5py", "numpy", "opencv-python-headless"]
)
