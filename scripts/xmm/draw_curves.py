"""Draw accuracy and loss of the trained networks over the epochs."""

import step

step.begin(snakemake)

import numpy as np

from skyloom.figures import style, xmm_results
from skyloom.io import read_json

files = snakemake.input
histories = {}
metrics = [read_json(path) for path in files.metrics]
for known, path in zip(metrics, files.history, strict=True):
    log = np.atleast_1d(np.genfromtxt(path, delimiter=",", names=True))
    histories[known["experiment"]] = log, known["best_epoch"]
figure = xmm_results.curves(histories, synthetic=any(known["synthetic"] for known in metrics))
style.save(figure, snakemake.output.png, snakemake.output.pdf)
