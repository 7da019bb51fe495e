"""The one-dimensional convolution networks of the two studies of spectra.

``initial`` and ``modified`` read He I 4471 (Olivares, tables 2 and 3, figures 8 and 9);
``starnet`` is that of Saldic and Rathcke's slides, after Fabbro et al. 2018. All are plain Keras
layers with Keras's initial weights (Glorot uniform, biases zero): neither document names another
start, not even for selu, which Klambauer et al. 2017 pair with LeCun's.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from skyloom.errors import InputError, check_one_of
from skyloom.learn.backend import keras


@dataclasses.dataclass(frozen=True)
class Architecture:
    """Layers before the output.

    Attributes
    ----------
    convolutions : tuple of (filters, kernel)
        In pixels.
    activation, dense_activation : str
    dense : tuple of int
        Widths.
    padding : {'valid', 'same'}
    pool : int
        Pixels that the max pooling after the convolutions makes one of; 1 for none.
    reshaped : bool
        Whether spectra enter as (n, pixels), to be given their one channel by the network itself.
    """

    convolutions: tuple
    activation: str
    dense: tuple
    dense_activation: str
    padding: str = "valid"
    pool: int = 1
    reshaped: bool = False


#: By name. With 201 pixels and three labels ``initial`` has 100,755 parameters and ``modified``
#: 384,435; with 7,447 and four ``starnet`` has 7,658,520.
ARCHITECTURES = {
    "initial": Architecture(((32, 7), (16, 3)), "relu", (32,), "selu"),
    "modified": Architecture(((32, 7), (16, 3), (64, 15)), "selu", (32, 16), "selu"),
    "starnet": Architecture(((4, 32), (16, 32)), "relu", (256, 128), "relu", "same", 4, True),
}


def build(
    name: str, pixels: int, labels: int, *, heteroscedastic: bool = False, seed: int = 0
) -> keras.Model:
    """A network with fresh weights.

    Parameters
    ----------
    name : str
        One of `ARCHITECTURES`.
    pixels : int
    labels : int
        Numbers to predict.
    heteroscedastic : bool
        Whether a logarithm of the variance follows for each label (Nix & Weigend 1994): the last
        layer is then twice as wide and the counts above grow by its added part.
    seed : int
        Of the initial weights.

    Returns
    -------
    keras.Model
        (n, pixels, 1), for ``starnet`` (n, pixels) -> (n, labels) or (n, 2 labels): means first.

    Raises
    ------
    InputError
        If the name is unknown or a spectrum too short for the layers.
    """
    check_one_of("network", name, ARCHITECTURES)
    parts = ARCHITECTURES[name]
    lost = sum(k - 1 for _, k in parts.convolutions) if parts.padding == "valid" else 0
    if pixels - lost < parts.pool:
        raise InputError(
            f"spectra of {pixels} pixels are too short for the network {name}, which needs "
            f"{lost + parts.pool}: raise pixels or choose another network."
        )
    # One independent stream a layer: an initialiser's seed must not repeat.
    seeds = iter(np.random.SeedSequence(seed).generate_state(8).tolist())

    def start():
        return keras.initializers.GlorotUniform(seed=next(seeds))

    spectrum = keras.Input((pixels,) if parts.reshaped else (pixels, 1), name="spectrum")
    x = spectrum
    if parts.reshaped:
        x = keras.layers.Reshape((pixels, 1), name="reshape")(x)
    for number, (filters, kernel) in enumerate(parts.convolutions, 1):
        x = keras.layers.Conv1D(
            filters,
            kernel,
            padding=parts.padding,
            activation=parts.activation,
            kernel_initializer=start(),
            name=f"convolution_{number}",
        )(x)
    if parts.pool > 1:
        x = keras.layers.MaxPooling1D(parts.pool, name="pooling")(x)
    x = keras.layers.Flatten(name="flatten")(x)
    for number, width in enumerate(parts.dense, 1):
        options = {"activation": parts.dense_activation, "kernel_initializer": start()}
        x = keras.layers.Dense(width, name=f"dense_{number}", **options)(x)
    outputs = 2 * labels if heteroscedastic else labels
    x = keras.layers.Dense(outputs, kernel_initializer=start(), name="output")(x)
    return keras.Model(spectrum, x, name=name)
