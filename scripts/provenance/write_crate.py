"""Describe the whole run as one RO-Crate."""

from pathlib import Path

import step

step.begin(snakemake)

from skyloom.record import crate

path = Path(snakemake.output[0])
crate.write(path.parent, path, wanted=snakemake.input)
