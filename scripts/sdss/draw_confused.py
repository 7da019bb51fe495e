"""Draw the spectra of the test side that one network is most wrong about."""

import step

step.begin(snakemake)

from skyloom.figures import sdss_confused, sdss_labels, style
from skyloom.io import open_hdf5, read_table

table = read_table(snakemake.input.confused, need=("id", "class", "predicted", "p"))
model = sdss_confused.chosen(table, snakemake.params.get("model"))
groups = sdss_confused.kinds(table, model)
with open_hdf5(snakemake.input.dataset, need=("spectra", "id", "z")) as file:
    wavelength, spectra = sdss_confused.read(file, groups)
    figure = sdss_confused.confused(
        *(groups, spectra, wavelength),
        model=sdss_labels.split_model(model),
        synthetic=bool(file.attrs["synthetic"]),
    )
style.save(figure, snakemake.output.png, snakemake.output.pdf)
