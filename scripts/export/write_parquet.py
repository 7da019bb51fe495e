"""Export one dataset as Parquet files with a dataset card."""

import step

step.begin(snakemake)

from skyloom import export, prefetch
from skyloom.progress import track

files, params = snakemake.input, snakemake.params
label = f"{params.about['arm']} {params.about['name']} as Parquet"
with prefetch.Pool(snakemake.threads) as pool:
    export.write(
        files.dataset,
        snakemake.output[0],
        about=params.about,
        split=files.get("split"),
        pool=pool,
        track=lambda groups: track(groups, label=label, unit="group"),
    )
