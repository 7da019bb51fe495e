"""Draw one figure: an entry of the table of figures."""

import step

step.begin(snakemake)

from importlib import import_module

from skyloom.draw import style

module, _, name = snakemake.params.function.rpartition(".")
figure = getattr(import_module(module), name)(snakemake.input, **snakemake.params.options)
style.save(figure, snakemake.output.png, snakemake.output.pdf)
