"""Draw one galaxy, that of median sSFR in the first snapshot, in all its variants."""

import step

step.begin(snakemake)

import json

from skyloom.errors import InputError
from skyloom.figures import style, tng_images, tng_results
from skyloom.io import open_hdf5, read_table

images, sizes, chosen = {}, {}, None
for variant, path in zip(snakemake.params.variants, snakemake.input.datasets, strict=True):
    with open_hdf5(path, need=("images", "target", "id", "snapshot")) as file:
        if chosen is None:
            row = tng_images.median_galaxy(file["target"][:], file["snapshot"][:])
            chosen, target = file["id"][row], float(file["target"][row])
            synthetic = bool(file.attrs["synthetic"])
            width = tng_images.physical_width(
                float(file.attrs["width"]),
                [file["snapshot"][row]],
                [read_table(path).meta for path in snakemake.input.galaxies],
                float(file.attrs["hubble"]),
            )[0]
        if row >= len(file["id"]) or file["id"][row] != chosen:
            raise InputError(f"{path} lists other galaxies than the first dataset: make it again.")
        images[variant] = file["images"][row]
        sizes[variant] = json.loads(file.attrs["parameters"]).get("sigma")
figure = tng_images.variants(
    images,
    sizes=sizes,
    width=width,
    name=chosen.decode(),
    log_ssfr=target - tng_results.LABEL_OFFSET,
    synthetic=synthetic,
)
style.save(figure, snakemake.output.png, snakemake.output.pdf)
