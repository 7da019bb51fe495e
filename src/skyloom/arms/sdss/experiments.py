"""One training of the study: a network, a dataset and a split in; its answers out."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from astropy.table import Table

from skyloom import split_tables
from skyloom.arms.sdss.classes import CLASSES, PROBABILITIES
from skyloom.errors import InputError
from skyloom.io.files import open_hdf5
from skyloom.judge import calibration
from skyloom.learn import (
    batches,
    batchnorm_folding,
    classification,
    experiment,
    features,
    pretrained,
)
from skyloom.learn.standardisation import Standardised
from skyloom.learn.targets import Target
from skyloom.learn.training import fit as fit_network

if TYPE_CHECKING:
    from skyloom.arms.sdss.architectures import Network
    from skyloom.learn.experiment import Fitted

TARGET = Target("classes", classes=len(CLASSES))


@dataclasses.dataclass(kw_only=True)
class Sample(experiment.Sample):
    """Spectra.

    Attributes
    ----------
    object : (N,) str array
    label : (N,) int array
        Place in `CLASSES`.
    z : (N,) float array
        NaN where the dataset does not say.
    inputs : dict
        ``variant`` of the dataset, the ``parameters`` it was made with and, where it says so,
        ``smoothing_window``: what prediction needs to show a network the same kind of input.
    """

    object: np.ndarray
    label: np.ndarray
    z: np.ndarray
    inputs: dict


def read_sample(dataset: str | Path, split: Table, *, split_name: str = "the split") -> Sample:
    """Labels of a dataset and the sides of its spectra.

    Parameters
    ----------
    dataset : path
        With `id`, `target` (the label) and, where it has them, `object` and `z`.
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
        If the two do not have the same ids, once each, or a label is out of range.
    """

    def labels(file, ids):
        target = np.asarray(file["target"][()], dtype=float)
        if target.ndim != 1 or not np.isin(target, np.arange(len(CLASSES))).all():
            raise InputError(
                f"{dataset}: target must be a label, 0, 1 or 2 for {', '.join(CLASSES)}: "
                "make the dataset again."
            )
        parameters = _parsed(file.attrs.get("parameters", "{}"))
        inputs = {"variant": str(file.attrs.get("variant", "")), "parameters": parameters}
        if "smoothing_window" in file.attrs:
            inputs["smoothing_window"] = int(file.attrs["smoothing_window"])
        return {
            "object": file["object"][()].astype(str) if "object" in file else ids,
            "label": target.astype(int),
            "z": np.asarray(file["z"][()], float) if "z" in file else np.full(len(ids), np.nan),
            "inputs": inputs,
        }

    return experiment.read_sample(Sample, dataset, split, labels, split_name=split_name)


def _parsed(text):
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return {}


def backbone(entry, *, side, seed, weights=None):
    """The network of a pretrained entry without its classifier.

    Parameters
    ----------
    entry : `skyloom.arms.sdss.architectures.Network`
    side : int
        Of the images, pixels.
    seed : int
        Of random weights.
    weights : path, optional
        The weights' file; without one, the entry must say ``random`` or name it itself.
    """
    return pretrained.backbone(entry.architecture, weights or entry.weights, side=side, seed=seed)


def cache_features(
    entry: Network,
    dataset: str | Path,
    output: str | Path,
    *,
    seed,
    weights=None,
    threads: int = 1,
    reproducible: str = "any_cores",
    batch=None,
) -> None:
    """What a frozen network sees in every image of a dataset, written once for all splits.

    Parameters
    ----------
    entry : `skyloom.arms.sdss.architectures.Network`
    dataset : path
        Of images (N, H, H, 3) uint8.
    output : path
        Receives `features` (N, 2048) float16 and `id`.
    seed, weights
        As `backbone` has them.
    threads : int
        Of `skyloom.learn.devices.keep_promise`, which the caller has called.
    reproducible : {'any_cores', 'same_cores'}
        What is promised of the bits; of ``same_cores`` the file says how many there were.
    batch
        See `skyloom.learn.features.cache`.
    """
    with open_hdf5(dataset, need=["images", "id"]) as file:
        side = file["images"].shape[1]
    model = backbone(entry, side=side, seed=seed, weights=weights)
    print_of_weights = pretrained.fingerprint(model)
    shared = reproducible == "same_cores"
    bits = {"reproducible": reproducible, **({"threads": threads} if shared else {})}
    features.cache_model(
        dataset,
        batchnorm_folding.folded(model),
        output,
        attributes={
            "architecture": entry.architecture,
            "weights": print_of_weights,
            "precision": "float32",
            **bits,
        },
        facts={"architecture": entry.architecture, "weights": print_of_weights, **bits},
        remedy=f"the weights of {entry.architecture} do not suit these images; choose others in "
        "sdss.networks",
        batch=batch,
        threads=1 if shared else threads,
    )


def fit(
    name: str,
    entry: Network,
    dataset: str | Path,
    sample: Sample,
    *,
    training: dict,
    seed: int,
    split: str = "",
    stored: str | Path | None = None,
    weights: str | Path | None = None,
    state_path: str | Path | None = None,
    limit: int | None = None,
) -> Fitted:
    """Train one network on one split and ask it about every spectrum.

    Parameters
    ----------
    name : str
        Of the entry.
    entry : `skyloom.arms.sdss.architectures.Network`
    dataset : path
        Of the variant that the architecture sees.
    sample : Sample
        Of that dataset.
    training : dict
        The keys of ``sdss.training``: see `skyloom.learn.classification.Settings`.
    seed : int
        Of initial weights and order: the same for every network.
    split : str
        Name of the split, for the tables.
    stored : path, optional
        Features of a frozen network, as `cache_features` writes them.
    weights : path, optional
        Of a pretrained network, as `backbone` has it.
    state_path : path, optional
        Where an unfinished training is kept, to be gone on with after a kill.
    limit : int, optional
        Bytes of samples that are kept in memory.

    Returns
    -------
    `skyloom.learn.experiment.Fitted`

    Raises
    ------
    InputError
        If the dataset is of another variant, or the features of other images or weights.
    """
    changed = {key: getattr(entry, key) for key in ("epochs", "learning_rate")}
    training = {**training, **{key: value for key, value in changed.items() if value is not None}}
    settings = classification.Settings(**training)
    label = f"{name}_{split}" if split else name

    def learn(network, samples):
        task = classification.task(
            samples,
            sample.label,
            train=sample.rows("train"),
            validation=sample.rows("validation"),
            target=TARGET,
            settings=settings,
        )
        return fit_network(network, task, seed=seed, state_path=state_path, label=label)

    _check_variant(name, entry, dataset, sample)
    limit = batches.MEMORY_LIMIT if limit is None else limit
    if entry.frozen:
        made, result = _fit_head(entry, dataset, stored, sample, weights, limit, seed, learn)
    else:
        with batches.open_samples(dataset, entry.kind, limit=limit) as samples:
            made = _build(entry, samples.shape, weights, seed)
            result = learn(made, samples)
    return _fitted(name, entry, split, sample, made, result, {**training, "seed": seed}, settings)


def _check_variant(name, entry, dataset, sample):
    found = sample.inputs["variant"]
    if found and found != entry.variant:
        raise InputError(
            f"{dataset} holds the variant {found}, but {name} ({entry.architecture}) sees "
            f"{entry.variant}: give it that dataset."
        )


def _build(entry, shape, weights, seed):
    if not entry.pretrained:
        return entry.build(shape, len(CLASSES), seed=seed)
    made = backbone(entry, side=shape[0], seed=seed, weights=weights)
    return pretrained.classifier(made, len(CLASSES), train_from=entry.train_from, seed=seed)


def _fit_head(entry, dataset, stored, sample, weights, limit, seed, learn):
    """Train the classifier on stored features, and put it behind the backbone."""
    if stored is None:
        raise InputError(f"{entry.architecture} is frozen and has no stored features: make them.")
    with open_hdf5(dataset, need=["images"]) as file:
        side = file["images"].shape[1]
    seeing = backbone(entry, side=side, seed=seed, weights=weights)
    with open_hdf5(stored, need=["features", "id"]) as file:
        same = file.attrs.get("weights") == pretrained.fingerprint(seeing)
        if not same or not np.array_equal(file["id"][()].astype(str), sample.id):
            raise InputError(
                f"{stored} holds features of other images than {dataset}, or of other weights: "
                "remove it and make it again."
            )
    with batches.open_samples(stored, "features", limit=limit) as samples:
        standardised = Standardised(samples, sample.rows("train"))
        head = pretrained.head(samples.shape[0], len(CLASSES), seed=seed)
        result = learn(head, standardised)
    made = pretrained.classifier(seeing, len(CLASSES), seed=seed)
    made.get_layer("output").set_weights(standardised.fold(*head.get_weights()))
    return made, result


def _fitted(name, entry, split, sample, made, result, training, settings):
    meta = {
        "model": f"{name}_{split}" if split else name,
        "network": name,
        "split": split,
        "synthetic": sample.synthetic,
    }
    scale = None
    if settings.calibration:
        rows = sample.rows("validation")
        own = TARGET.probabilities(result.outputs[rows])
        scale = calibration.fit(sample.label[rows], own)
    predictions = _predictions(sample, result, meta, scale)
    readouts = {
        str(epoch): {part: _judge(sample, _called(outputs), part) for part in split_tables.PARTS}
        for epoch, outputs in result.readouts.items()
    }
    called = _called(result.outputs)
    trainable = sum(int(np.prod(weight.shape)) for weight in made.trainable_weights)
    return experiment.Fitted(
        network=made,
        history=experiment.history(result, classification.HISTORY),
        predictions=predictions,
        metrics={
            **meta,
            **dataclasses.asdict(entry),
            "training": {**training, "readout_epochs": list(settings.readout_epochs)},
            "parameters": made.count_params(),
            "trainable_parameters": trainable,
            "spectra": len(sample.id),
            "inputs": sample.inputs,
            "calibration": scale,
            **experiment.epochs(result, classification.HISTORY),
            "readouts": readouts,
            "sides": {part: _judge(sample, called, part) for part in split_tables.PARTS},
        },
    )


def _called(outputs):
    """The likeliest class of each row."""
    return np.argmax(outputs, axis=1)


def probabilities(table, outputs, temperature):
    """Add ``predicted`` and the calibrated probability of every class to a table."""
    table["predicted"] = np.array(CLASSES)[_called(outputs)]
    made = calibration.calibrated(TARGET.probabilities(outputs), temperature)
    for column, values in zip(PROBABILITIES, made.T, strict=True):
        table[column] = values
    return table


def _predictions(sample, result, meta, scale):
    table = Table(meta=meta)
    warmth = scale and scale["temperature"]
    if warmth:
        table.meta["temperature"] = warmth
    table["id"], table["part"], table["object"] = sample.id, sample.part, sample.object
    table["class"], table["z"] = np.array(CLASSES)[sample.label], sample.z
    probabilities(table, result.outputs, warmth)
    for epoch, outputs in result.readouts.items():
        table[f"predicted_epoch_{epoch}"] = np.array(CLASSES)[_called(outputs)]
    table["predicted"].description = "the class of the largest probability"
    return table


def _judge(sample, called, part):
    """How many spectra a side has, and which share of them is called right; null without any."""
    rows = sample.rows(part)
    right = called[rows] == sample.label[rows]
    return {"spectra": len(rows), "accuracy": float(right.mean()) if len(rows) else None}
