"""Render a variant that shows further channels, or the galaxies from another side."""

import step

step.begin(snakemake)

from skyloom import ahead, datasets
from skyloom.io import atomic_hdf5, read_json, read_table
from skyloom.progress import track_blocks
from skyloom.tng import archive, channel_images

params, variant = snakemake.params, snakemake.wildcards.variant
sample = archive.labelled([read_table(path) for path in snakemake.input.galaxies])
shown = channel_images.Shown(
    {name: list(snakemake.input[f"maps_{name}"]) for name in params.sources},
    [read_json(path) for path in snakemake.input.scaling],
    params.variant_parameters,
)
described = channel_images.description(sample, shown, variant, params.seed)
with ahead.Pool(snakemake.threads) as pool, atomic_hdf5(snakemake.output.dataset) as file:
    images = channel_images.render_all(shown, sample, pool=pool)
    label = f"images of {variant}"
    blocks = track_blocks(images, label=label, total=described["count"], unit="galaxy")
    datasets.write(file, blocks, **described, pool=pool)
datasets.check(snakemake.output.dataset)
step.sidecar(
    snakemake, params.variant_parameters, ["astropy", "h5py", "numpy", "opencv-python-headless"]
)
