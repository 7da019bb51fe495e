"""Find the largest pixel of each channel over the reference snapshot."""

import step

step.begin(snakemake)

from skyloom import prefetch
from skyloom.arms.tng import images, map_files
from skyloom.io.files import write_json
from skyloom.progress import track

params = snakemake.params
names = map_files.channels_of(snakemake.input)
label = f"largest pixels of {', '.join(names)} in snapshot {params.snapshot}"
paths = track(snakemake.input, label=label, unit="file")
with prefetch.Pool(snakemake.threads) as pool:
    maxima = images.channel_maxima(
        (block.maps for block in prefetch.one_ahead(pool, map_files.read_maps(paths))),
        names,
        logarithmic_entropy=params.entropy == "log",
    )
write_json({**maxima, "reference_snapshot": params.snapshot}, snakemake.output[0])
