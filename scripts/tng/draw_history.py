"""Draw training and test loss of every case over the epochs."""

import step

step.begin(snakemake)

import numpy as np

from skyloom.figures import style, tng_results
from skyloom.io import read_table

cases = {}
for variant, path in zip(snakemake.params.variants, snakemake.input.history, strict=True):
    log = np.atleast_1d(np.genfromtxt(path, delimiter=",", names=True))
    cases[variant] = log["epoch"], log["loss"], log["test_loss"]
synthetic = read_table(snakemake.input.galaxies[0]).meta["synthetic"]
figure = tng_results.history(cases, synthetic=synthetic)
style.save(figure, snakemake.output.png, snakemake.output.pdf)
