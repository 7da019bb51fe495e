"""Draw one figure: an entry of the table of figures."""

import step

step.begin(snakemake)

from importlib import import_module

from skyloom.figures import style

arm, _, name = snakemake.params.function.partition(".")
draw = getattr(import_module(f"skyloom.figures.entries.{arm}"), name)
figure = draw(snakemake.input, **snakemake.params.options)
style.save(figure, snakemake.output.png, snakemake.output.pdf)
