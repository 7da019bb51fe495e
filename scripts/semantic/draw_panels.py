"""Draw test images, what one encoder's parameters make of them, and what is left (figure 6)."""

import step

step.begin(snakemake)

import json

import numpy as np

from skyloom.figures import semantic_labels, semantic_panels, style
from skyloom.io import open_hdf5, read_json, read_table
from skyloom.semantic import profiles
from skyloom.semantic.sampling import Grid

files, known = snakemake.input, read_json(snakemake.input.metrics)
names = known["parameters"]
table = read_table(files.predictions, need=("id", "part", *names))
table = table[np.asarray(table["part"]).astype(str) == "test"]
table = table[semantic_panels.evenly_ranked(table[names[0]])]
true, found = (
    [{name: float(row[name + end]) for name in names} for row in table]
    for end in ("", "_predicted")
)
with open_hdf5(files.dataset, need=("images", "id")) as file:
    made = json.loads(file.attrs["parameters"])
    rows = {name: row for row, name in enumerate(file["id"][()].astype(str))}
    images = np.stack([file["images"][rows[str(name)]][:, :, 0] for name in table["id"]])
predicted = {name: np.array([one[name] for one in found]) for name in names}
grid = Grid(**made["grid"])
shown = [
    [semantic_labels.all_in_half_widths(one, grid.half_width) for one in pair]
    for pair in zip(true, found, strict=True)
]
figure = semantic_panels.panels(
    images,
    profiles.evaluate(
        made["profile"]["decoder"],
        profiles.fixed(made["profile"]) | predicted,
        grid,
    ),
    [semantic_panels.words(*pair) for pair in shown],
    scale=[one.get("scale", 1.0) for one, _ in shown],
    resolution=grid.resolution,
    model=(known["dataset"], known["network"]),
    synthetic=known["synthetic"],
)
style.save(figure, snakemake.output.png, snakemake.output.pdf)
