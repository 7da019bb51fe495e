"""Copy figures of a run as the README shows them: no wider than a screen, and small."""

import step

step.begin(snakemake)

from skyloom.draw import thumbnails

for name, path in snakemake.input.items():
    thumbnails.shrink(path, snakemake.output[name])
