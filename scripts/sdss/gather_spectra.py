"""Make this run's folder of fetched spectra, and one table of all that the archive lacks."""

import sys

import step

step.begin(snakemake)

from skyloom.archives import requests
from skyloom.io.files import read_table, write_table

fetched = [read_table(path, need=("file",)) for path in snakemake.input.fetched]
lost = [read_table(path, need=("file", "reason")) for path in snakemake.input.missing]
missing = requests.absent(lost, sum(map(len, fetched)), what="spectra")
count = requests.gather(fetched, snakemake.params.folder, snakemake.output.spectra)
write_table(missing, snakemake.output.missing)
print(f"{count} spectra, {len(missing)} that the archive does not have", file=sys.stderr)
