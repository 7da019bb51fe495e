"""Read one block of a folder of the paper's files: spectra, labels, and what cannot be used."""

import step

step.begin(snakemake)

from skyloom.helium import reading
from skyloom.io import atomic_hdf5, write_table
from skyloom.progress import track
from skyloom.spectra import folders, grid_files, wavelengths

params, output = snakemake.params, snakemake.output
wavelength = wavelengths.linear(*params.window, params.pixels)
names = folders.listing(params.spectra, key="helium.spectra")
names = folders.block_of(names, params.block, params.blocks)
found = reading.read(params.spectra, names, wavelength)
found = track(found, label=f"spectra of block {params.block}", total=len(names), unit="file")
flux, table, rejects = reading.tables(found, wavelength, synthetic=params.synthetic)
with atomic_hdf5(output.block) as file:
    grid_files.write_block(file, [flux], wavelength, table["id"], synthetic=params.synthetic)
write_table(table, output.table)
write_table(rejects, output.rejects)
