"""Run every image through a frozen network once, and keep what it sees for all splits."""

import step

step.begin(snakemake)

from skyloom.networks import devices
from skyloom.sdss import entries, experiments

devices.use_threads(1, between=snakemake.threads)
files, params = snakemake.input, snakemake.params
experiments.cache_features(
    entries.network(params.name, params.network),
    files.dataset,
    snakemake.output[0],
    seed=params.seed,
    weights=files.get("weights"),
    threads=snakemake.threads,
)
