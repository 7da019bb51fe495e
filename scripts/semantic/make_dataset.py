"""Draw the parameters of synthetic galaxy profiles, and make their images, as one dataset."""

import step

step.begin(snakemake)

from skyloom import datasets
from skyloom.arms.semantic import generation
from skyloom.arms.semantic.sampling import Grid

params = snakemake.params
asked = (params.dataset, params.entry, params.profile, Grid(**params.grid), params.seed)
described = generation.description(*asked)
datasets.make(
    snakemake.output.dataset,
    lambda pool: generation.render(*asked, pool=pool),
    described,
    label=f"profiles of {params.dataset}",
    unit="image",
    threads=snakemake.threads,
)
step.sidecar(snakemake, described["attributes"]["parameters"], ["h5py", "numpy"])
