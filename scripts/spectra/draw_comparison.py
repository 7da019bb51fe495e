"""Draw the networks beside each other, beside the mean, and beside the document."""

import step

step.begin(snakemake)

from skyloom.figures import spectra_comparison, style
from skyloom.io import read_table

files = snakemake.input
summary = read_table(files.summary, need=("model", "dataset", "network", "label", "mae_mean"))
members = read_table(files.members, need=("model", "member", "part", "mae_standardised"))
figure = spectra_comparison.comparison(
    summary,
    members[members["part"].astype(str) == "test"],
    published=read_table(files.published, need=("quantity", "network", "ours", "published")),
    synthetic=bool(summary.meta["synthetic"]),
)
style.save(figure, snakemake.output.png, snakemake.output.pdf)
