"""The figures of the semantic arm, each from its files: reads them and draws.

A function is an entry of the table of figures: it takes the job's inputs by name and the
parameters of its entry, and gives a figure.
"""

import json

import numpy as np
from astropy.table import Table

from skyloom.arms.semantic import profiles
from skyloom.arms.semantic.sampling import Grid
from skyloom.draw import (
    semantic_galaxies,
    semantic_labels,
    semantic_panels,
    semantic_predictions,
    semantic_results,
    semantic_training,
)
from skyloom.draw.entries import training_records
from skyloom.draw.semantic_labels import all_in_half_widths
from skyloom.io.columns import where
from skyloom.io.files import open_hdf5, read_json, read_table


def angle(files, *, failed):
    """Draw what happens to the angle at 0° and 180° with each way of giving it.

    Predicted against true angle of the test images, for an encoder whose output is the angle
    itself, as published, and one that gives cos 2θ and sin 2θ. Below: predicted minus true, as it
    is and modulo 180°. Ellipses at 0° and 180° are the same, so triangles are right answers
    written the other way; crosses are wrong whichever way one counts. Look at both ends: a single
    output must jump from one end of its range to the other there, two outputs turn smoothly.
    """
    metrics = [read_json(path) for path in files.metrics]
    cases = {}
    for known, path in zip(metrics, files.predictions, strict=True):
        table = read_table(path, need=("part", "angle", "angle_predicted"))
        test = where(table, part="test")
        cases[known["model"]] = known["angle"], test["angle"], test["angle_predicted"]
    return semantic_predictions.angles(
        cases,
        failed=failed,
        synthetic=any(known["synthetic"] for known in metrics),
    )


def bounds(files):
    """Draw the errors of encoders and of least squares beside the Cramér–Rao bound.

    Standard deviation of the errors of the test images by encoder and by a least-squares fit of
    the profile (the first images of the test side only), dataset by dataset, beside the median
    Cramér–Rao bound of the same images: no unbiased estimate does better. Open symbols, 1.4826
    median absolute deviations, show what a few failures do to the dispersion. Without noise there
    is no bound, and a fit is as good as its arithmetic. An encoder can lie below the bound where
    it falls back on what it knows of the range of a parameter: look for that at small scales under
    noise.
    """
    need = ("method", "dataset", "noise", "parameter", "sigma", "robust_sigma", "bound")
    summary = read_table(files.summary, need=need)
    return semantic_results.bounds(summary, synthetic=bool(summary.meta["synthetic"]))


def errors(files, *, grid, failed):
    """Draw one encoder's parameters of the test images against the true ones (figures 3 and 4).

    Parameters that one encoder finds in the test images against the true ones (figures 3 and 4 of
    the article), with the 1:1 line, and below predicted minus true with its median and standard
    deviation in each bin. The encoder has never been shown a parameter. σ of the angle is of true
    angles between 10° and 170°, as published; an angle that is 180° off is right modulo 180°, and
    the two shares of failed angles tell them apart. Look for a slope of the median (a bias that
    depends on the parameter) and for bars that grow towards one end of a range. Scales are in
    half-widths of the images and, above, in pixels.
    """
    known = read_json(files.metrics)
    table = read_table(files.predictions, need=("part", *known["parameters"]))
    binned = read_table(files.binned, need=("model", "parameter", "median", "sigma"))
    return semantic_predictions.errors(
        where(table, part="test"),
        where(binned, model=known["model"], method="encoder"),
        parameters=known["parameters"],
        model=(known["dataset"], known["network"]),
        grid=Grid(**grid),
        failed=failed,
        synthetic=known["synthetic"],
    )


