"""Run every image of a dataset through the frozen backbone once, and keep what it sees."""

import step

step.begin(snakemake)

from skyloom.networks import devices, features

devices.use_threads(1, between=snakemake.threads)
features.cache(
    snakemake.input.dataset,
    snakemake.input.backbone,
    snakemake.output[0],
    preprocess=snakemake.params.preprocess,
    precision=snakemake.params.precision,
    threads=snakemake.threads,
)
