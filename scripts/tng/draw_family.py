"""Draw the final predictions of related cases side by side."""

import step

step.begin(snakemake)

from skyloom.figures import style, tng_results
from skyloom.io import read_table
from skyloom.networks import evaluation

need = ("id", "part", "component", "true", "predicted")
cases = {}
for variant, path in zip(snakemake.params.variants, snakemake.input.predictions, strict=True):
    test = evaluation.on_test_side(read_table(path, need=need), path)
    cases[variant] = test["true"], test["predicted"], test["component"]
figure = tng_results.family(
    cases,
    bootstrap={**snakemake.params.bootstrap, "seed": snakemake.params.seed},
    synthetic=read_table(snakemake.input.galaxies[0]).meta["synthetic"],
)
style.save(figure, snakemake.output.png, snakemake.output.pdf)
