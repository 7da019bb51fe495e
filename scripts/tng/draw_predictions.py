"""Draw one case's predictions of the test side at every read-out epoch."""

import step

step.begin(snakemake)

from skyloom.figures import style, tng_results
from skyloom.io import read_table
from skyloom.networks import evaluation

path = snakemake.input.predictions
table = read_table(path, need=("id", "part", "component", "true", "predicted"))
test = evaluation.on_test_side(table, path)
readouts = {
    f"After epoch {epoch}": (test["true"], test[f"predicted_epoch_{epoch}"])
    for epoch in evaluation.readout_epochs(test)
}
figure = tng_results.predictions(
    table["true"],
    readouts | {"Final weights": (test["true"], test["predicted"])},
    test["component"],
    variant=snakemake.params.variant,
    bootstrap={**snakemake.params.bootstrap, "seed": snakemake.params.seed},
    synthetic=read_table(snakemake.input.galaxies[0]).meta["synthetic"],
)
style.save(figure, snakemake.output.png, snakemake.output.pdf)
