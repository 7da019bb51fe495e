"""Fetch one block of the spectra that a catalogue lists; what the archive lacks is listed."""

import step

step.begin(snakemake)

from skyloom.archives import requests, sdss_spectra
from skyloom.io.files import write_table

params = snakemake.params
fetched, missing = sdss_spectra.fetch(
    requests.addresses(params.addresses, "sdss"),
    str(snakemake.input.catalogue),
    params.folder,
    release=params.release,
    block=params.block,
    blocks=params.blocks,
    table=params.failures,
    policy=requests.patience(snakemake.config["downloads"]),
)
write_table(fetched, snakemake.output.fetched)
write_table(missing, snakemake.output.missing)
