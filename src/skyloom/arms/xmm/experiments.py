"""One experiment of the study: a dataset and a split in; a trained network and its answers out."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from astropy.table import Table

from skyloom import split_tables
from skyloom.arms.xmm import architectures
from skyloom.arms.xmm.classes import CLASSES, FIRST_BAD
from skyloom.errors import InputError, check_keys
from skyloom.io.columns import or_none
from skyloom.judge import calibration
from skyloom.judge.roc import auc
from skyloom.learn import batches, classification, experiment
from skyloom.learn.augmentation import Augmentation
from skyloom.learn.targets import Target
from skyloom.learn.training import fit as fit_network

if TYPE_CHECKING:
    from skyloom.learn.experiment import Fitted


@dataclasses.dataclass(frozen=True)
class Experiment:
    """What distinguishes one training from another; each field is a key of its entry.

    Attributes
    ----------
    dataset : str
    architecture, kernel, dropout, batch_normalization
        See `skyloom.arms.xmm.architectures.build`.
    rotation, vertical_flip, horizontal_flip
        See `skyloom.learn.augmentation.Augmentation`.
    class_weights : bool
        See `skyloom.learn.classification.Settings`.
    target : {'binary', 'classes', 'ordinal'}
        Bad or not; which OBS_CLASS; the same on an ordered scale.
    epochs : int, optional
        In the place of ``xmm.training.epochs``.
    table : str, optional
        Number of the document's table that has this row.
    """

    dataset: str
    architecture: str = "3conv"
    kernel: int = 3
    dropout: float = 0.0
    batch_normalization: bool = False
    rotation: float = 0.0
    vertical_flip: bool = False
    horizontal_flip: bool = False
    class_weights: bool = False
    target: str = "binary"
    epochs: int | None = None
    table: str | None = None


def entry(name, keys):
    """The entry `name` of ``xmm.experiments``, completed.

    Raises
    ------
    InputError
        If it has a key that is none.
    """
    check_keys(f"xmm.experiments.{name}", keys, Experiment.__dataclass_fields__)
    if "dataset" not in keys:
        raise InputError(f"xmm.experiments.{name} has no dataset: name one.")
    return Experiment(**keys)


@dataclasses.dataclass(kw_only=True)
class Sample(experiment.Sample):
    """Images, with ``obs_class``, (N,) ints."""

    obs_class: np.ndarray


def read_sample(dataset: str | Path, split: Table, *, split_name: str = "the split") -> Sample:
    """Labels of a dataset and the sides of its images.

    Parameters
    ----------
    dataset : path
        With `id` and `target`, the OBS_CLASS.
    split : Table
        Columns id and part.
    split_name : str
        What to call it in an error.

    Returns
    -------
    Sample

    Raises
    ------
    InputError
        If the two do not have the same ids, once each, or a label is no OBS_CLASS.
    """

    def labels(file, ids):
        target = np.asarray(file["target"][()], dtype=float)
        if not np.isin(target, CLASSES).all():
            raise InputError(
                f"{dataset}: target must be OBS_CLASS, whole numbers from 0 to {CLASSES[-1]}: "
                "make the dataset again."
            )
        return {"obs_class": target.astype(int)}

    need = ("images", "target")
    return experiment.read_sample(Sample, dataset, split, labels, need=need, split_name=split_name)


def fit(
    name: str,
    entry: Experiment,
    dataset: str | Path,
    sample: Sample,
    *,
    training: dict,
    seed: int,
    state_path: str | Path | None = None,
    limit: int | None = None,
) -> Fitted:
    """Train one experiment's network and ask it about every image.

    Parameters
    ----------
    name : str
    entry : Experiment
    dataset : path
    sample : Sample
        Of that dataset.
    training : dict
        The keys of ``xmm.training``: epochs, batch_size, patience, learning_rate, restore.
    seed : int
        Of initial weights, order, dropout and augmentation: the same for every experiment, so
        that they differ by what their entries say only.
    state_path : path, optional
        Where an unfinished training is kept, to be gone on with after a kill.
    limit : int, optional
        Bytes of images that are kept in memory.

    Returns
    -------
    `skyloom.learn.experiment.Fitted`
    """
    target = Target(entry.target, classes=len(CLASSES), positive_from=FIRST_BAD)
    settings = classification.Settings(
        **{**training, "epochs": entry.epochs or training["epochs"]},
        class_weights=entry.class_weights,
        augmentation=Augmentation(entry.rotation, entry.vertical_flip, entry.horizontal_flip),
    )
    limit = batches.MEMORY_LIMIT if limit is None else limit
    with batches.open_images(dataset, limit=limit) as images:
        network = architectures.build(
            images.shape,
            target,
            architecture=entry.architecture,
            kernel=entry.kernel,
            dropout=entry.dropout,
            batch_normalization=entry.batch_normalization,
            seed=seed,
        )
        task = classification.task(
            images,
            sample.obs_class,
            train=sample.rows("train"),
            validation=sample.rows("validation"),
            target=target,
            settings=settings,
        )
        result = fit_network(network, task, seed=seed, state_path=state_path, label=name)
    meta = {"experiment": name, "dataset": entry.dataset, "synthetic": sample.synthetic}
    predictions, scales = _predictions(sample, target, result.outputs, meta, settings.calibration)
    return experiment.Fitted(
        network=network,
        history=experiment.history(result, classification.HISTORY),
        predictions=predictions,
        metrics={
            **meta,
            **{key: value for key, value in dataclasses.asdict(entry).items() if key != "epochs"},
            "training": {**training, "epochs": settings.epochs, "seed": seed},
            "parameters": network.count_params(),
            **scales,
            **experiment.epochs(result, classification.HISTORY),
            "sides": {part: _judge(predictions, part) for part in split_tables.PARTS},
        },
    )


def _predictions(sample, target, outputs, meta, scaled):
    """What the network says of every image, and what its probabilities were calibrated by.

    The score has a temperature of its own, so that those of all kinds of targets keep their order.
    """
    bad, rows, scales = sample.obs_class >= FIRST_BAD, sample.rows("validation"), {}

    def calibrated(probabilities, truth, name):
        scales[name] = calibration.fit(truth[rows], probabilities[rows]) if scaled else None
        return calibration.calibrated(probabilities, calibration.temperature(scales, name))

    table = Table(meta=meta)
    table["id"], table["part"] = sample.id, sample.part
    table["obs_class"], table["bad"] = sample.obs_class, bad
    table["score"] = calibrated(target.score(outputs), bad, "calibration")
    probabilities = target.probabilities(outputs)
    if probabilities is not None:
        probabilities = calibrated(probabilities, sample.obs_class, "calibration_of_classes")
        for number in CLASSES:
            table[f"p_{number}"] = probabilities[:, number]
    table["score"].description = "probability that the image is bad (OBS_CLASS 2 or more)"
    return table, scales


def _judge(predictions, part):
    """How one side came out with the restored weights; null where it is undefined."""
    rows = predictions[np.asarray(predictions["part"]) == part]
    if not len(rows):
        return {"images": 0}
    bad, score = np.asarray(rows["bad"]), np.asarray(rows["score"])
    judged = {
        "images": len(rows),
        "bad": int(bad.sum()),
        "auc": or_none(auc(bad, score)),
        "accuracy": float(np.mean((score > 0.5) == bad)),
    }
    if "p_0" in rows.colnames:
        likely = np.argmax([rows[f"p_{number}"] for number in CLASSES], axis=0)
        judged["class_accuracy"] = float(np.mean(likely == rows["obs_class"]))
        judged["class_error"] = float(np.mean(np.abs(likely - rows["obs_class"])))
    return judged
