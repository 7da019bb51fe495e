"""Draw what a trained network says of a folder of spectra."""

import step

step.begin(snakemake)

from skyloom.figures import sdss_labels, sdss_prediction, style
from skyloom.io import read_table

table = read_table(snakemake.input.predictions, need=("id", "predicted", "p_galaxy"))
figure = sdss_prediction.prediction(
    table,
    model=sdss_labels.split_model(snakemake.params.model),
    synthetic=bool(table.meta["synthetic"]),
)
style.save(figure, snakemake.output.png, snakemake.output.pdf)
