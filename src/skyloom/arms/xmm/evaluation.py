"""Judging trained networks: on the test side, and beside it as the document did.

The document's AUC is of the validation side, which also chose the model, and its table 8 and figure
24 are of the training side; its 400 test images are never scored. Here every number of
the test side comes first, and the others carry their side's name.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from astropy.table import Table, vstack

from skyloom import split_tables
from skyloom.arms.xmm.classes import CLASSES
from skyloom.io.columns import of_rows, where
from skyloom.judge import calibration, roc
from skyloom.progress import track

SIDES = ("test", "validation", "train")
_TEXTS = ("experiment", "table", "dataset", "architecture", "target")
_BEST = {
    "training_accuracy": "accuracy",
    "validation_accuracy": "val_accuracy",
    "training_loss": "loss",
    "validation_loss": "val_loss",
}


def on_side(predictions, part) -> tuple[np.ndarray, np.ndarray]:
    """Truth and score of one side's images.

    Returns
    -------
    bad : (n,) bool array
    score : (n,) float64 array
    """
    rows = where(predictions, part=part)
    return np.asarray(rows["bad"]).astype(bool), np.asarray(rows["score"], dtype=float)


def summarise(
    predictions: Sequence[Table],
    metrics: Sequence[dict],
    *,
    samples,
    level,
    seed,
    threshold: float = 0.5,
) -> Table:
    """One row an experiment.

    Parameters
    ----------
    predictions : sequence of Table
        As training writes them.
    metrics : sequence of dict
        Of the same experiments.
    samples, level, seed
        Bootstrap samples, coverage and seed of the intervals of the AUC; observations are drawn.
    threshold : float
        A score above it is called bad.

    Returns
    -------
    Table
        experiment, table, dataset, architecture, target, parameters, epochs (run), best_epoch;
        training_ and validation_ accuracy and loss of the best epoch (the document's columns);
        for test and validation: images, bad, auc, auc_low, auc_high, accuracy; missed (bad called
        good) and false_alarms (good called bad) of the test side; temperature and what
        `skyloom.judge.calibration.summary` says. What is undefined is masked.
    """
    rows = []
    pairs = list(zip(predictions, metrics, strict=True))
    for table, known in track(pairs, label="experiments", unit="experiment"):
        split_tables.check_predictions(
            f"predictions of {known['experiment']}",
            table,
            remedy="raise xmm.split.test",
            rate="xmm.training.learning_rate",
            probabilities=("score",),
        )
        row: dict = {name: str(known.get(name) or "") for name in _TEXTS}
        row |= {name: known[name] for name in ("epochs", "best_epoch", "parameters")}
        row |= {name: known["best"][key] for name, key in _BEST.items()}
        row["temperature"] = calibration.temperature(known)
        for side in ("test", "validation"):
            judged = _judge(*on_side(table, side), threshold, samples, level, seed)
            row |= {f"{side}_{name}": value for name, value in judged.items()}
        bad, score = on_side(table, "test")
        scores, own = calibration.ways(score, known), np.arange(len(bad))
        bootstrap = {"samples": samples, "level": level, "seed": seed}
        rows.append(row | calibration.summary(bad, scores, own, **bootstrap))
    summary = of_rows(rows)
    summary.meta.update(
        level=float(level),
        samples=int(samples),
        threshold=float(threshold),
        synthetic=any(bool(known["synthetic"]) for known in metrics),
        images=max(len(table) for table in predictions),
    )
    return summary


def _judge(bad, score, threshold, samples, level, seed):
    low, high = roc.auc_interval(bad, score, samples=samples, level=level, seed=seed)
    called = score > threshold
    return {
        "images": len(bad),
        "bad": int(bad.sum()),
        "auc": roc.auc(bad, score),
        "auc_low": low,
        "auc_high": high,
        "accuracy": float(np.mean(called == bad)) if len(bad) else np.nan,
        "missed": int(np.sum(bad & ~called)),
        "false_alarms": int(np.sum(~bad & called)),
    }


def mistakes(predictions, names, *, threshold=0.5):
    """Wrong answers of each OBS_CLASS on each side: the document's table 8, for every network.

    Returns
    -------
    Table
        experiment, side, obs_class, images, wrong, ratio (percent; masked without images).
    """
    found = []
    for name, predicted in zip(names, predictions, strict=True):
        called = np.asarray(predicted["score"], dtype=float) > threshold
        wrong = called != np.asarray(predicted["bad"]).astype(bool)
        part = np.asarray(predicted["part"]).astype(str)
        kind = np.asarray(predicted["obs_class"])
        for side, number in itertools.product(SIDES, CLASSES):
            inside = (part == side) & (kind == number)
            row = {"experiment": str(name), "side": side, "obs_class": number}
            row |= {"images": int(inside.sum()), "wrong": int(wrong[inside].sum())}
            ratio = 100 * row["wrong"] / row["images"] if row["images"] else None
            found.append(row | {"ratio": ratio})
    return of_rows(found)


def reliability(predictions: Sequence[Table], metrics: Sequence[dict], *, level: float) -> Table:
    """Reliability of the test side's scores, as the network gave them and calibrated.

    Parameters
    ----------
    predictions, metrics
        As `summarise` has them.
    level : float
        Of the intervals.

    Returns
    -------
    Table
        experiment, calibrated (bool), low, high (edges of the bin), images, score (mean),
        bad_fraction with its interval. Empty bins are left out.
    """
    parts = []
    for table, known in zip(predictions, metrics, strict=True):
        bad, score = on_side(table, "test")
        names = {"count": "images", "fraction": "bad_fraction"}
        part = calibration.table(bad, calibration.ways(score, known), level=level, **names)
        part.add_column([str(known["experiment"])] * len(part), name="experiment", index=0)
        parts.append(part)
    made = vstack(parts)
    made.meta.update(
        synthetic=any(bool(known["synthetic"]) for known in metrics), level=float(level)
    )
    return made


def worst(predictions, *, count, side="test", threshold=0.5) -> tuple[Table, Table]:
    """The most confident wrong answers.

    Returns
    -------
    missed, false_alarms : Table
        Bad images of the lowest score, good ones of the highest, worst first; at most `count`
        each, and only those on the wrong side of the threshold.
    """
    rows = where(predictions, part=side)
    rows = rows[np.argsort(np.asarray(rows["id"]).astype(str), kind="stable")]
    bad, score = np.asarray(rows["bad"]).astype(bool), np.asarray(rows["score"], dtype=float)
    found = []
    for wrong, order in ((bad & (score <= threshold), score), (~bad & (score > threshold), -score)):
        ranked = np.argsort(order, kind="stable")
        found.append(rows[ranked[wrong[ranked]][:count]])
    return tuple(found)
