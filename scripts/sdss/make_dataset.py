"""Draw the sample's spectra, or normalise them for the one-dimensional network, as one dataset."""

import step

step.begin(snakemake)

from skyloom import datasets
from skyloom.arms.sdss import processing
from skyloom.io.files import read_table
from skyloom.kernels import polyline

files, params = snakemake.input, snakemake.params
sample = read_table(files.sample, need=("id", "class", "z", "object"))
kernel = polyline.load(files.kernel) if files.get("kernel") else None
options = params.drawing if params.variant in processing.IMAGES else None
parameters = {"grid": params.grid} | ({"drawing": options} if options else {})
wavelength, window, blocks = processing.read_blocks(files.blocks, sample["id"])
described = processing.description(
    sample, wavelength, window, params.variant, parameters, params.seed
)
datasets.make(
    snakemake.output.dataset,
    lambda pool: processing.render_all(
        blocks, wavelength, params.variant, options=options, kernel=kernel, pool=pool
    ),
    described,
    label=f"dataset {params.variant}",
    unit="spectrum",
    threads=snakemake.threads,
)
step.sidecar(snakemake, parameters, ["astropy", "h5py", "matplotlib", "numpy"])
