"""Fetch the cutouts of one shard's galaxies from the TNG web API."""

import step

step.begin(snakemake)

from pathlib import Path

from skyloom import archives
from skyloom.io import read_table, write_table
from skyloom.tng import maps, web_cutouts, webapi
from skyloom.tng.simulation import Simulation

params = snakemake.params
api = webapi.connect(
    archives.addresses(params.addresses, "tng"),
    params.simulation,
    params.folder,
    archives.patience(snakemake.config["downloads"]),
)
catalogue = Simulation(params.base_path, params.snapshot)
galaxies = maps.part_of(read_table(snakemake.input.galaxies), params.part, params.parts)
fields = params.get("fields") or web_cutouts.FIELDS
listing = web_cutouts.listing(
    catalogue, galaxies, whole_groups=params.whole_groups, kinds=tuple(fields)
)
web_cutouts.fetch_cutouts(
    api,
    listing,
    Path(params.cutouts),
    catalogue.header,
    failures=params.failures,
    fields_of=fields,
)
write_table(listing, snakemake.output[0])
