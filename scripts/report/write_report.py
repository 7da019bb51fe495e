"""Write the run's report: one page that opens without a network."""

from pathlib import Path

import step

step.begin(snakemake)

from skyloom.io.files import atomic
from skyloom.progress import track
from skyloom.report import document

page = document.html(
    Path(snakemake.params.folder),
    arms=snakemake.params.arms,
    options=snakemake.params.options,
    progress=lambda makers: track(makers, label="report", unit="section"),
)
with atomic(snakemake.output[0]) as temporary:
    temporary.write_text(page, encoding="utf-8")
