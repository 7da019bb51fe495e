"""Draw some images of every dataset, as the encoders are given them."""

import step

step.begin(snakemake)

import json

import numpy as np

from skyloom.figures import semantic_panels, style
from skyloom.figures.semantic_labels import all_in_half_widths
from skyloom.io import open_hdf5
from skyloom.semantic.sampling import Grid

datasets, synthetic = {}, []
for path in snakemake.input.datasets:
    with open_hdf5(path, need=("images", "target")) as file:
        names = str(file["target"].attrs["name"]).split(",")
        target = np.reshape(file["target"][()], (len(file["images"]), -1))
        made = json.loads(file.attrs["parameters"])
        grid = Grid(**made["grid"])
        rows = semantic_panels.evenly_ranked(target[:, 0])
        datasets[str(file.attrs["variant"])] = {
            "images": np.stack([file["images"][row][:, :, 0] for row in rows]),
            "values": [
                all_in_half_widths(
                    dict(zip(names, map(float, target[row]), strict=True)), grid.half_width
                )
                for row in rows
            ],
            "noise": float(made["noise"]),
            "resolution": grid.resolution,
        }
        synthetic.append(bool(file.attrs["synthetic"]))
figure = semantic_panels.examples(datasets, synthetic=any(synthetic))
style.save(figure, snakemake.output.png, snakemake.output.pdf)
