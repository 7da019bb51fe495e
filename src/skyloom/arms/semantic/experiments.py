"""One model of the semantic arm: a dataset and a split in; an encoder and its answers out."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from astropy.table import Table

from skyloom import split_tables
from skyloom.arms.semantic import encoder as semantic_encoder
from skyloom.arms.semantic import profiles
from skyloom.arms.semantic import training as semantic_training
from skyloom.arms.semantic.decoder import ProfileDecoder
from skyloom.errors import InputError, check_keys, check_one_of
from skyloom.learn import batches, experiment
from skyloom.learn.training import fit as fit_network

if TYPE_CHECKING:
    from skyloom.arms.semantic.encoder import PhysicalParameters


@dataclasses.dataclass(frozen=True)
class Encoder:
    """What the encoder's outputs mean; each field is a key of ``semantic.encoder``.

    Attributes
    ----------
    angle : {'cos_sin_2theta', 'theta'}
        See `skyloom.arms.semantic.encoder.PhysicalParameters`.
    outputs : {'range', 'direct'}
        ``range``: a sigmoid output spans the range that the parameter is drawn from and a `margin`
        beyond; ``direct``: it is the parameter itself, as the paper reads (the angle is 180 times
        it either way).
    margin : float
        Of the range, on either side.
    """

    angle: str = "cos_sin_2theta"
    outputs: str = "range"
    margin: float = 0.1

    def __post_init__(self):
        """Refuse what is unknown; names the key and what is allowed."""
        check_one_of("semantic.encoder.angle", self.angle, semantic_encoder.ANGLES)
        check_one_of("semantic.encoder.outputs", self.outputs, semantic_encoder.OUTPUTS)
        if not self.margin >= 0:
            raise InputError(f"semantic.encoder.margin is {self.margin}: it must be 0 or more.")

    def layer(self, profile: dict) -> PhysicalParameters:
        """The layer that ends an encoder of this profile's free parameters.

        Parameters
        ----------
        profile : dict
            See `skyloom.arms.semantic.profiles.resolve`.

        Returns
        -------
        PhysicalParameters

        Raises
        ------
        InputError
            If a sigmoid output cannot be the parameter itself.
        """
        known = profiles.known(profile)
        lows, highs = [], []
        for name, (low, high) in profiles.free(profile).items():
            if self.outputs == "direct" and name != semantic_encoder.ANGLE:
                if low < 0 or high > 1:
                    raise InputError(
                        f"semantic.encoder.outputs is 'direct', but {name} is drawn from {low:g} "
                        f"to {high:g} and a sigmoid gives 0 to 1: choose 'range'."
                    )
                # A length is what the sigmoid says, however large the image is in its unit.
                low, high = 0.0, 1.0 if known[name].is_length else min(1.0, known[name].maximum)
            elif name != semantic_encoder.ANGLE:
                limits = {"minimum": known[name].minimum, "maximum": known[name].maximum}
                low, high = semantic_encoder.limits(low, high, margin=self.margin, **limits)
            lows.append(low)
            highs.append(high)
        names = list(profiles.free(profile))
        return semantic_encoder.PhysicalParameters(names, lows, highs, angle=self.angle)


@dataclasses.dataclass(frozen=True)
class Model:
    """An entry of ``semantic.models``, completed.

    Attributes
    ----------
    dataset, network : str
        Names.
    encoder : Encoder
    training : `skyloom.arms.semantic.training.Settings`
    """

    dataset: str
    network: str
    encoder: Encoder
    training: semantic_training.Settings


def settle(entry, encoder, training, *, name="model"):
    """What an entry says, in the place of what all models have.

    Parameters
    ----------
    entry : dict
        ``dataset``, ``network`` and any key of `encoder` or `training`.
    encoder, training : dict
        ``semantic.encoder`` and ``semantic.training``.
    name : str
        Of the entry, for messages.

    Returns
    -------
    Model

    Raises
    ------
    InputError
        If a key is none, or is missing.
    """
    parts = [(Encoder, dict(encoder)), (semantic_training.Settings, dict(training))]
    names = {"dataset": None, "network": None}
    known = [*names, *(field.name for kind, _ in parts for field in dataclasses.fields(kind))]
    check_keys(f"semantic.models.{name}", entry, known)
    for key, value in entry.items():
        for kind, keys in [*parts, (None, names)]:
            if key in (names if kind is None else kind.__dataclass_fields__):
                keys[key] = value
    for key, value in names.items():
        if value is None:
            raise InputError(f"semantic.models.{name} has no {key}: name one.")
    return Model(**names, encoder=Encoder(**parts[0][1]), training=parts[1][0](**parts[1][1]))


@dataclasses.dataclass(kw_only=True)
class Sample(experiment.Sample):
    """What a dataset says of its images.

    Attributes
    ----------
    truth : (N, parameters) float64 array
        Free parameters, in the decoder's order.
    profile, grid : dict
        See `skyloom.arms.semantic.decoder.ProfileDecoder`.
    noise : float
        Standard deviation of the noise of a pixel.
    """

    truth: np.ndarray
    profile: dict
    grid: dict
    noise: float

    @property
    def names(self):
        """Free parameters."""
        return list(profiles.free(self.profile))

    @property
    def half_width(self):
        """Of an image, in the unit of lengths."""
        return float(self.grid.get("half_width", 1.0))


@dataclasses.dataclass(kw_only=True)
class Fitted(experiment.Fitted):
    """A trained encoder with its tables; ``timing`` says how long each epoch took."""

    timing: Table


def read_sample(dataset: str | Path, split: Table, *, split_name: str = "the split") -> Sample:
    """What a dataset says of its images, and their sides.

    Parameters
    ----------
    dataset : path
        Of profiles drawn with known parameters; its attributes say of which model and on what grid.
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
        If the file is no such dataset, or it and the split do not have the same ids, once each.
    """

    def labels(file, ids):
        names = str(file["target"].attrs.get("name", "")).split(",")
        shape, described = file["images"].shape, _described(file.attrs)
        pixels = described and described["grid"].get("pixels")
        expected = described and list(profiles.free(described["profile"]))
        if not described or names != expected or shape != (len(ids), pixels, pixels, 1):
            raise InputError(
                f"{dataset} is not a complete dataset of the semantic arm (images of shape {shape},"
                f" target {', '.join(names)}, parameters that say grid, profile and noise): make "
                "it again, or point to one of semantic.datasets."
            )
        truth = np.asarray(file["target"][()], dtype=np.float64).reshape(len(ids), -1)
        return {"truth": truth, **{key: described[key] for key in ("profile", "grid", "noise")}}

    need = ("images", "target")
    return experiment.read_sample(Sample, dataset, split, labels, need=need, split_name=split_name)


def _described(attributes):
    """The dataset's resolved parameters, or None where they are not those of a profile."""
    try:
        found = json.loads(attributes["parameters"])
        return found if {"grid", "profile", "noise"} <= found.keys() else None
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def fit(
    name: str,
    model: Model,
    dataset: str | Path,
    sample: Sample,
    *,
    network: dict,
    failed: float,
    seed: int,
    state_path: str | Path | None = None,
    limit: int | None = None,
) -> Fitted:
    """Train one encoder and ask it about the images that it has not learnt from.

    Parameters
    ----------
    name : str
    model : Model
    dataset : path
    sample : Sample
        Of that dataset.
    network : dict
        ``convolutions`` and ``dense``; see `skyloom.arms.semantic.encoder.build`.
    failed : float
        Degrees beyond which an angle has failed.
    seed : int
        Of initial weights and order: the same for every model, so that they differ by what their
        entries say only.
    state_path : path, optional
        Where an unfinished training is kept, to be gone on with after a kill.
    limit : int, optional
        Bytes of images that are kept in memory.

    Returns
    -------
    Fitted
        The network in single precision, whatever it was trained in.
    """
    settings = model.training

    def build(precision):
        layer, shape = model.encoder.layer(sample.profile), (*[sample.grid["pixels"]] * 2, 1)
        options = {**network, "precision": precision, "seed": seed}
        options["initializer"] = settings.initializer
        return semantic_encoder.build(shape, layer, **options)

    learning, encoder = build(settings.precision), build("float32")
    decoder = ProfileDecoder(sample.profile, sample.grid)
    with batches.open_images(dataset, limit=batches.MEMORY_LIMIT if limit is None else limit) as x:
        task = semantic_training.task(
            decoder,
            x,
            sample.truth,
            train=sample.rows("train"),
            validation=sample.rows("validation"),
            settings=settings,
            failed=failed,
        )
        result = fit_network(learning, task, seed=seed, state_path=state_path, label=name)
        encoder.set_weights(learning.get_weights())
        rows = sample.rows("validation", "test")
        answers = semantic_training.predict(
            encoder, decoder, x, rows, batch_size=settings.batch_size
        )
    meta = {"model": name, "dataset": model.dataset, "synthetic": sample.synthetic}
    return Fitted(
        network=encoder,
        history=experiment.history(result, semantic_training.history_columns(sample.names)),
        predictions=_predictions(sample, rows, *answers, meta),
        timing=Table(
            {"epoch": np.arange(1, len(result.seconds) + 1), "seconds": result.seconds.round(3)}
        ),
        metrics={**meta, **_metrics(model, sample, encoder, result)},
    )


