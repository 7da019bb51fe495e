"""Fetch the cutouts of one shard's galaxies from the TNG web API."""

import step

step.begin(snakemake)

from pathlib import Path

from skyloom.archives import requests, tng_api, tng_cutouts
from skyloom.arms.tng import maps
from skyloom.arms.tng.simulation import Simulation
from skyloom.io.files import read_table, write_table

params = snakemake.params
api = tng_api.connect(
    requests.addresses(params.addresses, "tng"),
    params.simulation,
    params.folder,
    requests.patience(snakemake.config["downloads"]),
)
catalogue = Simulation(params.base_path, params.snapshot)
galaxies = maps.part_of(read_table(snakemake.input.galaxies), params.part, params.parts)
fields = params.get("fields") or tng_cutouts.FIELDS
listing = tng_cutouts.listing(
    catalogue, galaxies, whole_groups=params.whole_groups, kinds=tuple(fields)
)
tng_cutouts.fetch_cutouts(
    api,
    listing,
    Path(params.cutouts),
    catalogue.header,
    failures=params.failures,
    fields_of=fields,
)
write_table(listing, snakemake.output[0])
