"""Copy figures of a run as the README shows them: no wider than a screen, and small."""

import step

step.begin(snakemake)

from skyloom.figures import pictures

for name, path in snakemake.input.items():
    pictures.shrink(path, snakemake.output[name])
