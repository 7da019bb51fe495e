"""Draw one image, of median exposure among those with defects, in every stretch."""

import step

step.begin(snakemake)

from skyloom.figures import style, xmm_images
from skyloom.io import read_table
from skyloom.xmm import processing, stretches

inventory = read_table(snakemake.input.inventory, need=("obs_id", "obs_class", "exposure"))
row = inventory[xmm_images.typical_defect(inventory["obs_class"], inventory["exposure"])]
name = str(row["obs_id"])
rates = processing.rates_of(snakemake.input.rates, [name])
images = {
    (chosen["interval"], chosen["stretch"]): stretches.stretch(rates, **chosen)[0]
    for chosen in snakemake.params.variants
}
figure = xmm_images.stretches(
    images,
    name=f"Observation {name} (OBS_CLASS {row['obs_class']}) by interval and stretch",
    synthetic=bool(inventory.meta["synthetic"]),
)
style.save(figure, snakemake.output.png, snakemake.output.pdf)