def _predictions(sample, rows, parameters, residuals, meta):
    table = Table(meta=meta)
    table["id"], table["part"] = sample.id[rows], sample.part[rows]
    known, units = profiles.known(sample.profile), profiles.units(sample.profile)
    for index, name in enumerate(sample.names):
        for column, values in ((name, sample.truth[rows]), (f"{name}_predicted", parameters)):
            table[column] = values[:, index]
            if known[name].is_length:
                table[column].description = profiles.length_words(sample.half_width)
            elif units[name]:
                table[column].unit = units[name]
    table["residual"] = residuals
    table["residual"].description = "mean of |image - reconstruction|"
    return table


def _metrics(model, sample, encoder, result):
    """What was trained on what, and how far it came."""
    chosen = result.history[result.chosen_epoch - 1]
    return {
        "network": model.network,
        **dataclasses.asdict(model.encoder),
        "decoder": sample.profile["decoder"],
        "parameters": sample.names,
        "ranges": {name: list(limits) for name, limits in profiles.free(sample.profile).items()},
        "weights": encoder.count_params(),
        "sampling": sample.grid["sampling"],
        "half_width": sample.half_width,
        "noise": sample.noise,
        **dataclasses.asdict(model.training),
        # Below, the loss is a number.
        "loss_form": model.training.loss,
        "best_epoch": result.best_epoch,
        "chosen_epoch": result.chosen_epoch,
        "loss": float(chosen[0]),
        "val_loss": float(chosen[1]),
        "images": {part: len(sample.rows(part)) for part in split_tables.PARTS},
    }
