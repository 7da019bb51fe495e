"""Draw loss and accuracy of the trained networks over the epochs (figure 7)."""

import step

step.begin(snakemake)

import numpy as np

from skyloom.figures import sdss_training, style
from skyloom.io import read_json

files = snakemake.input
metrics = [read_json(path) for path in files.metrics]
histories = {}
for known, path in zip(metrics, files.history, strict=True):
    log = np.atleast_1d(np.genfromtxt(path, delimiter=",", names=True))
    histories[known["network"], known["split"]] = log, sdss_training.kept(known)
figure = sdss_training.curves(
    histories,
    readouts=snakemake.params.readouts,
    synthetic=any(known["synthetic"] for known in metrics),
)
style.save(figure, snakemake.output.png, snakemake.output.pdf)
