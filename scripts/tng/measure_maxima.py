"""Find the largest pixel of each channel over the reference snapshot."""

import step

step.begin(snakemake)

from skyloom import ahead
from skyloom.io import write_json
from skyloom.progress import track
from skyloom.tng import archive, images

params = snakemake.params
((names, paths),) = archive.sources(snakemake.input).items()
label = f"largest pixels of {', '.join(names)} in snapshot {params.snapshot}"
paths = track(paths, label=label, unit="file")
with ahead.Pool(snakemake.threads) as pool:
    maxima = images.channel_maxima(
        (block.maps for block in ahead.one_ahead(pool, archive.read_maps(paths))),
        names,
        logarithmic_entropy=params.entropy == "log",
    )
write_json({**maxima, "reference_snapshot": params.snapshot}, snakemake.output[0])
