"""Judging trained networks on the test side: the article's metrics, with intervals.

Of one class K, its positives being the spectra of class K: accuracy (TP + TN) / all, equation 1 of
the article (001); precision TP / (TP + FP), equation 2; sensitivity (recall) TP / (TP + FN),
equation 3; and F1, their harmonic mean, 2 TP / (2 TP + FP + FN). The average is that over the
classes, each counting alike (macro). The overall accuracy is the share of all spectra called right.

Several spectra of one object are not independent: intervals resample objects.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from astropy.table import Table, vstack

from skyloom import split_tables
from skyloom.arms.sdss.classes import CLASSES, PROBABILITIES
from skyloom.errors import InputError
from skyloom.io.columns import masked, of_rows, where
from skyloom.judge import bootstrap, calibration
from skyloom.progress import track

METRICS = ("accuracy", "precision", "recall", "f1")
AVERAGE = "average"
OVERALL = "overall_accuracy"
_NAMES = ("model", "network", "split")
#: Confused spectra that are kept of each network.
MOST = 24


def _texts(table, column):
    return np.asarray(table[column]).astype(str)


def labels(names):
    """Places in `CLASSES`, (N,) int.

    Raises
    ------
    InputError
        If a name is no class.
    """
    names = np.asarray(names).astype(str)
    found = np.full(len(names), -1)
    for number, name in enumerate(CLASSES):
        found[names == name] = number
    if (found < 0).any():
        wrong = names[np.argmin(found)]
        raise InputError(
            f"{str(wrong)!r} is no class of {', '.join(CLASSES)}: make the table again."
        )
    return found


def counts(true: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """How many spectra of each class were called what.

    Parameters
    ----------
    true, predicted : (N,) int arrays
        Places in `CLASSES`.

    Returns
    -------
    (3, 3) int array
        Rows are true classes, columns predicted ones.
    """
    size = len(CLASSES)
    return np.bincount(true * size + predicted, minlength=size**2).reshape(size, size)


def scores(matrix: np.ndarray) -> dict[str, np.ndarray]:
    """The metrics of confusion matrices.

    Parameters
    ----------
    matrix : (..., 3, 3) array
        Counts; rows are true classes.

    Returns
    -------
    dict of str to array
        Of `METRICS`: (..., 4), a value a class and their average; of `OVERALL`: (...,). Recall
        (and F1) of a class without spectra (nor answers) is NaN and not in the average. Precision
        of a class that was never answered is 0 if it has spectra, as scikit-learn counts it.
    """
    matrix = np.asarray(matrix, dtype=float)
    total = matrix.sum(axis=(-2, -1))
    right = np.diagonal(matrix, axis1=-2, axis2=-1)
    own, called = matrix.sum(axis=-1), matrix.sum(axis=-2)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = np.where((called == 0) & (own > 0), 0.0, right / called)
        found = {
            "accuracy": 1 - (own + called - 2 * right) / total[..., None],
            "precision": precision,
            "recall": right / own,
            "f1": 2 * right / (own + called),
        }
        averaged = {name: _with_average(values) for name, values in found.items()}
        return {**averaged, OVERALL: right.sum(axis=-1) / total}


def _with_average(values):
    known = np.isfinite(values)
    mean = np.where(known, values, 0).sum(axis=-1) / known.sum(axis=-1)
    return np.concatenate([values, mean[..., None]], axis=-1)


def resampled(
    true: np.ndarray,
    predicted: np.ndarray,
    objects: np.ndarray,
    *,
    samples: int,
    seed: int | Sequence[int],
) -> np.ndarray:
    """Confusion matrices of bootstrap samples of the objects.

    Parameters
    ----------
    true, predicted : (N,) int arrays
    objects : (N,) array
        An object's spectra are drawn together.
    samples : int
    seed : int or sequence of int

    Returns
    -------
    (samples, 3, 3) float array
    """
    size = len(CLASSES)
    names, place = np.unique(np.asarray(objects), return_inverse=True)
    cells = np.zeros((len(names), size**2), dtype=np.int64)
    np.add.at(cells, (place, true * size + predicted), 1)
    kinds, often = np.unique(cells, axis=0, return_counts=True)
    # Objects with equal counts are alike: kinds of them are drawn.
    drawn = bootstrap.resample(lambda c: c @ kinds, often, samples=samples, seed=seed)
    return drawn.reshape(samples, size, size).astype(float)


def judge(true, predicted, objects, *, samples, level, seed) -> dict[str, np.ndarray]:
    """The metrics with percentile bootstrap intervals.

    Returns
    -------
    dict of str to (3, 4) array
        Value, low and high by class and for the average; of `OVERALL`: (3,). NaN where a value
        is not defined; an interval leaves out the samples in which it is not.
    """
    made = scores(counts(true, predicted))
    drawn = scores(resampled(true, predicted, objects, samples=samples, seed=seed))
    found = {}
    for name, value in made.items():
        low, high = bootstrap.percentiles(drawn[name], level)
        known = np.isfinite(value)
        found[name] = np.stack([value, np.where(known, low, np.nan), np.where(known, high, np.nan)])
    return found


def summarise(
    predictions: Sequence[Table], metrics: Sequence[dict], *, samples, level, seed
) -> Table:
    """A row a class and network, and one for the average.

    Parameters
    ----------
    predictions : sequence of Table
        As training writes them.
    metrics : sequence of dict
        Of the same trainings.
    samples, level, seed
        Bootstrap samples, coverage and seed of the intervals.

    Returns
    -------
    Table
        model, network, split, class (with ``average``), spectra (of the test side), then
        accuracy, precision, recall, f1 and overall_accuracy (in the row of the average), each with
        _low and _high; beside the average temperature, validation_spectra that it was fitted to,
        and what `skyloom.judge.calibration.summary` says of the probability of the likeliest
        class. What is not defined is masked.
    """
    parts, pairs = [], list(zip(predictions, metrics, strict=True))
    for table, known in track(pairs, label="networks", unit="network"):
        rows = split_tables.check_predictions(
            f"predictions of {known['model']}",
            table,
            remedy="make the split again",
            rate="sdss.training.learning_rate",
            probabilities=PROBABILITIES,
        )
        part = _one(rows, "predicted", known, samples, level, seed)
        parts.append(_calibrated(part, rows, known, samples, level, seed))
    return _finished(vstack(parts), predictions, metrics, samples, level)


def _calibrated(part, rows, known, samples, level, seed):
    """Calibration beside the average."""
    row = {"temperature": calibration.temperature(known)}
    row["validation_spectra"] = (known.get("calibration") or {}).get("objects")
    named = _named(rows, known)
    row |= calibration.summary(*named, _objects(rows), samples=samples, level=level, seed=seed)
    for name, value in row.items():
        part[name] = masked([*[np.nan] * len(CLASSES), np.nan if value is None else value])
    return part


def _named(rows, known):
    """Whether each spectrum is named rightly, and how sure the network was of that name."""
    p = np.stack([np.asarray(rows[name], dtype=float) for name in PROBABILITIES], axis=1)
    sure = {way: np.max(values, axis=1) for way, values in calibration.ways(p, known).items()}
    return labels(rows["class"]) == labels(rows["predicted"]), sure


def _objects(rows):
    return _texts(rows, "object" if "object" in rows.colnames else "id")


def reliability(predictions: Sequence[Table], metrics: Sequence[dict], *, level: float) -> Table:
    """How many of the test side are named rightly among those with about the same probability.

    Parameters
    ----------
    predictions, metrics
        As `summarise` has them.
    level : float
        Of the intervals.

    Returns
    -------
    Table
        model, network, split, calibrated (bool), low, high (edges of the bin), spectra, score (mean
        probability of the likeliest class), right_fraction with its interval. Empty bins are left
        out.
    """
    parts = []
    for table, known in zip(predictions, metrics, strict=True):
        right, sure = _named(where(table, part="test"), known)
        names = {"count": "spectra", "fraction": "right_fraction"}
        part = calibration.table(right, sure, level=level, **names)
        for place, key in enumerate(_NAMES):
            part.add_column([str(known[key])] * len(part), name=key, index=place)
        parts.append(part)
    made = vstack(parts)
    made.meta.update(
        synthetic=any(bool(known["synthetic"]) for known in metrics), level=float(level)
    )
    return made


def readouts(predictions, metrics, *, samples, level, seed) -> Table:
    """The same after fewer epochs: `summarise` with a column epoch, the last one included.

    Returns
    -------
    Table
    """
    parts, pairs = [], list(zip(predictions, metrics, strict=True))
    for table, known in track(pairs, label="networks after fewer epochs", unit="network"):
        rows = where(table, part="test")
        asked = known["training"]["epochs"]
        epochs = {int(epoch): f"predicted_epoch_{epoch}" for epoch in known.get("readouts", {})}
        for epoch, column in sorted({**epochs, asked: "predicted"}.items()):
            part = _one(rows, column, known, samples, level, seed)
            part.add_column(np.full(len(part), epoch), name="epoch", index=3)
            parts.append(part)
    return _finished(vstack(parts), predictions, metrics, samples, level)


def _finished(table, predictions, metrics, samples, level):
    table.meta.update(
        level=float(level),
        samples=int(samples),
        synthetic=any(bool(known["synthetic"]) for known in metrics),
        spectra=max(len(one) for one in predictions),
    )
    return table


def _one(rows, column, known, samples, level, seed):
    true, said = labels(rows["class"]), labels(rows[column])
    found = judge(true, said, _objects(rows), samples=samples, level=level, seed=seed)
    names = [*CLASSES, AVERAGE]
    table = Table()
    for key in _NAMES:
        table[key] = [str(known[key])] * len(names)
    table["class"] = names
    table["spectra"] = [*(int((true == number).sum()) for number in range(3)), len(true)]
    for name in METRICS:
        for end, values in zip(("", "_low", "_high"), found[name], strict=True):
            table[f"{name}{end}"] = masked(values)
    for end, value in zip(("", "_low", "_high"), found[OVERALL], strict=True):
        table[f"{OVERALL}{end}"] = masked([*[np.nan] * len(CLASSES), value])
    return table


def confusions(predictions, metrics):
    """Every network's confusion matrix of the test side.

    Returns
    -------
    Table
        model, network, split, true, predicted, count, share (of the true class; masked without
        spectra).
    """
    found = []
    for table, known in zip(predictions, metrics, strict=True):
        rows = where(table, part="test")
        matrix = counts(labels(rows["class"]), labels(rows["predicted"]))
        for (true, said), count in np.ndenumerate(matrix):
            row = {key: str(known[key]) for key in _NAMES}
            row |= {"true": CLASSES[true], "predicted": CLASSES[said], "count": int(count)}
            total = matrix[true].sum()
            found.append(row | {"share": count / total if total else None})
    made = of_rows(found)
    made.meta["synthetic"] = any(bool(known["synthetic"]) for known in metrics)
    return made


def confused(predictions, metrics, *, most=MOST) -> Table:
    """The test spectra that each network is most wrong about.

    Returns
    -------
    Table
        model, network, split, id, class, z, predicted, p (the probability of the class that was
        called), p_class (that of its own): by model, surest mistake first, at most `most` each.
    """
    parts = []
    for table, known in zip(predictions, metrics, strict=True):
        rows = where(table, part="test")
        rows = rows[np.argsort(_texts(rows, "id"), kind="stable")]
        true, said = labels(rows["class"]), labels(rows["predicted"])
        p = np.stack([np.asarray(rows[name], dtype=float) for name in PROBABILITIES], axis=1)
        sure, own = p[np.arange(len(p)), said], p[np.arange(len(p)), true]
        order = np.argsort(-sure, kind="stable")
        order = order[(true != said)[order]][:most]
        part = Table()
        for key in _NAMES:
            part[key] = np.array([str(known[key])] * len(order), dtype=f"U{len(str(known[key]))}")
        for key in ("id", "class", "z", "predicted"):
            part[key] = rows[key][order]
        part["p"], part["p_class"] = sure[order], own[order]
        parts.append(part)
    made = vstack(parts, metadata_conflicts="silent")
    made.meta.clear()
    made.meta["synthetic"] = any(bool(known["synthetic"]) for known in metrics)
    return made
