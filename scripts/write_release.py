"""Write the folder of a trained network that serves anybody's input."""

import step

step.begin(snakemake)

from importlib import import_module

from skyloom.learn import release

params = snakemake.params
made = import_module(params.library).contents(snakemake.input, params.options)
release.write(snakemake.output[0], arm=params.arm, name=snakemake.wildcards.model, **made)
