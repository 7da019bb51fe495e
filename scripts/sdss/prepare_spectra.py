"""Smooth the spectra of one block of the sample and bring them to the common grid."""

import step

step.begin(snakemake)

from skyloom.arms.sdss import preparation
from skyloom.io.files import read_table
from skyloom.io.folders import block_of

params = snakemake.params
sample = read_table(snakemake.input.sample, need=("id", "file"))
preparation.prepare_rows(
    snakemake.output[0],
    block_of(sample, params.block, params.blocks),
    params.spectra,
    preparation.grid(**params.grid),
    window=params.smoothing["window"],
    threads=snakemake.threads,
    label=f"spectra of block {params.block}",
)
