"""Draw a test spectrum with the profiles at the labels that each network reads from it."""

import step

step.begin(snakemake)

from skyloom.errors import InputError
from skyloom.figures import spectra_line, style
from skyloom.io import open_hdf5, read_table
from skyloom.spectra import wavelengths

files, tables = snakemake.input, {}
with open_hdf5(files.grid, need=("spectra", "target")) as file:
    labels = file["target"].attrs["name"].split(",")
    nodes, spectra = file["target"][()], file["spectra"][()]
for path in files.predictions:
    table = read_table(path, need=("id", "part", *(f"{label}_predicted" for label in labels)))
    tables[table.meta["model"]] = table[table["part"].astype(str) == "test"]
    if not len(tables[table.meta["model"]]):
        raise InputError(f"{path} has no spectra of the test side: raise split.test.")
row, known, answers = spectra_line.read(tables, labels, nodes, spectra)
name = str(next(iter(tables.values()))["id"][row])
with open_hdf5(files.dataset, need=("spectra", "target", "id")) as file:
    own = list(file["id"].asstr()[()]).index(name)
    figure = spectra_line.line(
        wavelengths.grid(file.attrs, file["spectra"].shape[1]),
        file["spectra"][own],
        answers,
        name=name,
        known=known,
        synthetic=bool(file.attrs["synthetic"]),
    )
style.save(figure, snakemake.output.png, snakemake.output.pdf)
