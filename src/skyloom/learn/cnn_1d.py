"""A small convolution network on the spectrum itself: the baseline beside networks on drawings.

Ours; no document has it. Three times a convolution of 9 pixels with 16, 32 and 64 filters, ReLU
and max pooling by 4, then a dense layer of 64 and softmax: 310,275 parameters with 4,500 pixels
and three classes.
"""

from __future__ import annotations

import numpy as np

from skyloom.errors import InputError
from skyloom.learn.backend import keras

FILTERS, KERNEL, POOL, DENSE = (16, 32, 64), 9, 4, 64


def build(pixels: int, classes: int, *, seed: int = 0) -> keras.Model:
    """A network with fresh weights.

    Parameters
    ----------
    pixels : int
        Of a spectrum.
    classes : int
    seed : int
        Of the initial weights, Glorot uniform.

    Returns
    -------
    keras.Model
        (n, pixels) -> (n, classes) probabilities.

    Raises
    ------
    InputError
        If a spectrum is too short for the poolings.
    """
    least = POOL ** len(FILTERS)
    if pixels < least:
        raise InputError(
            f"spectra of {pixels} pixels are too short for cnn_1d, which pools {least} pixels "
            "into one: raise sdss.grid.pixels."
        )
    # One independent stream a layer: an initialiser's seed must not repeat.
    seeds = iter(np.random.SeedSequence(seed).generate_state(8).tolist())

    def start(activation="relu"):
        initializer = keras.initializers.GlorotUniform(seed=next(seeds))
        return {"activation": activation, "kernel_initializer": initializer}

    spectrum = keras.Input((pixels,), name="spectrum")
    x = keras.layers.Reshape((pixels, 1), name="reshape")(spectrum)
    for number, filters in enumerate(FILTERS, 1):
        options = {"padding": "same", "name": f"convolution_{number}", **start()}
        x = keras.layers.Conv1D(filters, KERNEL, **options)(x)
        x = keras.layers.MaxPooling1D(POOL, name=f"pooling_{number}")(x)
    x = keras.layers.Flatten(name="flatten")(x)
    x = keras.layers.Dense(DENSE, name="dense", **start())(x)
    x = keras.layers.Dense(classes, name="output", **start("softmax"))(x)
    return keras.Model(spectrum, x, name="cnn_1d")
