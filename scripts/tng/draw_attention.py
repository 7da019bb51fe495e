"""Draw where one case's network looks."""

import step

step.begin(snakemake)

from skyloom.figures import style, tng_attention
from skyloom.io import read_table
from skyloom.networks import explained

columns, maps, attributes = explained.read(snakemake.input.maps)
table = read_table(snakemake.input.numbers, need=("case", "method", "gas_share"))
figure = tng_attention.attention(columns, maps, table, attributes)
style.save(figure, snakemake.output.png, snakemake.output.pdf)
