"""Smooth the spectra of one block of the sample and bring them to the common grid."""

import step

step.begin(snakemake)

from types import SimpleNamespace

from skyloom import prefetch
from skyloom.arms.sdss import preparation
from skyloom.io.files import atomic_hdf5, read_table
from skyloom.io.folders import block_of
from skyloom.learn import release
from skyloom.progress import track_blocks

params = snakemake.params
sample = read_table(snakemake.input.sample, need=("id", "file"))
rows = block_of(sample, params.block, params.blocks)
# Spectra to classify are prepared as those were that their network learnt from.
own = params
if model := snakemake.input.get("model"):
    own = SimpleNamespace(**release.read(model, "sdss").facts["preprocessing"])
wavelength = preparation.grid(**own.grid)
window = own.smoothing["window"]
with prefetch.Pool(snakemake.threads) as pool, atomic_hdf5(snakemake.output[0]) as file:
    spectra = preparation.prepare_all(
        rows["file"], params.spectra, wavelength, window=window, pool=pool
    )
    preparation.write_block(
        file,
        track_blocks(
            spectra, label=f"spectra of block {params.block}", total=len(rows), unit="spectrum"
        ),
        wavelength,
        rows["id"],
        window=window,
        synthetic=sample.meta["synthetic"],
    )
