"""Find the largest pixel of each channel over the reference snapshot."""

import step

step.begin(snakemake)

from skyloom import ahead
from skyloom.io import write_json
from skyloom.tng import archive, images

with ahead.Pool(snakemake.threads) as pool:
    maxima = images.channel_maxima(
        (block.maps for block in ahead.one_ahead(pool, archive.read_maps(snakemake.input))),
        logarithmic_entropy=snakemake.params.entropy == "log",
    )
write_json({**maxima, "reference_snapshot": snakemake.params.snapshot}, snakemake.output[0])
