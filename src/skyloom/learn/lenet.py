"""The network of handwritten digits that the sdss article calls "MNIST", on small drawings.

The article prints of it only the input, 28 x 28 x 1, and cites LeCun et al. 1998; a row of its
table 1 gives it 15 layers where LeNet-5 has seven. So the layers are our choice: those of LeNet-5
(two convolutions of 5 x 5 with 6 and 16 filters, dense layers of 120 and 84), as such networks are
written today: every filter of the second convolution sees all six planes, max pooling, ReLU,
softmax. 61,111 parameters with three classes (61,706 with the ten digits).
"""

from __future__ import annotations

import numpy as np

from skyloom.errors import InputError
from skyloom.learn.backend import keras

#: Least side of an image, pixels: what the layers leave of it must not vanish.
LEAST = 12


def build(shape: tuple[int, ...], classes: int, *, seed: int = 0) -> keras.Model:
    """A network with fresh weights.

    Parameters
    ----------
    shape : tuple of int
        Of an image, (H, W, 1).
    classes : int
    seed : int
        Of the initial weights, Glorot uniform.

    Returns
    -------
    keras.Model
        (n, H, W, 1), 0 (line) to 255 (paper) -> (n, classes) probabilities. The network itself
        turns the drawing into bright strokes on black between 0 and 1, as the digits were.

    Raises
    ------
    InputError
        If images have more channels than one or are too small.
    """
    if len(shape) != 3 or shape[2] != 1 or min(shape[:2]) < LEAST:
        raise InputError(
            f"images of shape {tuple(shape)} do not suit lenet, which takes one channel of at "
            f"least {LEAST}x{LEAST} pixels: train it on the dataset images_28."
        )
    # One independent stream a layer: an initialiser's seed must not repeat.
    seeds = iter(np.random.SeedSequence(seed).generate_state(8).tolist())

    def start(activation="relu"):
        initializer = keras.initializers.GlorotUniform(seed=next(seeds))
        return {"activation": activation, "kernel_initializer": initializer}

    image = keras.Input(tuple(shape), name="image")
    x = keras.layers.Rescaling(-1 / 255, offset=1.0, name="strokes")(image)
    # LeCun's input is padded from 28 to 32 pixels.
    x = keras.layers.Conv2D(6, 5, padding="same", name="convolution_1", **start())(x)
    x = keras.layers.MaxPooling2D(2, name="pooling_1")(x)
    x = keras.layers.Conv2D(16, 5, name="convolution_2", **start())(x)
    x = keras.layers.MaxPooling2D(2, name="pooling_2")(x)
    x = keras.layers.Flatten(name="flatten")(x)
    x = keras.layers.Dense(120, name="dense_1", **start())(x)
    x = keras.layers.Dense(84, name="dense_2", **start())(x)
    x = keras.layers.Dense(classes, name="output", **start("softmax"))(x)
    return keras.Model(image, x, name="lenet")
