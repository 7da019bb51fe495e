"""Draw the sample's spectra, or normalise them for the one-dimensional network, as one dataset."""

import step

step.begin(snakemake)

from skyloom import ahead, datasets
from skyloom.io import atomic_hdf5, read_table
from skyloom.kernels import polyline
from skyloom.progress import track_blocks
from skyloom.sdss import processing

files, params, output = snakemake.input, snakemake.params, snakemake.output
sample = read_table(files.sample, need=("id", "class", "z", "object"))
kernel = polyline.load(files.kernel) if files.get("kernel") else None
options = params.drawing if params.variant in processing.IMAGES else None
parameters = {"grid": params.grid} | ({"drawing": options} if options else {})
wavelength, window, blocks = processing.read_blocks(files.blocks, sample["id"])
described = processing.description(
    sample, wavelength, window, params.variant, parameters, params.seed
)
with ahead.Pool(snakemake.threads) as pool, atomic_hdf5(output.dataset) as file:
    rendered = processing.render_all(
        blocks, wavelength, params.variant, options=options, kernel=kernel, pool=pool
    )
    label = f"dataset {params.variant}"
    rendered = track_blocks(rendered, label=label, total=described["count"], unit="spectrum")
    datasets.write(file, rendered, **described, pool=pool)
datasets.check(output.dataset)
step.sidecar(snakemake, parameters, ["astropy", "h5py", "matplotlib", "numpy"])
