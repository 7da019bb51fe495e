"""Draw the errors under each optimiser, over epochs and over measured seconds."""

import step

step.begin(snakemake)

from astropy.table import Table

from skyloom.figures import semantic_training, style
from skyloom.io import read_json

files = snakemake.input
metrics = [read_json(path) for path in files.metrics]
cases = {}
for known, history, timing in zip(metrics, files.history, files.timing, strict=True):
    log, clock = (Table.read(path, format="ascii.csv") for path in (history, timing))
    cases[known["model"]] = log, clock["seconds"], known
figure = semantic_training.optimizers(cases, synthetic=any(one["synthetic"] for one in metrics))
style.save(figure, snakemake.output.png, snakemake.output.pdf)
