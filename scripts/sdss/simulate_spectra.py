"""Write a synthetic archive: stars, galaxies and quasars as SDSS's files, and the table spAll."""

import step

step.begin(snakemake)

from skyloom import prefetch
from skyloom.io import folders
from skyloom.progress import track
from skyloom.simulate.sdss import archive, lines

params, output = snakemake.params, snakemake.output
options, lists = params.synthetic, lines.read_lists(snakemake.input.lines)
with prefetch.Pool(snakemake.threads) as pool, folders.complete(output.spectra) as folder:
    written = archive.write(folder, options, lists, params.seed, pool=pool)
    total = archive.count(options)
    rows = list(track(written, label="synthetic spectra", total=total, unit="spectrum"))
archive.write_catalogue(rows, output.catalogue)
