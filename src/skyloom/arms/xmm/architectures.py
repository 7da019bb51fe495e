"""The small convolution networks that judge X-ray images (degree project, appendix A).

Convolutions of 16, 32 (and 64) filters, each followed by max pooling, then two dense layers and
the output.
"""

import numpy as np

from skyloom.errors import InputError, check_one_of
from skyloom.learn.backend import keras

#: By name: filters of each convolution, side of the pooling after it, widths of the dense layers.
#: ``3conv`` is the document's appendix. Of ``2conv`` it says only "two convolution layers and fewer
#: parameters in the dense layers"; its sizes are our choice: 825,121 parameters at 162 x 162.
ARCHITECTURES = {
    "3conv": {"filters": (16, 32, 64), "pools": (2, 2, 2), "dense": (128, 16)},
    "2conv": {"filters": (16, 32), "pools": (2, 4), "dense": (64, 16)},
}
INITIALIZERS = {"glorot": keras.initializers.GlorotUniform, "he": keras.initializers.HeUniform}


def build(
    shape,
    target,
    *,
    architecture="3conv",
    kernel=3,
    dropout=0.0,
    batch_normalization=False,
    initializer="glorot",
    seed=0,
):
    """A network with fresh weights.

    Parameters
    ----------
    shape : tuple of int
        Of an image, (H, W, C).
    target : `skyloom.learn.targets.Target`
        Decides the outputs.
    architecture : {'3conv', '2conv'}
    kernel : int
        Side of every convolution's filters, pixels.
    dropout : float
        Fraction dropped after the first dense layer; 0 for none.
    batch_normalization : bool
        One after the first pooling, where the document's code has it.
    initializer : {'glorot', 'he'}
        Of the weights, uniform; Glorot is Keras's default, which the document left.
    seed : int
        Of weights and dropout.

    Returns
    -------
    keras.Model
        (n, H, W, C) -> binary: (n, 1) probability of the positive side; classes: (n, classes)
        probabilities; ordinal: (n, classes - 1) falling probabilities of a label above 0, 1, ...

    Raises
    ------
    InputError
        If the architecture is unknown or the image too small for its poolings.
    """
    check_one_of("architecture", architecture, ARCHITECTURES)
    parts = ARCHITECTURES[architecture]
    least = int(np.prod(parts["pools"]))
    if min(shape[:2]) < least:
        raise InputError(
            f"images of {shape[0]}x{shape[1]} pixels are too small for {architecture}, which "
            f"pools {least}x{least} pixels into one: choose a dataset with less rebinning."
        )
    # One independent stream a layer: an initialiser's seed must not repeat.
    seeds = iter(np.random.SeedSequence(seed).generate_state(8).tolist())

    def start():
        return INITIALIZERS[initializer](seed=next(seeds))

    image = keras.Input(tuple(shape), name="image")
    x = image
    for number, (filters, pool) in enumerate(zip(parts["filters"], parts["pools"], strict=True), 1):
        options = {"padding": "same", "activation": "relu", "kernel_initializer": start()}
        x = keras.layers.Conv2D(filters, kernel, name=f"convolution_{number}", **options)(x)
        x = keras.layers.MaxPooling2D(pool, name=f"pooling_{number}")(x)
        if batch_normalization and number == 1:
            x = keras.layers.BatchNormalization(name="batch_normalization")(x)
    x = keras.layers.Flatten(name="flatten")(x)
    for number, width in enumerate(parts["dense"], 1):
        options = {"activation": "relu", "kernel_initializer": start()}
        x = keras.layers.Dense(width, name=f"dense_{number}", **options)(x)
        if dropout and number == 1:
            x = keras.layers.Dropout(dropout, seed=next(seeds), name="dropout")(x)
    activation = {"binary": "sigmoid", "classes": "softmax", "ordinal": "linear"}[target.kind]
    options = {"activation": activation, "kernel_initializer": start()}
    x = keras.layers.Dense(target.outputs, name="output", **options)(x)
    if target.kind == "ordinal":
        x = _falling_probabilities(x)
    return keras.Model(image, x, name=f"epic_{architecture}")


def _falling_probabilities(z):
    """`skyloom.learn.targets.falling` and a sigmoid, as layers that any Keras can load."""
    first = _named(z[:, :1], "first")
    steps = _named(keras.ops.softplus(_named(z[:, 1:], "rest")), "steps")
    logits = _named(keras.ops.concatenate([first, _named(-steps, "down")], axis=1), "joined")
    logits = _named(keras.ops.cumsum(logits, axis=1), "logits")
    return keras.layers.Activation("sigmoid", name="above")(logits)


def _named(tensor, name):
    """Name an operation: Keras numbers them by how many the process has made."""
    tensor._keras_history.operation.name = name
    return tensor
