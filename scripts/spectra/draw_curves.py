"""Draw loss and errors of the trained networks over the epochs."""

import step

step.begin(snakemake)

import numpy as np

from skyloom.figures import spectra_training, style
from skyloom.io import read_json

files = snakemake.input
metrics = [read_json(path) for path in files.metrics]
histories = {}
for known, path in zip(metrics, files.history, strict=True):
    log = np.atleast_1d(np.genfromtxt(path, delimiter=",", names=True))
    chosen = [member["chosen_epoch"] for member in known["per_member"]]
    histories[known["dataset"], known["network"]] = log, chosen
figure = spectra_training.curves(
    histories,
    scaling=metrics[0]["scaling"]["kind"],
    agreement=snakemake.params.arm == "helium",
    synthetic=any(known["synthetic"] for known in metrics),
)
style.save(figure, snakemake.output.png, snakemake.output.pdf)
