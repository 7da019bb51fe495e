"""Draw one case's predictions of the test side at every read-out epoch."""

import step

step.begin(snakemake)

from skyloom.figures import style, tng_results
from skyloom.io import read_table
from skyloom.networks import evaluation

path = snakemake.input.predictions
table = read_table(path, need=("id", "part", "component", "true", "predicted"))
test = evaluation.on_test_side(table, path)
figure = tng_results.predictions(
    table["true"],
    tng_results.readouts(test),
    test["component"],
    variant=snakemake.params.variant,
    bootstrap={**snakemake.params.bootstrap, "seed": snakemake.params.seed},
    synthetic=read_table(snakemake.input.galaxies[0]).meta["synthetic"],
)
style.save(figure, snakemake.output.png, snakemake.output.pdf)
