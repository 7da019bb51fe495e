"""Draw examples of every OBS_CLASS."""

import step

step.begin(snakemake)

from skyloom.figures import style, xmm_images
from skyloom.io import read_table
from skyloom.xmm import processing, stretches

shown = snakemake.params.shown
inventory = read_table(snakemake.input.inventory, need=("obs_id", "obs_class"))
images = {}
for kind, rows in xmm_images.evenly_chosen(inventory["obs_class"]).items():
    names = [str(name) for name in inventory["obs_id"][rows]]
    rates = processing.rates_of(snakemake.input.rates, names)
    images[kind] = dict(zip(names, stretches.stretch(rates, **shown), strict=True))
figure = xmm_images.examples(
    images,
    shown_as=f"{shown['interval']}, {shown['stretch']}",
    synthetic=bool(inventory.meta["synthetic"]),
)
style.save(figure, snakemake.output.png, snakemake.output.pdf)
