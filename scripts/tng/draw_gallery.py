"""Draw twenty galaxies of one variant in the order of their sSFR."""

import step

step.begin(snakemake)

import numpy as np

from skyloom.figures import style, tng_images, tng_results
from skyloom.io import open_hdf5, read_table

headers = [read_table(path).meta for path in snakemake.input.galaxies]
with open_hdf5(snakemake.input.datasets, need=("images", "target", "snapshot")) as file:
    target = file["target"][:]
    rows = tng_images.evenly_ranked(target)
    figure = tng_images.gallery(
        np.stack([file["images"][row] for row in rows]),
        target[rows] - tng_results.LABEL_OFFSET,
        variant=file.attrs["variant"],
        width=tng_images.physical_width(
            float(file.attrs["width"]),
            file["snapshot"][:][rows],
            headers,
            float(file.attrs["hubble"]),
        ),
        synthetic=bool(file.attrs["synthetic"]),
    )
style.save(figure, snakemake.output.png, snakemake.output.pdf)
