"""Look at one block of a folder's spectra: which can be used, which cannot and why."""

import step

step.begin(snakemake)

from skyloom import prefetch
from skyloom.arms.sdss import catalogue, inventory, spectrum
from skyloom.io import folders
from skyloom.io.files import write_table
from skyloom.progress import track

params = snakemake.params
# The rule may name none, which is an empty list there.
given = str(snakemake.input.get("catalogue") or "") or None
files = inventory.listing(params.spectra, catalogue=given, key=params.get("key", "sdss.spectra"))
files = folders.block_of(files, params.block, params.blocks)
names = {spectrum.identity_of_name(file) for file in files} - {None}
rows = catalogue.rows(given, names) if given else None
with prefetch.Pool(snakemake.threads) as pool:
    found = inventory.inspect(
        params.spectra,
        files,
        quality=params.quality,
        catalogue=rows,
        labelled=params.get("labelled", True),
        pool=pool,
    )
    label = f"spectra of block {params.block}"
    good, rejects = inventory.tables(track(found, label=label, total=len(files), unit="spectrum"))
write_table(good, snakemake.output.inventory)
write_table(rejects, snakemake.output.rejects)
