"""Write a synthetic archive: He I 4471 models as the paper's files, and stars as observed."""

import step

step.begin(snakemake)

from skyloom import prefetch
from skyloom.arms.spectra import wavelengths
from skyloom.io import folders
from skyloom.progress import track
from skyloom.simulate.helium import archive, stars

params, output = snakemake.params, snakemake.output
options, wavelength = params.synthetic, wavelengths.linear(*params.window, params.pixels)
with prefetch.Pool(snakemake.threads) as pool, folders.complete(output.spectra) as folder:
    written = archive.write(folder, options, wavelength, pool=pool)
    for _ in track(written, label="models", total=archive.count(options), unit="model"):
        pass
with folders.complete(output.observed) as folder:
    written = stars.write(folder, options, params.window, params.seed)
    for _ in track(written, label="observed stars", total=options["observed"], unit="star"):
        pass
