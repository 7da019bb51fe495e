"""Run every image of a dataset through the frozen backbone once, and keep what it sees."""

import os

import step

step.begin(snakemake)

from skyloom.learn import devices, features, precision

# VGG16 is fastest in this way, whatever is promised.
devices.keep_promise("any_cores", snakemake.threads)
planned = snakemake.params.precision
precision.check_machine(planned, os.environ, able=devices.has_bfloat16())
features.cache(
    snakemake.input.dataset,
    snakemake.input.backbone,
    snakemake.output[0],
    preprocess=snakemake.params.preprocess,
    precision=planned,
    threads=snakemake.threads,
)
