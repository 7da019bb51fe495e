"""Find the largest pixel of each channel over the reference snapshot."""

import step

step.begin(snakemake)

from skyloom import ahead
from skyloom.io import write_json
from skyloom.progress import track
from skyloom.tng import archive, images

label = f"largest pixels of snapshot {snakemake.params.snapshot}"
paths = track(snakemake.input, label=label, unit="file")
with ahead.Pool(snakemake.threads) as pool:
    maxima = images.channel_maxima(
        (block.maps for block in ahead.one_ahead(pool, archive.read_maps(paths))),
        logarithmic_entropy=snakemake.params.entropy == "log",
    )
write_json({**maxima, "reference_snapshot": snakemake.params.snapshot}, snakemake.output[0])
