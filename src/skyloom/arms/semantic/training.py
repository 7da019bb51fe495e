"""What a semantic autoencoder learns by `skyloom.learn.training`: to describe what it is shown.

The network is shown images only; what it makes of them is decoded by a physical model and compared
with the images.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from skyloom.arms.semantic.encoder import ANGLE, INITIALIZERS
from skyloom.errors import InputError
from skyloom.learn import batches, sub_batches
from skyloom.learn.backend import keras, tf
from skyloom.learn.checkpoints import Limits
from skyloom.learn.optimizers import Adadelta, Adam
from skyloom.learn.training import Task, collect

if TYPE_CHECKING:
    from skyloom.learn.batches import Samples


#: Batches of images that go to TensorFlow at a time: a call costs as much as a small network.
_BATCHES = 16
#: Rows that are looked at at a time where nothing is learnt.
_BLOCK = 500


@dataclasses.dataclass(frozen=True)
class Settings(Limits):
    """How to train; each field is a key of ``semantic.training``; see also `Limits`.

    Attributes
    ----------
    optimizer : {'adadelta', 'adam'}
        Adadelta (Zeiler 2012) is the paper's.
    rho : float
        Decay of Adadelta's memory.
    decay : {'constant', 'cosine'}
        Whether the rate falls to 0 at the last step, as half a wave of the cosine.
    loss : {'relative', 'mean'}
        What is made smaller: the mean absolute difference of image and reconstruction over the mean
        absolute pixel of the training side, or itself, as published. Where images are nearly empty
        (a mean pixel of 0.001; the article's have 0.14) the squared gradients of the latter are far
        below the epsilon of Adadelta, 1e-7: it takes steps as small as they are.
    target : {'noisy', 'clean'}
        What a reconstruction is compared with: the image that was given, which is all that an
        observer has, or the profile that it was made of, before noise and speckle, as the
        article's code does (cell 21 of its notebook).
    initializer : {'matched', 'glorot_uniform'}
        See `skyloom.arms.semantic.encoder.build`.
    precision : {'float32', 'bfloat16'}
        See `skyloom.arms.semantic.encoder.build`.
    """

    section: ClassVar = "semantic.training"
    choices: ClassVar = {
        "optimizer": ("adadelta", "adam"),
        "decay": ("constant", "cosine"),
        "loss": ("relative", "mean"),
        "target": ("noisy", "clean"),
        "initializer": INITIALIZERS,
        "restore": ("best", "last"),
        "precision": ("float32", "bfloat16"),
    }

    batch_size: int = 20
    learning_rate: float = 1.0
    optimizer: str = "adadelta"
    rho: float = 0.95
    decay: str = "constant"
    loss: str = "relative"
    target: str = "noisy"
    initializer: str = "matched"
    precision: str = "float32"

    def __post_init__(self):
        """Refuse what cannot be trained with; names the key and what is allowed."""
        super().__post_init__()
        if not 0 <= self.rho < 1:
            raise InputError(f"semantic.training.rho is {self.rho}: it must be in [0, 1).")

    def make_optimizer(self, steps):
        """The optimizer for a training of so many steps."""
        rate = self.learning_rate
        if self.decay == "cosine":
            rate = keras.optimizers.schedules.CosineDecay(rate, steps)
        if self.optimizer == "adam":
            return Adam(learning_rate=rate)
        return Adadelta(learning_rate=rate, rho=self.rho)


def history_columns(names):
    """Columns of the history after the epoch, of a network with these parameters.

    The loss of the training side is a mean over the epoch while it is learning, as Keras records
    it; those of the validation side are taken after the epoch. The learning rate is that of the
    epoch's first step.
    """
    spread = [f"sigma_{name}" for name in names]
    return ["loss", "val_loss", "learning_rate", *spread, *(["failed"] if ANGLE in names else [])]


def task(
    decoder,
    images: Samples,
    truth: np.ndarray,
    *,
    train: np.ndarray,
    validation: np.ndarray,
    settings: Settings,
    failed: float = 10.0,
) -> Task:
    """The task of describing images so that `decoder` makes them of the description.

    Parameters
    ----------
    decoder : keras.layers.Layer
        Without weights, such as `skyloom.arms.semantic.decoder.ProfileDecoder`; `names` are its
        parameters.
    images : `skyloom.learn.batches.Samples`
    truth : (N, parameters) array
        What the images were made with. Judged by in the history, never learnt from; if
        ``settings.target`` is clean, shown to the decoder.
    train, validation : (n,) int arrays
        Rows of either side.
    settings : Settings
    failed : float
        Degrees beyond which an angle has failed.

    Returns
    -------
    `skyloom.learn.training.Task`
        Of a network that `skyloom.arms.semantic.encoder.build` gives.

    Raises
    ------
    InputError
        If a side is empty.
    """
    truth, train = np.asarray(truth, np.float64), np.asarray(train)
    history = history_columns(decoder.names)
    described = {key: decoder.get_config()[key] for key in ("profile", "grid")}
    unit = _brightness(images, train) if settings.loss == "relative" else 1.0
    steps = -(-len(train) // settings.batch_size) * settings.epochs

    def learn(network, x, *truth):
        made = decoder(_parameters(network, x, training=True))
        loss = tf.reduce_mean(tf.abs(made - _target(decoder, x, *truth)))
        return loss / unit, (tf.cast(loss, tf.float64) * x.shape[0],)

    def judge(made, rows):
        judged = spread(made[:, :-1], truth[rows], decoder.names, failed)
        return {
            "val_loss": float(made[:, -1].mean()),
            **dict(zip(history[3:], judged, strict=True)),
        }

    return Task(
        samples=images,
        columns=(np.float32(truth),) if settings.target == "clean" else (),
        train=train,
        validation=np.asarray(validation),
        limits=settings,
        optimizer=lambda: settings.make_optimizer(steps),
        learn=learn,
        measures=("loss",),
        ask=lambda network, x, *truth: _judged(network, decoder, x, *truth),
        judge=judge,
        history=history,
        together=_BATCHES,
        facts=(failed, described, truth),
        remedy="change the images of semantic.datasets",
    )


def predict(
    network, decoder, images, rows: np.ndarray, *, batch_size: int = 20
) -> tuple[np.ndarray, np.ndarray]:
    """Parameters of images and how well they describe them.

    Parameters
    ----------
    network, decoder, images
        See `task`.
    rows : (n,) int array
    batch_size : int

    Returns
    -------
    parameters : (n, parameters) float64 array
    residuals : (n,) float64 array
        Mean absolute difference of image and reconstruction, of each image.
    """
    ask = tf.function(lambda x: _judged(network, decoder, x))
    made = collect(ask, batches.stacks(images, rows, (), batch_size=batch_size, together=_BATCHES))
    return made[:, :-1], made[:, -1]


def spread(
    predicted: np.ndarray, truth: np.ndarray, names: list[str], failed: float
) -> list[float]:
    """Dispersions as published, and the share of failed angles, in the history's order.

    Parameters
    ----------
    predicted, truth : (n, parameters) arrays
    names : list of str
    failed : float
        Degrees.

    Returns
    -------
    list of float
        Standard deviation of predicted less true, one a parameter; that of the angle, a linear
        difference, of 10 < theta < 170 degrees only (section 3.2 of the semantic autoencoder
        paper). Then, if there is an angle, the share of linear differences beyond `failed`.
    """
    difference, found = np.asarray(predicted) - np.asarray(truth), []
    for index, name in enumerate(names):
        values = difference[:, index]
        if name == ANGLE:
            angle = np.asarray(truth)[:, index]
            values = values[(angle > 10) & (angle < 170)]
        found.append(float(np.std(values)) if len(values) else float("nan"))
    if ANGLE in names:
        found.append(float(np.mean(np.abs(difference[:, names.index(ANGLE)]) > failed)))
    return found


def _parameters(network, x, *, training):
    """The network's answer, its convolutions on parts of the batch side by side."""
    outputs = sub_batches.outputs(network, x, training=training, parts=1)
    return network.layers[-1](tf.sigmoid(outputs))


def _judged(network, decoder, x, *truth):
    """Parameters of each image, and last its mean absolute difference of the reconstruction."""
    parameters = _parameters(network, x, training=False)
    difference = decoder(parameters) - _target(decoder, x, *truth)
    residual = tf.reduce_mean(tf.abs(difference), axis=(1, 2, 3))
    return tf.concat([parameters, residual[:, None]], axis=1)


def _target(decoder, x, *truth):
    """What a reconstruction is compared with: the images, or those of true parameters, if given."""
    return decoder(*truth) if truth else x


def _brightness(images, rows):
    """Mean absolute pixel of these rows, 1 where all are empty; in order, so always the same."""
    total = 0.0
    for first in range(0, len(rows), _BLOCK):
        block = images.take(rows[first : first + _BLOCK])
        total += float(np.abs(block).sum(dtype=np.float64))
    return total / (max(1, len(rows)) * np.prod(images.shape)) or 1.0
