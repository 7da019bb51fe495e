"""Draw some images of every dataset, as the encoders are given them."""

import step

step.begin(snakemake)

import json

import numpy as np

from skyloom.figures import semantic_panels, style
from skyloom.io import open_hdf5

datasets, synthetic = {}, []
for path in snakemake.input.datasets:
    with open_hdf5(path, need=("images", "target")) as file:
        names = str(file["target"].attrs["name"]).split(",")
        target = np.reshape(file["target"][()], (len(file["images"]), -1))
        rows = semantic_panels.evenly_ranked(target[:, 0])
        datasets[str(file.attrs["variant"])] = {
            "images": np.stack([file["images"][row][:, :, 0] for row in rows]),
            "values": [dict(zip(names, map(float, target[row]), strict=True)) for row in rows],
            "noise": float(json.loads(file.attrs["parameters"])["noise"]),
        }
        synthetic.append(bool(file.attrs["synthetic"]))
figure = semantic_panels.examples(datasets, synthetic=any(synthetic))
style.save(figure, snakemake.output.png, snakemake.output.pdf)
