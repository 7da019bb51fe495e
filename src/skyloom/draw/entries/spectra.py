"""The figures of the helium and stellar arms, each from its files: reads them and draws.

A function is an entry of the table of figures: it takes the job's inputs by name and the
parameters of its entry, and gives a figure.
"""

from pathlib import Path

import numpy as np

from skyloom.arms.spectra import variants, wavelengths
from skyloom.draw import (
    spectra_classical,
    spectra_comparison,
    spectra_coverage,
    spectra_evaluation,
    spectra_grid,
    spectra_labels,
    spectra_line,
    spectra_observed,
    spectra_prediction,
    spectra_predictions,
    training_curves,
)
from skyloom.draw.entries import training_records
from skyloom.errors import InputError
from skyloom.io.columns import where
from skyloom.io.files import open_hdf5, read_json, read_table

_AGREEMENT = (
    "Argmax agreement: share of spectra whose largest output is that of the largest label; "
    "the document calls it accuracy."
)


def calibration(files):
    """Draw how often true labels lie within the stated uncertainties.

    How often the true label lies within the network's stated interval, against the level of that
    interval, as stated and after the uncertainties were multiplied by one factor (σ ×), fitted to
    the validation side. Below the dashed line uncertainties are too small. The spread of an
    ensemble knows only what the seeds make different: it is too small wherever all members err
    alike.
    """
    need = ("model", "label", "level", "coverage", "coverage_recalibrated", "factor")
    table = read_table(files.calibration, need=need)
    return spectra_evaluation.calibration(table, synthetic=bool(table.meta["synthetic"]))


def classical(files):
    """Draw the networks' errors beside those of methods that need no network.

    Mean absolute errors of the networks (orange) and of what needs none (blue), on the same test
    spectra: the labels of the nearest training spectrum; a polynomial of principal components; and
    a least-squares fit of model spectra interpolated between those of the training side, with
    radial velocity and continuum free. Intervals resample stars. The dotted line is what no
    unbiased estimate can go below with this noise (Cramér–Rao, with velocity and continuum
    unknown), as the mean absolute error of a Gaussian.
    """
    table = read_table(files.classical, need=("dataset", "method", "label", "mae"))
    return spectra_classical.classical(table, synthetic=bool(table.meta["synthetic"]))


def comparison(files):
    """Draw the networks beside each other, beside the mean, and beside the printed ratio.

    How many times smaller the mean absolute error of the test side is than that of always
    predicting the mean, for each label, the networks side by side on each dataset, with a
    bootstrap interval of the error; the numbers are errors in the label's unit. Right: the error
    of every member in scaled labels.
    """
    summary = read_table(files.summary, need=("model", "dataset", "network", "label", "mae_mean"))
    members = read_table(files.members, need=("model", "member", "part", "mae_standardised"))
    return spectra_comparison.comparison(
        summary,
        where(members, part="test"),
        published=read_table(files.published, need=("quantity", "model", "printed")),
        synthetic=bool(summary.meta["synthetic"]),
    )


def coverage(files):
    """Draw which combinations of labels there are, and how the split shares them out.

    What the grid holds. Above: the number of spectra at each effective temperature and surface
    gravity, and the share of them that no network was trained on (validation and test side); axes
    run backwards, as in a Kiel diagram. Below: spectra at each value of each label, by side. In a
    split at random the same star with another rotation may be on both sides.
    """
    inventory = read_table(files.inventory, need=("id", "teff", "log_g"))
    split = read_table(files.split, need=("id", "part"))
    part = dict(zip(split["id"].astype(str), split["part"].astype(str), strict=True))
    names = [str(name) for name in inventory["id"]]
    if set(part) != set(names):
        raise InputError(f"{files.split} has other spectra than {files.inventory}: make it again.")
    return spectra_coverage.coverage(
        inventory,
        [part[name] for name in names],
        labels=list(inventory.meta["labels"]),
        split=Path(files.split).stem,
        synthetic=bool(inventory.meta["synthetic"]),
    )


