"""The thesis's regression head on VGG16's features, and the whole network for saving."""

from __future__ import annotations

import json
import re
import zipfile

import numpy as np

from skyloom.errors import InputError
from skyloom.io.files import atomic
from skyloom.learn.backend import keras

#: Widths of the fully connected layers (thesis, section III.2).
WIDTHS = (64, 128, 256, 512, 256)


def head(
    feature_shape: tuple[int, ...],
    *,
    output_activation: str = "linear",
    convolution_activation: str = "linear",
    dropout: float = 0.2,
    seed: int = 0,
) -> keras.Model:
    """The trainable part: features of one image -> one number.

    A 1x1 convolution to one channel, five fully connected layers, dropout, one output: 309,186
    parameters on (8, 8, 512) features.

    Parameters
    ----------
    feature_shape : tuple of int
        (rows, columns, channels).
    output_activation : {'linear', 'relu'}
        ``relu`` is the thesis's; it cannot predict a label below zero (sSFR < 1e-15 / yr).
    convolution_activation : {'linear', 'relu'}
        ``relu`` is the thesis's. VGG16's features are all positive, so the single filter gives
        one sign almost everywhere, set by its random start: when it is negative, ReLU returns
        zero for every image, no gradient passes, and the network predicts a constant for ever.
        Of 100 seeds on clumpy discs seen by the bsds500 weights, 1 filter was dead and 11 more
        nearly so before the first step with raw input, 5 and 17 with ``vgg16`` scaling.
    dropout : float
        Fraction dropped before the output.
    seed : int
        Of the initial weights (Glorot uniform) and of the dropout.

    Returns
    -------
    keras.Model
        (n, *feature_shape) float32 -> (n, 1) float32.

    Raises
    ------
    InputError
        If an activation is not one of the two.
    """
    for key, value in (
        ("output_activation", output_activation),
        ("convolution_activation", convolution_activation),
    ):
        if value not in ("linear", "relu"):
            raise InputError(
                f"tng.training.{key} is {value!r}: choose 'linear' or 'relu' (the thesis)."
            )
    # One independent stream a layer: an initialiser's seed must not repeat.
    seeds = np.random.SeedSequence(seed).generate_state(len(WIDTHS) + 3).tolist()

    def start(index):
        return keras.initializers.GlorotUniform(seed=seeds[index])

    features = keras.Input(tuple(feature_shape), name="features")
    x = keras.layers.Conv2D(
        1, 1, activation=convolution_activation, kernel_initializer=start(0), name="convolution"
    )(features)
    x = keras.layers.Flatten(name="flatten")(x)
    for index, width in enumerate(WIDTHS, 1):
        x = keras.layers.Dense(
            width, activation="relu", kernel_initializer=start(index), name=f"dense_{index}"
        )(x)
    x = keras.layers.Dropout(dropout, seed=seeds[-1], name="dropout")(x)
    value = keras.layers.Dense(
        1, activation=output_activation, kernel_initializer=start(-2), name="value"
    )(x)
    return keras.Model(features, value, name="head")


def full_model(backbone: keras.Model, head: keras.Model):
    """The whole network, image -> prediction, as it is saved.

    Parameters
    ----------
    backbone, head : keras.Model
        From `skyloom.learn.vgg16.backbone` and `head`.
    """
    image = keras.Input(backbone.input_shape[1:], name="image")
    return keras.Model(image, head(backbone(image)), name="skyloom_vgg16")


def save(model, path) -> None:
    """Save a model as ``.keras``, so that equal models give equal bytes."""
    with atomic(path) as temporary:
        model.save(temporary)
        normalise_keras_file(temporary)


def load(path):
    """A network that `save` wrote.

    Raises
    ------
    InputError
        If the file is missing or no Keras model.
    """
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:
        # A zip of JSON and HDF5 can be damaged in more ways than can be foreseen.
        reason = " ".join(str(error).split())[:200].rstrip(".")
        raise InputError(
            f"{path} is not a readable network ({reason}): remove it and train again."
        ) from error


def normalise_keras_file(path) -> None:
    """Rewrite a ``.keras`` file without the time of saving and addresses in memory."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in sorted(archive.namelist())}
    metadata = json.loads(members["metadata.json"])
    metadata["date_saved"] = "1980-01-01@00:00:00"
    members["metadata.json"] = json.dumps(metadata, sort_keys=True).encode()
    # Keras labels shared objects by their address in memory: number them by appearance instead.
    label, order = re.compile(rb'(?<="shared_object_id": )\d+'), {}
    members["config.json"] = label.sub(
        lambda match: b"%d" % order.setdefault(match[0], len(order) + 1), members["config.json"]
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content)
