"""The figures of the semantic arm, each from its files: reads them and draws.

A function is an entry of the table of figures: it takes the job's inputs by name and the
parameters of its entry, and gives a figure.
"""

import json

import numpy as np
from astropy.table import Table

from skyloom.figures import (
    semantic_galaxies,
    semantic_labels,
    semantic_panels,
    semantic_predictions,
    semantic_results,
    semantic_training,
)
from skyloom.figures.semantic_labels import all_in_half_widths
from skyloom.io import open_hdf5, read_json, read_table
from skyloom.semantic import profiles
from skyloom.semantic.sampling import Grid


def angle(files, *, failed):
    """Draw what happens to the angle at 0° and 180° with each way of giving it."""
    metrics = [read_json(path) for path in files.metrics]
    cases = {}
    for known, path in zip(metrics, files.predictions, strict=True):
        table = read_table(path, need=("part", "angle", "angle_predicted"))
        test = table[np.asarray(table["part"]).astype(str) == "test"]
        cases[known["model"]] = known["angle"], test["angle"], test["angle_predicted"]
    return semantic_predictions.angles(
        cases,
        failed=failed,
        synthetic=any(known["synthetic"] for known in metrics),
    )


def bounds(files):
    """Draw the errors of encoders and of least squares beside the Cramér–Rao bound."""
    need = ("method", "dataset", "noise", "parameter", "sigma", "robust_sigma", "bound")
    summary = read_table(files.summary, need=need)
    return semantic_results.bounds(summary, synthetic=bool(summary.meta["synthetic"]))


def errors(files, *, grid, failed):
    """Draw one encoder's parameters of the test images against the true ones (figures 3 and 4)."""
    known = read_json(files.metrics)
    table = read_table(files.predictions, need=("part", *known["parameters"]))
    binned = read_table(files.binned, need=("model", "parameter", "median", "sigma"))
    own = np.asarray(binned["model"]).astype(str) == known["model"]
    return semantic_predictions.errors(
        table[np.asarray(table["part"]).astype(str) == "test"],
        binned[own & (np.asarray(binned["method"]).astype(str) == "encoder")],
        parameters=known["parameters"],
        model=(known["dataset"], known["network"]),
        grid=Grid(**grid),
        failed=failed,
        synthetic=known["synthetic"],
    )


def examples(files):
    """Draw some images of every dataset, as the encoders are given them."""
    datasets, synthetic = {}, []
    for path in files.datasets:
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
    return semantic_panels.examples(datasets, synthetic=any(synthetic))


def galaxies(files):
    """Draw inclination, scale and angle as the encoder finds them, and as they were."""
    need = (
        "subhalo_id",
        "inclination",
        "position_angle",
        "inclination_inferred",
        "scale_kpc",
        "angle",
    )
    table = read_table(files.measurements, need=(*need, "outside"))
    return semantic_galaxies.galaxies(table, synthetic=bool(table.meta["synthetic"]))


def galaxy_panels(files):
    """Draw galaxies at every inclination, the discs that the encoder finds, what is left."""
    table = read_table(
        files.measurements, need=("id", "inclination", "scale", "ellipticity", "angle")
    )
    decoder = profiles.create(table.meta.get("decoder", "exponential"))
    names = [one.name for one in decoder.parameters if one.name in table.colnames]
    cases = {}
    with open_hdf5(files.dataset, need=("images", "id")) as file:
        places = {name: place for place, name in enumerate(file["id"][()].astype(str))}
        width, units = float(file.attrs["width_kpc"]), str(file.attrs["image_units"])
        grid = Grid(**{"pixels": file["images"].shape[1], **table.meta.get("grid", {})})
        for (_, subhalo), rows in semantic_galaxies.typical(table).items():
            made = profiles.evaluate(decoder, {name: table[name][rows] for name in names}, grid)
            cases[f"Subhalo {subhalo}"] = [
                {
                    "image": file["images"][places[str(table["id"][row])]][:, :, 0],
                    "reconstruction": disc,
                    "intensity": float(table["intensity"][row]),
                    "text": semantic_galaxies.words(table[row]),
                }
                for row, disc in zip(rows, made, strict=True)
            ]
    return semantic_galaxies.galaxy_panels(
        cases, width=width, units=units, synthetic=bool(table.meta["synthetic"])
    )


def optimizers(files):
    """Draw the errors under each optimiser, over epochs and over measured seconds."""
    metrics = [read_json(path) for path in files.metrics]
    cases = {}
    for known, history, timing in zip(metrics, files.history, files.timing, strict=True):
        log, clock = (Table.read(path, format="ascii.csv") for path in (history, timing))
        cases[known["model"]] = log, clock["seconds"], known
    return semantic_training.optimizers(cases, synthetic=any(one["synthetic"] for one in metrics))


def panels(files):
    """Draw test images, what one encoder's parameters make of them, and what is left (figure 6)."""
    known = read_json(files.metrics)
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
    return semantic_panels.panels(
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


def sizes(files):
    """Draw the errors of the parameters against the size of the encoder (figure 5)."""
    need = ("method", "dataset", "network", "weights", "parameter", "sigma", "mae")
    summary = read_table(files.summary, need=need)
    return semantic_results.sizes(summary, synthetic=bool(summary.meta["synthetic"]))


def speed(files):
    """Draw how many images a second each method finds the parameters of."""
    table = read_table(files.speed, need=("method", "images_per_second", "images", "threads"))
    # The rates are measured, on images that are all made up.
    return semantic_results.speed(table, synthetic=bool(table.meta.get("synthetic", True)))


def trend(files):
    """Draw the dispersion of every parameter over the epochs, with the article's."""
    cases = {}
    for path, history in zip(files.metrics, files.history, strict=True):
        known = read_json(path)
        cases[known["model"]] = Table.read(history, format="ascii.csv"), known
    return semantic_training.trend(
        cases,
        summary=read_table(files.summary, need=("model", "parameter", "published")),
        synthetic=any(known["synthetic"] for _, known in cases.values()),
    )
