"""Draw observed stars, the networks' answers, and the training spectra nearest to them."""

import step

step.begin(snakemake)

from skyloom.figures import spectra_observed, style
from skyloom.io import open_hdf5, read_table
from skyloom.spectra import wavelengths

files = snakemake.input
inventory = read_table(files.inventory, need=("name",))
predictions = read_table(files.predictions, need=("name", "model", "label", "value"))
with open_hdf5(files.spectra, need=("spectra", "name", "curves")) as file:
    spectra = spectra_observed.read(file)
with open_hdf5(files.dataset, need=("spectra", "target")) as file:
    figure = spectra_observed.observed(
        spectra_observed.stars(
            predictions,
            spectra,
            file["target"].attrs["name"].split(","),
            file["target"][()],
            lambda row: file["spectra"][row],
        ),
        wavelengths.grid(file.attrs, file["spectra"].shape[1]),
        synthetic=bool(inventory.meta["synthetic"]),
        trained_on_synthetic=bool(file.attrs["synthetic"]),
        total=len(spectra),
    )
style.save(figure, snakemake.output.png, snakemake.output.pdf)
