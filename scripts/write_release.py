"""Write the folder of a trained network that serves anybody's input."""

import os

import step

step.begin(snakemake)

from importlib import import_module

from skyloom.learn import release
from skyloom.record.checksums import checksum

params = snakemake.params
files = snakemake.input


def sums(own):
    """Checksums of an input's files; networks in a folder have theirs in the description."""
    paths = [own] if isinstance(own, str) else own
    return [checksum(path) for path in paths if os.path.isfile(path)]


release.write(
    snakemake.output[0],
    arm=params.arm,
    name=snakemake.wildcards.model,
    record={
        **{"run": snakemake.config["run"], "seed": params.seed},
        "sha256": {name: known for name, own in files.items() if (known := sums(own))},
    },
    **import_module(params.library).contents(files, params.options),
)
