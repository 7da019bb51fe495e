"""Fetch one block of the spectra that a catalogue lists; what the archive lacks is listed."""

import step

step.begin(snakemake)

from skyloom import archives
from skyloom.io import write_table
from skyloom.sdss import archive

params = snakemake.params
fetched, missing = archive.fetch(
    archives.addresses(params.addresses, "sdss"),
    str(snakemake.input.catalogue),
    params.folder,
    release=params.release,
    block=params.block,
    blocks=params.blocks,
    table=params.failures,
    policy=archives.patience(snakemake.config["downloads"]),
)
write_table(fetched, snakemake.output.fetched)
write_table(missing, snakemake.output.missing)
