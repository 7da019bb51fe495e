"""Draw a spectrum of every class as observed, smoothed and as images (figure 6)."""

import step

step.begin(snakemake)

from pathlib import Path

from skyloom.figures import sdss_examples, style
from skyloom.io import read_table
from skyloom.sdss import spectrum

files, folder = snakemake.input, Path(snakemake.params.spectra)
sample = read_table(files.sample, need=("id", "file", "class", "z"))
shown = {}
for kind, rows in sdss_examples.candidates(sample).items():
    # The class is the sample's, which a catalogue may have given.
    spectra = [spectrum.read(folder / str(sample["file"][row]), labelled=False) for row in rows]
    best = sdss_examples.clearest(spectra)
    row, found = sample[rows[best]], spectra[best]
    shown[kind] = {
        "id": str(row["id"]),
        "z": row["z"],
        "wavelength": found.wavelength,
        "flux": found.flux,
        "good": found.good,
    }
sdss_examples.add_processed(shown, files.blocks, [files.images_224, files.images_28])
figure = sdss_examples.examples(shown, synthetic=bool(sample.meta["synthetic"]))
style.save(figure, snakemake.output.png, snakemake.output.pdf)
