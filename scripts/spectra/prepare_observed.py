"""Bring observed spectra to the wavelengths of the training set, and list those that cannot be."""

import step

step.begin(snakemake)

from skyloom.arms.spectra import preparation
from skyloom.io import folders
from skyloom.io.files import atomic_hdf5, open_hdf5, write_table

params, dataset = snakemake.params, snakemake.input.dataset
with open_hdf5(dataset, need=["spectra"]) as file:
    wavelength = preparation.grid_of(dataset, file)
files = folders.observed_files(snakemake.input.get("observed") or params.observed)
good, rejects = preparation.prepare_all(files, wavelength, params.observation)
with atomic_hdf5(snakemake.output.spectra) as file:
    preparation.write(file, good, wavelength, synthetic=params.synthetic)
inventory, rejected = preparation.tables(good, rejects, synthetic=params.synthetic)
write_table(inventory, snakemake.output.inventory)
write_table(rejected, snakemake.output.rejects)
