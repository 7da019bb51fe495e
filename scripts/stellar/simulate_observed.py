"""Write synthetic observed stars, with labels between the grid's and one far beyond it."""

import step

step.begin(snakemake)

from skyloom.io import folders
from skyloom.progress import track
from skyloom.simulate.stellar import atoms, observations

params = snakemake.params
lines = atoms.read_lines(snakemake.input.lines)
with folders.complete(snakemake.output.observed) as folder:
    written = observations.write(
        folder, lines, window=params.window, options=params.synthetic, seed=params.seed
    )
    for _ in track(written, label="stars", total=params.synthetic["observed"], unit="star"):
        pass
