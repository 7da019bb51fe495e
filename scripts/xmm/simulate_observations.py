"""Write a synthetic archive: EPIC images as FITS files, and the table of observations."""

import step

step.begin(snakemake)

from skyloom import prefetch
from skyloom.progress import track
from skyloom.simulate.epic import files

options, seed = snakemake.params.synthetic, snakemake.params.seed
with prefetch.Pool(snakemake.threads) as pool:
    written = files.write_images(snakemake.output.images, options, seed, pool=pool)
    for _ in track(written, label="synthetic images", total=options["images"], unit="image"):
        pass
files.write_table(options, seed, snakemake.output.observations)
