"""Make this run's folder of fetched images, and one table of all that the archive lacks."""

import sys

import step

step.begin(snakemake)

from skyloom.archives import requests, xmm_images
from skyloom.io.files import read_table, write_table

made = snakemake.output
fetched = [read_table(path, need=("file",)) for path in snakemake.input.fetched]
lost = [read_table(path, need=("file", "reason")) for path in snakemake.input.missing]
missing = requests.absent(lost, sum(map(len, fetched)), what="images")
count = requests.gather(fetched, snakemake.params.folder, made.images, place=xmm_images.place)
write_table(missing, made.missing)
print(f"{count} images, {len(missing)} that the archive does not have", file=sys.stderr)
