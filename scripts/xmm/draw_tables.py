"""Draw tables 3 to 8 with the printed numbers beside ours."""

import step

step.begin(snakemake)

from skyloom.figures import style, xmm_tables
from skyloom.io import read_table
from skyloom.xmm import published

tables = [read_table(snakemake.input[name]) for name in published.TABLES]
figure = xmm_tables.tables(tables, synthetic=any(table.meta["synthetic"] for table in tables))
style.save(figure, snakemake.output.png, snakemake.output.pdf)
