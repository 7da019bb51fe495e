"""Draw the parameters of synthetic galaxy profiles, and make their images, as one dataset."""

import step

step.begin(snakemake)

from skyloom import ahead, datasets
from skyloom.io import atomic_hdf5
from skyloom.progress import track_blocks
from skyloom.semantic import generation
from skyloom.semantic.sampling import Grid

params, output = snakemake.params, snakemake.output
asked = (params.dataset, params.entry, params.profile, Grid(**params.grid), params.seed)
described = generation.description(*asked)
with ahead.Pool(snakemake.threads) as pool, atomic_hdf5(output.dataset) as file:
    rendered = generation.render(*asked, pool=pool)
    label = f"profiles of {params.dataset}"
    rendered = track_blocks(rendered, label=label, total=described["count"], unit="image")
    datasets.write(file, rendered, **described, pool=pool)
datasets.check(output.dataset)
step.sidecar(snakemake, described["attributes"]["parameters"], ["h5py", "numpy"])
