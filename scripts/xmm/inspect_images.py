"""Look at one block of a folder's images: which can be used, which cannot and why."""

import step

step.begin(snakemake)

from skyloom.arms.xmm import inventory, observations
from skyloom.io.files import write_table
from skyloom.progress import track

params, block = snakemake.params, int(snakemake.wildcards.block)
options = {"exposure": params.exposure, "camera": params.camera}
cameras = observations.cameras_of(params.camera) if params.exposure == "table" else ()
table = observations.read_observations(
    snakemake.input.observations, params.columns, cameras=cameras
)
files, maps = inventory.listing(params.images, table=snakemake.input.observations)
files = files[block :: params.blocks]
rows = inventory.inspect(
    params.images,
    track(files, label=f"images of block {block}", unit="image"),
    maps,
    table,
    options,
)
good, rejects = inventory.tables(rows)
write_table(good, snakemake.output.inventory)
write_table(rejects, snakemake.output.rejects)
