"""Judge encoders and classical fits on the test side: errors, their bounds, their trend."""

import step

step.begin(snakemake)

from skyloom.arms.semantic import evaluation
from skyloom.arms.semantic.published import NEED, add
from skyloom.io.files import read_json, read_table, write_table
from skyloom.judge import published

files, made, params = snakemake.input, snakemake.output, snakemake.params
encoders = [
    (read_table(path, need=("id", "part")), read_json(known))
    for path, known in zip(files.predictions, files.metrics, strict=True)
]
fits = [read_table(path, need=("id", "cost")) for path in files.get("least_squares", [])]

summary = evaluation.summarise(encoders, fits, **params.evaluation, seed=params.seed)
if files.get("published"):
    add(summary, published.read_document(files.published, NEED["document"]))
write_table(summary, made.summary)
write_table(evaluation.binned(encoders, fits, **params.evaluation), made.binned)
