"""Find the largest pixel of one further channel over the reference snapshot."""

import step

step.begin(snakemake)

from skyloom import ahead
from skyloom.io import write_json
from skyloom.tng import archive, channel_images

name = snakemake.params.name
with ahead.Pool(snakemake.threads) as pool:
    blocks = ahead.one_ahead(pool, archive.read_maps(snakemake.input, channels=1))
    largest = channel_images.largest_pixel((block.maps for block in blocks), name)
write_json({name: largest, "reference_snapshot": snakemake.params.snapshot}, snakemake.output[0])
