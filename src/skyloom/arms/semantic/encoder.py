"""The encoder of the semantic autoencoder: an image in, the parameters of a physical model out.

Importing this module is all that `keras.saving.load_model` needs to load a saved encoder.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from skyloom.errors import InputError, check_one_of
from skyloom.learn.backend import keras

ops = keras.ops

#: How the angle of a profile comes out of the last dense layer.
ANGLES = ("cos_sin_2theta", "theta")
#: What a sigmoid output means for the other parameters.
OUTPUTS = ("range", "direct")
#: How the weights begin.
INITIALIZERS = ("matched", "glorot_uniform")
#: Of the parameter that is periodic; its period in degrees.
ANGLE, PERIOD = "angle", 180.0
# Below this length (cos 2 theta, sin 2 theta) has no direction that single precision could tell.
_SHORTEST = 1e-6


def limits(
    low: float, high: float, *, minimum: float, maximum: float, margin: float
) -> tuple[float, float]:
    """What an output may say of a parameter that is drawn between `low` and `high`.

    Parameters
    ----------
    low, high : float
    minimum, maximum : float
        Within which the parameter means something.
    margin : float
        Of the range, added on either side: a sigmoid reaches its ends at infinity only.

    Returns
    -------
    low, high : float
        A parameter that cannot be negative stays above half of its lowest value: a profile that
        shrinks to a point between the pixels' centres would leave no light to learn from.
    """
    width = high - low
    least = max(minimum, low / 2) if minimum >= 0 else minimum
    return max(low - margin * width, least), min(high + margin * width, maximum)


@keras.saving.register_keras_serializable(package="skyloom")
class PhysicalParameters(keras.layers.Layer):
    """From sigmoid outputs to the parameters of a physical model; no weights.

    Parameters
    ----------
    names : list of str
        Of the parameters, in the order of the model that decodes them.
    lows, highs : list of float
        What an output of 0 or 1 stands for; not looked at for the angle.
    angle : {'cos_sin_2theta', 'theta'}
        ``theta``: one output s, theta = 180 s degrees (section 3.1.3 of the semantic autoencoder
        paper); discontinuous at 0 = 180. ``cos_sin_2theta``: two outputs, 2 s - 1 being the
        direction of 2 theta, which has no ends; its length is free.

    Notes
    -----
    (n, `width`) -> (n, parameters), the angle in degrees in [0, 180).
    """

    def __init__(
        self,
        names: list[str],
        lows: list[float],
        highs: list[float],
        angle: str = "cos_sin_2theta",
        **options,
    ) -> None:
        # Of a fixed name, so that an unfinished training knows its network again.
        super().__init__(**{"name": "parameters", **options})
        check_one_of("semantic.encoder.angle", angle, ANGLES)
        self.names, self.angle = list(names), angle
        self.lows, self.highs = [float(x) for x in lows], [float(x) for x in highs]

    @property
    def width(self):
        """How many sigmoid outputs are needed."""
        return len(self.names) + (ANGLE in self.names and self.angle == "cos_sin_2theta")

    def call(self, outputs):
        """Parameters in physical units."""
        found, at = [], 0
        for name, low, high in zip(self.names, self.lows, self.highs, strict=True):
            value = outputs[:, at : at + 1]
            at += 1
            if name != ANGLE:
                found.append(low + (high - low) * value)
            elif self.angle == "theta":
                found.append(PERIOD * value)
            else:
                found.append(_direction(2 * value - 1, 2 * outputs[:, at : at + 1] - 1))
                at += 1
        return ops.concatenate(found, axis=1)

    def compute_output_shape(self, input_shape):
        """(n, parameters)."""
        return (input_shape[0], len(self.names))

    def get_config(self):
        """All that makes an equal layer."""
        own = {key: getattr(self, key) for key in ("names", "lows", "highs", "angle")}
        return {**super().get_config(), **own}


def _direction(cosine, sine):
    """Half the angle of a vector, in degrees in [0, 180), with a finite derivative everywhere."""
    short = ops.square(cosine) + ops.square(sine) < _SHORTEST**2
    angle = ops.arctan2(sine, ops.where(short, _SHORTEST, cosine)) * (PERIOD / (2 * np.pi))
    angle = ops.where(angle < 0, angle + PERIOD, angle)
    # A tiny negative angle has been rounded up to the period itself.
    return ops.where(angle >= PERIOD, angle - PERIOD, angle)


def build(
    shape: tuple[int, ...],
    parameters: PhysicalParameters,
    *,
    convolutions: Sequence[int],
    dense: Sequence[int],
    precision: str = "float32",
    initializer: str = "matched",
    seed: int = 0,
) -> keras.Model:
    """An encoder with fresh weights.

    Parameters
    ----------
    shape : tuple of int
        Of an image, (H, W, C).
    parameters : PhysicalParameters
    convolutions : sequence of int
        Filters of each 3x3 convolution (ReLU); after every second one, 2x2 max-pooling. Published:
        32, 32, 64, 64, 128, 128.
    dense : sequence of int
        Widths of the dense layers before the outputs (sigmoid). Published: 64, 32.
    precision : {'float32', 'bfloat16'}
        Of the convolutions' arithmetic; weights are float32 either way, and so are the dense
        layers and the parameters. Some processors and most graphics cards multiply bfloat16
        several times faster; others give the same and are slower than with float32.
    initializer : {'matched', 'glorot_uniform'}
        ``matched``: of the layer's activation: He et al. (2015) before ReLU, four times the limits
        of Glorot & Bengio (2010) before the hidden sigmoids, whose slope is a quarter of what those
        limits are made for, and the plain limits before the outputs, which so begin in the middle
        of their ranges. ``glorot_uniform``: Keras's default everywhere, as published: training
        then begins with a plateau of some epochs, on which the angle stays unlearnt.
    seed : int
        Of the weights.

    Returns
    -------
    keras.Model
        (n, H, W, C) -> (n, parameters).

    Raises
    ------
    InputError
        If the image is too small for the poolings.

    Notes
    -----
    Section 3.1.1 of the semantic autoencoder paper; sizes of the smaller networks follow from the
    counts of its table 1.
    """
    least = 2 ** (len(convolutions) // 2)
    if min(shape[:2]) < least:
        raise InputError(
            f"images of {shape[0]}x{shape[1]} pixels are too small for {len(convolutions)} "
            f"convolutions, which pool {least}x{least} pixels into one: choose fewer of them."
        )
    # One independent stream a layer: an initialiser's seed must not repeat.
    count = len(convolutions) + len(dense) + 1
    seeds = iter(np.random.SeedSequence(seed).generate_state(count).tolist())
    policy = "mixed_bfloat16" if precision == "bfloat16" else "float32"

    def start(kind):
        if initializer == "glorot_uniform" or kind == "output":
            return keras.initializers.GlorotUniform(seed=next(seeds))
        if kind == "relu":
            return keras.initializers.HeNormal(seed=next(seeds))
        # Variance goes as the square of the limits.
        return keras.initializers.VarianceScaling(16.0, "fan_avg", "uniform", seed=next(seeds))

    image = keras.Input(tuple(shape), name="image")
    x = image
    for number, filters in enumerate(convolutions, 1):
        x = keras.layers.Conv2D(
            *(filters, 3),
            padding="same",
            activation="relu",
            kernel_initializer=start("relu"),
            dtype=policy,
            name=f"convolution_{number}",
        )(x)
        if number % 2 == 0:
            x = keras.layers.MaxPooling2D(2, dtype=policy, name=f"pooling_{number // 2}")(x)
    x = keras.layers.Flatten(dtype="float32", name="flatten")(x)
    names = [f"dense_{number}" for number in range(1, len(dense) + 1)] + ["output"]
    for name, width in zip(names, [*dense, parameters.width], strict=True):
        first = start("output" if name == "output" else "sigmoid")
        options = {"kernel_initializer": first, "dtype": "float32", "name": name}
        x = keras.layers.Dense(width, activation="sigmoid", **options)(x)
    return keras.Model(image, parameters(x), name="semantic_encoder")
