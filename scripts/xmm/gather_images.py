"""Make this run's folder of fetched images, and one table of all that the archive lacks."""

import sys

import step

step.begin(snakemake)

from skyloom import archives
from skyloom.io import read_table, write_table
from skyloom.xmm import archive

made = snakemake.output
fetched = [read_table(path, need=("file",)) for path in snakemake.input.fetched]
lost = [read_table(path, need=("file", "reason")) for path in snakemake.input.missing]
missing = archives.absent(lost, sum(map(len, fetched)), what="images")
count = archives.gather(fetched, snakemake.params.folder, made.images, place=archive.place)
write_table(missing, made.missing)
print(f"{count} images, {len(missing)} that the archive does not have", file=sys.stderr)
