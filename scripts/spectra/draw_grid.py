"""Draw how the spectrum changes with each label in turn."""

import step

step.begin(snakemake)

import numpy as np

from skyloom.figures import spectra_grid, style
from skyloom.io import open_hdf5, read_table
from skyloom.spectra import wavelengths

inventory = read_table(snakemake.input.inventory, need=("id", "teff", "log_g"))
labels = list(inventory.meta["labels"])
middle = spectra_grid.centre(inventory, labels)
runs = {}
with open_hdf5(snakemake.input.dataset, need=("spectra", "id")) as file:
    # A dataset has the rows of the inventory, in its order.
    spectra = file["spectra"]
    wavelength = wavelengths.grid(file.attrs, spectra.shape[1])
    for label in labels:
        rows, exact = spectra_grid.along(inventory, labels, label, middle)
        flux = np.stack([spectra[row] for row in rows])
        runs[label] = np.asarray(inventory[label], dtype=float)[rows], flux, exact
figure = spectra_grid.grid(
    wavelength,
    runs,
    fixed={label: float(inventory[label][middle]) for label in labels},
    synthetic=bool(inventory.meta["synthetic"]),
)
style.save(figure, snakemake.output.png, snakemake.output.pdf)