def curves(files, *, agreement):
    """Draw loss and errors of the trained networks over the epochs.

    Loss (mean squared error, or a likelihood where the networks state their uncertainty) and mean
    absolute error of the scaled labels over the epochs, a thin line for each member (seed).
    Training values are means over the epoch while learning. Circles mark the epoch whose weights
    are kept. A loss is called still falling where the lowest of the last quarter of the epochs is
    more than 5 % below the lowest before.
    """
    found = training_records.read_trainings(files)
    minmax = found[0][0]["scaling"]["kind"] == "minmax"
    scaled = "labels from 0 to 1" if minmax else "standardised labels"
    kinds = {"loss": "Loss", "mae": f"MAE ({scaled})"}
    kinds |= {"argmax_agreement": "Argmax agreement"} if agreement else {}
    return training_curves.curves(
        [
            training_curves.Training(
                spectra_labels.model_name(known["dataset"], known["network"]),
                log,
                [member["chosen_epoch"] for member in known["per_member"]],
            )
            for known, log in found
        ],
        kinds,
        note=_AGREEMENT if agreement else None,
        synthetic=training_records.synthetic(found),
    )


def grid(files):
    """Draw how the spectrum changes with each label in turn.

    Spectra of the grid as their labels change one at a time; the values of the labels that stay
    are above each panel. They are those of the first training dataset, with its noise and
    resolving power where it has any.
    """
    inventory = read_table(files.inventory, need=("id", "teff", "log_g"))
    labels = list(inventory.meta["labels"])
    middle = spectra_grid.centre(inventory, labels)
    runs = {}
    with open_hdf5(files.dataset, need=("spectra", "id")) as file:
        # A dataset has the rows of the inventory, in its order.
        spectra = file["spectra"]
        wavelength = wavelengths.grid(file.attrs, spectra.shape[1])
        for label in labels:
            rows, exact = spectra_grid.along(inventory, labels, label, middle)
            flux = np.stack([spectra[row] for row in rows])
            runs[label] = np.asarray(inventory[label], dtype=float)[rows], flux, exact
    return spectra_grid.grid(
        wavelength,
        runs,
        fixed={label: float(inventory[label][middle]) for label in labels},
        synthetic=bool(inventory.meta["synthetic"]),
    )


def line(files):
    """Draw a test spectrum with the profiles at the labels that each network reads from it.

    The spectrum of the test side whose labels the networks read with median error (grey points),
    and the grid's profiles at the labels that each network reads from it, interpolated linearly
    between the nodes (lines); below, what is left. At the right its true labels and the
    predictions with the uncertainties that the networks state, as they state them. Where a
    prediction lies outside the grid, the nearest spectrum of the grid is drawn and the legend says
    so.
    """
    tables = {}
    with open_hdf5(files.grid, need=("spectra", "target")) as file:
        labels = file["target"].attrs["name"].split(",")
        nodes, spectra = file["target"][()], file["spectra"][()]
    for path in files.predictions:
        table = read_table(path, need=("id", "part", *(f"{label}_predicted" for label in labels)))
        tables[table.meta["model"]] = where(table, part="test")
        if not len(tables[table.meta["model"]]):
            raise InputError(f"{path} has no spectra of the test side: raise split.test.")
    row, known, answers = spectra_line.read_typical(tables, labels, nodes, spectra)
    name = str(next(iter(tables.values()))["id"][row])
    with open_hdf5(files.dataset, need=("spectra", "target", "id")) as file:
        own = list(file["id"].asstr()[()]).index(name)
        return spectra_line.line(
            wavelengths.grid(file.attrs, file["spectra"].shape[1]),
            file["spectra"][own],
            answers,
            name=name,
            known=known,
            synthetic=bool(file.attrs["synthetic"]),
        )