def examples(files):
    """Draw some images of every dataset, as the encoders are given them.

    Images of every dataset from the smallest to the largest scale, as the encoders are given them,
    with the parameters that they were made with. Each row has its own colours and shows its own
    part of the images, about the centre; scales A are in half-widths. The article's scales, 0.01
    to 0.05 on images that end at 0.0625, are 0.16 to 0.8 half-widths or 5 to 25 pixels of 64.
    """
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
    """Draw inclination, scale and angle as the encoder finds them, and as they were.

    What the encoder trained on synthetic profiles finds in mass maps of galaxies that are seen at
    known inclinations: inclination of a thin disc with the same ellipticity, scale relative to the
    galaxy's own median over all inclinations, and angle, each against the inclination used. Black:
    median and 16 to 84 % of the galaxies, those apart that are unlike the training images. Real
    discs have a thickness and look rounder edge-on, so that a thin disc gives too low an
    inclination there; noise makes face-on discs look elliptical. Grey crosses are images unlike
    those that the encoder was trained on. Look for a scale that depends on the inclination: it
    should not.
    """
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
    """Draw galaxies at every inclination, the discs that the encoder finds, what is left.

    Mass maps of two galaxies at every inclination, the exponential discs that the encoder finds,
    and what is left as a share of the disc's central intensity. The galaxies are those a quarter
    and three quarters of the way from the smallest to the largest mean residual. Above:
    inclination and angle, used → found, and the scale. Maps and discs have one logarithmic colour
    scale. Arms, clumps and holes are left over by design: the disc has no place for them.
    """
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
    """Draw the errors under each optimiser, over epochs and over measured seconds.

    Loss and dispersions of the validation images of encoders that differ in the optimiser, over
    epochs (left) and over the measured time of these epochs (right). Dotted line: when the
    shortest training ended; circles: where each encoder stood at that time, which is the fair
    comparison. Times are of the machine that this run was made on, and vary.
    """
    found, cases = training_records.read_trainings(files), {}
    for (known, log), path in zip(found, files.timing, strict=True):
        cases[known["model"]] = log, Table.read(path, format="ascii.csv")["seconds"], known
    return semantic_training.optimizers(cases, synthetic=training_records.synthetic(found))


def panels(files):
    """Draw test images, what one encoder's parameters make of them, and what is left (figure 6).

    Test images from the smallest to the largest scale, the profiles that the encoder's parameters
    make, and what is left (figure 6 of the article, which takes the difference the other way
    round). Above: true → predicted parameters, scales in half-widths of the image. Only the
    central part of the images is shown; inputs and reconstructions have one colour scale. A
    perfect residual holds nothing but noise; rings or lobes at the centre are errors of scale,
    ellipticity or angle.
    """
    known = read_json(files.metrics)
    names = known["parameters"]
    table = read_table(files.predictions, need=("id", "part", *names))
    table = where(table, part="test")
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
    """Draw the errors of the parameters against the size of the encoder (figure 5).

    Standard deviation of the errors of the test images, with its bootstrap interval, and their
    mean size (dotted) against the number of weights of the encoder (figure 5 of the article). A
    line joins encoders that differ in nothing else; single points are other trainings on the same
    images, for comparison. Look for the size beyond which more weights help little, and mind the
    number of epochs: networks that are not trained to the end are not compared by their size
    alone.
    """
    need = ("method", "dataset", "network", "weights", "parameter", "sigma", "mae")
    summary = read_table(files.summary, need=need)
    return semantic_results.sizes(summary, synthetic=bool(summary.meta["synthetic"]))


def speed(files):
    """Draw how many images a second each method finds the parameters of.

    Images whose parameters are found in a second, by each trained encoder and by the least-squares
    fit of single images, on the threads named below. Rates were measured in this run on this
    machine and vary; starting the encoder is not counted.
    """
    table = read_table(files.speed, need=("method", "images_per_second", "images", "threads"))
    # The rates are measured, on images that are all made up.
    return semantic_results.speed(table, synthetic=bool(table.meta.get("synthetic", True)))


def trend(files):
    """Draw the dispersion of every parameter over the epochs, with the article's.

    Dispersion of every parameter and share of failed angles of the validation images over the
    epochs, encoders with one range of scales (in half-widths) a column, smaller networks apart.
    Dashed: the article's dispersion of noiseless images after 500 epochs. Circles: the epochs
    whose weights predict. A loss is called still falling where the lowest of the last quarter of
    the epochs is more than 5 % below the lowest before: errors would then be smaller after a
    longer training. Noise is most of the loss of noisy images and hides such a fall; look whether
    a line falls where it ends. True parameters serve this figure only; no encoder has learnt from
    them.
    """
    found = training_records.read_trainings(files)
    return semantic_training.trend(
        {known["model"]: (log, known) for known, log in found},
        summary=read_table(files.summary, need=("model", "parameter", "published")),
        synthetic=training_records.synthetic(found),
    )
