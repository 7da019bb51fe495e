"""The figures of the helium and stellar arms, each from its files: reads them and draws.

A function is an entry of the table of figures: it takes the job's inputs by name and the
parameters of its entry, and gives a figure.
"""

from pathlib import Path

import numpy as np

from skyloom.errors import InputError
from skyloom.figures import (
    spectra_comparison,
    spectra_coverage,
    spectra_evaluation,
    spectra_grid,
    spectra_labels,
    spectra_line,
    spectra_observed,
    spectra_predictions,
    spectra_training,
)
from skyloom.io import open_hdf5, read_json, read_table
from skyloom.spectra import wavelengths


def calibration(files):
    """Draw how often true labels lie within the stated uncertainties."""
    need = ("model", "label", "level", "coverage", "coverage_recalibrated", "factor")
    table = read_table(files.calibration, need=need)
    return spectra_evaluation.calibration(table, synthetic=bool(table.meta["synthetic"]))


def comparison(files):
    """Draw the networks beside each other, beside the mean, and beside the printed ratio."""
    summary = read_table(files.summary, need=("model", "dataset", "network", "label", "mae_mean"))
    members = read_table(files.members, need=("model", "member", "part", "mae_standardised"))
    return spectra_comparison.comparison(
        summary,
        members[members["part"].astype(str) == "test"],
        published=read_table(files.published, need=("quantity", "model", "printed")),
        synthetic=bool(summary.meta["synthetic"]),
    )


def coverage(files):
    """Draw which combinations of labels there are, and how the split shares them out."""
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
    """Draw loss and errors of the trained networks over the epochs."""
    metrics = [read_json(path) for path in files.metrics]
    histories = {}
    for known, path in zip(metrics, files.history, strict=True):
        log = np.atleast_1d(np.genfromtxt(path, delimiter=",", names=True))
        chosen = [member["chosen_epoch"] for member in known["per_member"]]
        histories[known["dataset"], known["network"]] = log, chosen
    return spectra_training.curves(
        histories,
        scaling=metrics[0]["scaling"]["kind"],
        agreement=agreement,
        synthetic=any(known["synthetic"] for known in metrics),
    )


def grid(files):
    """Draw how the spectrum changes with each label in turn."""
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
    """Draw a test spectrum with the profiles at the labels that each network reads from it."""
    tables = {}
    with open_hdf5(files.grid, need=("spectra", "target")) as file:
        labels = file["target"].attrs["name"].split(",")
        nodes, spectra = file["target"][()], file["spectra"][()]
    for path in files.predictions:
        table = read_table(path, need=("id", "part", *(f"{label}_predicted" for label in labels)))
        tables[table.meta["model"]] = table[table["part"].astype(str) == "test"]
        if not len(tables[table.meta["model"]]):
            raise InputError(f"{path} has no spectra of the test side: raise split.test.")
    row, known, answers = spectra_line.read(tables, labels, nodes, spectra)
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
    """Draw errors and biases of the test side against the signal-to-noise ratio."""
    summary = read_table(files.summary, need=("model", "dataset", "network", "mae_mean"))
    table = read_table(files.noise, need=("model", "snr", "label", "mae", "bias"))
    return spectra_evaluation.noise(
        table,
        models=spectra_labels.models_of(summary),
        mean={str(row["label"]): float(row["mae_mean"]) for row in summary},
        synthetic=bool(summary.meta["synthetic"]),
    )


def observed(files):
    """Draw observed stars, the networks' answers, and the training spectra nearest to them."""
    inventory = read_table(files.inventory, need=("name",))
    predictions = read_table(files.predictions, need=("name", "model", "label", "value"))
    with open_hdf5(files.spectra, need=("spectra", "name", "curves")) as file:
        spectra = spectra_observed.read(file)
    with open_hdf5(files.dataset, need=("spectra", "target")) as file:
        return spectra_observed.observed(
            spectra_observed.stars(
                predictions,
                spectra,
                file["target"].attrs["name"].split(","),
                file["target"][()],
                lambda row: file["spectra"][row],
            ),
            wavelengths.grid(file.attrs, file["spectra"].shape[1]),
            synthetic=bool(inventory.meta["synthetic"]),
            trained_on_synthetic=bool(file.attrs["synthetic"]),
            total=len(spectra),
        )


def predictions(files):
    """Draw one network's predictions of the test side against the true labels."""
    path, known = files.predictions, read_json(files.metrics)
    labels = known["labels"]
    table = read_table(path, need=("part", *labels, *(f"{label}_predicted" for label in labels)))
    test = table[table["part"].astype(str) == "test"]
    if not len(test):
        raise InputError(f"{path} has no spectra of the test side: raise split.test.")
    return spectra_predictions.predictions(
        test,
        labels=labels,
        model=(known["dataset"], known["network"]),
        units=dict(zip(labels, known["units"], strict=True)),
        synthetic=known["synthetic"],
    )
