"""Run every image through a frozen network once, and keep what it sees for all splits."""

import step

step.begin(snakemake)

from skyloom.arms.sdss import architectures, experiments
from skyloom.learn import devices

files, params = snakemake.input, snakemake.params
devices.keep_promise(params.reproducible, snakemake.threads)
experiments.cache_features(
    architectures.network(params.name, params.network),
    files.dataset,
    snakemake.output[0],
    seed=params.seed,
    weights=files.get("weights"),
    threads=snakemake.threads,
    reproducible=params.reproducible,
)
