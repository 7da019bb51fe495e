"""Bring spectra to classify to where those were that their network learnt from."""

import step

step.begin(snakemake)

from skyloom.arms.sdss import preparation
from skyloom.io.files import read_table
from skyloom.learn import release

files = snakemake.input
kept = release.read(files.model, "sdss").facts["preprocessing"]
preparation.prepare_rows(
    snakemake.output[0],
    read_table(files.sample, need=("id", "file")),
    str(files.spectra),
    preparation.grid(**kept["grid"]),
    window=kept["smoothing"]["window"],
    threads=snakemake.threads,
    label="spectra to classify",
)