def noise(files):
    """Draw errors and biases of the test side against the signal-to-noise ratio.

    Mean absolute error and bias (mean of predicted minus true) of each label on the test side,
    against the signal-to-noise ratio of the noise added to its spectra. Thin lines: the dataset as
    it is; what has noise of its own then has both. Thick grey lines: the error of always
    predicting the training side's mean. A network trained without noise may fail on noisy spectra
    although it is better on clean ones.
    """
    summary = read_table(files.summary, need=("model", "dataset", "network", "mae_mean"))
    table = read_table(files.noise, need=("model", "snr", "label", "mae", "bias"))
    return spectra_evaluation.noise(
        table,
        models=spectra_labels.models_of(summary),
        mean={str(row["label"]): float(row["mae_mean"]) for row in summary},
        synthetic=bool(summary.meta["synthetic"]),
    )


def observed(files):
    """Draw observed stars, the networks' answers, and the training spectra nearest to them.

    Observed stars after their continuum was normalised (points) and resampled to the networks'
    wavelengths (grey), with the training spectrum nearest to the answer of each network, before
    any noise was added to it (coloured), and below, the star less each of these. S/N is the median
    of flux over noise, a pixel of the networks' wavelengths. Then known labels, and what the
    networks answer; the uncertainty is the networks' own, times the factor that the validation
    side asks for; it knows nothing of errors in continuum, velocity or models. A red name warns
    that the spectrum, or the answer, lies outside what the networks were trained on: such
    answers mean nothing. Red text says why, or that air was assumed where the file does not say in
    which medium its wavelengths are (in vacuum every line would be 84 km/s off).
    """
    inventory = read_table(files.inventory, need=("name",))
    predictions = read_table(files.predictions, need=("name", "model", "label", "value"))
    with open_hdf5(files.spectra, need=("spectra", "name", "curves")) as file:
        spectra = spectra_observed.read_spectra(file)
    with open_hdf5(files.dataset, need=("spectra", "target", "id")) as file:
        return spectra_observed.observed(
            spectra_observed.stars(
                predictions,
                spectra,
                file["target"].attrs["name"].split(","),
                file["target"][()],
                lambda row: variants.without_noise(file, row, files.blocks),
            ),
            wavelengths.grid(file.attrs, file["spectra"].shape[1]),
            synthetic=bool(inventory.meta["synthetic"]),
            trained=spectra_observed.trained_on(file.attrs),
            total=len(spectra),
        )


def prediction(files):
    """Draw spectra that nobody had judged, with a network's answers.

    Spectra as the network saw them, normalised, at rest and on its wavelengths, and its labels with
    their uncertainties, which the validation side has calibrated. Orange: the file does not say
    in which medium its wavelengths are, or the star lies outside what the network learnt from, so
    that the answer means nothing. Of more than twelve spectra some are shown; the table has all.
    """
    table = read_table(files.predictions, need=("name", "model"))
    with open_hdf5(files.spectra, need=("spectra", "name", "wavelength")) as file:
        flux = dict(zip(file["name"].asstr()[:], file["spectra"][()], strict=True))
        spectra = {"wavelength": file["wavelength"][()], "flux": flux}
    return spectra_prediction.prediction(table, spectra, synthetic=bool(table.meta["synthetic"]))


def predictions(files):
    """Draw one network's predictions of the test side against the true labels.

    Labels that one network gives the spectra of the test side, against the true ones, with the 1:1
    line; points that share a true value are spread about it, and the numbers are of all test
    spectra. Below: predicted minus true. Scatter is the standard deviation of that difference; the
    stated σ is the network's own uncertainty. Errors are those of the mean of all members. Errors
    towards the mean at both ends of a range are usual for a regression. Spectra and labels of a
    synthetic run are made up: it shows the workflow, not a result.
    """
    path, known = files.predictions, read_json(files.metrics)
    labels = known["labels"]
    table = read_table(path, need=("part", *labels, *(f"{label}_predicted" for label in labels)))
    test = where(table, part="test")
    if not len(test):
        raise InputError(f"{path} has no spectra of the test side: raise split.test.")
    return spectra_predictions.predictions(
        test,
        labels=labels,
        model=(known["dataset"], known["network"]),
        units=dict(zip(labels, known["units"], strict=True)),
        synthetic=known["synthetic"],
    )
