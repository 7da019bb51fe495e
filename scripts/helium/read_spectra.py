"""Read one block of a folder of the paper's files: spectra, labels, and what cannot be used."""

import step

step.begin(snakemake)

from skyloom.arms.spectra import grid_files, wavelengths
from skyloom.arms.spectra.helium import inventory
from skyloom.io import folders
from skyloom.io.files import atomic_hdf5, write_table
from skyloom.progress import track

params, output = snakemake.params, snakemake.output
wavelength = wavelengths.linear(*params.window, params.pixels)
names = folders.listing(params.spectra, key="helium.spectra")
names = folders.block_of(names, params.block, params.blocks)
found = inventory.read_spectra(params.spectra, names, wavelength)
found = track(found, label=f"spectra of block {params.block}", total=len(names), unit="file")
flux, table, rejects = inventory.tables(found, wavelength, synthetic=params.synthetic)
with atomic_hdf5(output.block) as file:
    grid_files.write_block(file, [flux], wavelength, table["id"], synthetic=params.synthetic)
write_table(table, output.table)
write_table(rejects, output.rejects)
