"""Training a semantic autoencoder: self-supervised, resumable, the same bits on any cores.

The network is shown images only; what it makes of them is decoded by a physical model and compared
with the images. The mathematics is that of ``keras.Model.fit`` (a test compares them). The caller
calls `settle` first.
"""

import dataclasses
import functools
import time

import keras
import numpy as np
import tensorflow as tf

from skyloom.errors import InputError, nearest
from skyloom.io import create_dataset
from skyloom.networks import batches, chain, devices
from skyloom.networks.adam import Adam
from skyloom.networks.epoch import Adadelta
from skyloom.networks.semantic_encoder import ANGLE, INITIALIZERS
from skyloom.networks.state import Resumable

#: Of the file that keeps an unfinished training; another is not taken up.
_STATE_FORMAT = 4
#: Batches of images that go to TensorFlow at a time: a call costs as much as a small network.
_BATCHES = 16
#: Rows that are looked at at a time where nothing is learnt.
_BLOCK = 500
_CHOICES = {
    "optimizer": ("adadelta", "adam"),
    "decay": ("constant", "cosine"),
    "loss": ("relative", "mean"),
    "target": ("noisy", "clean"),
    "initializer": INITIALIZERS,
    "restore": ("best", "last"),
    "precision": ("float32", "bfloat16"),
}


def settle(threads):
    """Make this process's results repeatable; to be called before TensorFlow computes.

    Parameters
    ----------
    threads : int
        Of `skyloom.networks.threads.threads_of`: the same bits on any number of cores, on which
        they take turns.
    """
    devices.use_threads(threads)
    tf.config.experimental.enable_op_determinism()


@dataclasses.dataclass(frozen=True)
class Settings:
    """How to train; each field is a key of ``semantic.training``.

    Attributes
    ----------
    epochs : int
        Passes over the training side.
    batch_size : int
    optimizer : {'adadelta', 'adam'}
        Adadelta (Zeiler 2012) is the paper's.
    learning_rate : float
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
        See `skyloom.networks.semantic_encoder.build`.
    restore : {'best', 'last'}
        Which weights predict: those of the lowest validation loss, or the latest.
    precision : {'float32', 'bfloat16'}
        See `skyloom.networks.semantic_encoder.build`.
    """

    epochs: int
    batch_size: int = 20
    optimizer: str = "adadelta"
    learning_rate: float = 1.0
    rho: float = 0.95
    decay: str = "constant"
    loss: str = "relative"
    target: str = "noisy"
    initializer: str = "matched"
    restore: str = "best"
    precision: str = "float32"

    def __post_init__(self):
        """Refuse what cannot be trained with; names the key and what is allowed."""
        for key, allowed in _CHOICES.items():
            value = getattr(self, key)
            if value not in allowed:
                raise InputError(
                    f"semantic.training.{key} is {value!r}, nearest is "
                    f"{nearest(value, allowed)!r}: choose one of {', '.join(allowed)}."
                )
        for key in ("epochs", "batch_size", "learning_rate"):
            if not getattr(self, key) > 0:
                raise InputError(
                    f"semantic.training.{key} is {getattr(self, key)}: it must be positive."
                )
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


@dataclasses.dataclass
class Result:
    """What a training gives.

    Attributes
    ----------
    history : (epochs, columns) float64 array
        See `history_columns`.
    seconds : (epochs,) array
        That each epoch took, its judging included.
    best_epoch : int
        Epoch of the lowest validation loss.
    chosen_epoch : int
        Epoch whose weights the network has.
    """

    history: np.ndarray
    seconds: np.ndarray
    best_epoch: int
    chosen_epoch: int


def history_columns(names):
    """Columns of the history after the epoch, of a network with these parameters.

    The loss of the training side is a mean over the epoch while it is learning, as Keras records
    it; those of the validation side are taken after the epoch. The learning rate is that of the
    epoch's first step.
    """
    spread = [f"sigma_{name}" for name in names]
    return ["loss", "val_loss", "learning_rate", *spread, *(["failed"] if ANGLE in names else [])]


def train(
    network,
    decoder,
    images,
    truth,
    *,
    train,
    validation,
    settings,
    failed=10.0,
    seed=0,
    state_path=None,
    save_every=60.0,
    label="training",
):
    """Fit `network` to the training images by what `decoder` makes of its answers.

    Parameters
    ----------
    network : keras.Model
        Freshly made by `skyloom.networks.semantic_encoder.build`; on return it has the weights
        that `settings.restore` chose.
    decoder : keras.layers.Layer
        Without weights, such as `skyloom.networks.profile_decoder.ProfileDecoder`; `names` are its
        parameters.
    images : `skyloom.networks.batches.Samples`
    truth : (N, parameters) array
        What the images were made with. Judged by in the history, never learnt from.
    train, validation : (n,) int arrays
        Rows of either side; the validation side chooses the epoch and is not learnt from.
    settings : Settings
    failed : float
        Degrees beyond which an angle has failed.
    seed : int
        Of the order of the rows, which for an epoch depends on (seed, epoch) only.
    state_path : path, optional
        The whole state is kept there at intervals and at the end; a training that was killed goes
        on from it and ends with the same bits. The caller removes it when its outputs are safe.
    save_every : float
        Seconds between savings.
    label : str
        For the progress bar.

    Returns
    -------
    Result

    Raises
    ------
    InputError
        If a side is empty or the loss stops being finite.
    """
    if not len(train) or not len(validation):
        raise InputError(
            f"there are {len(train)} training and {len(validation)} validation images: both sides "
            "need some; change the images of semantic.datasets."
        )
    run = _Run(network, decoder, images, truth, train, validation, settings, failed, seed)
    run.run(settings.epochs, state_path=state_path, save_every=save_every, label=label)
    if state_path:
        run.save(state_path)
    network.set_weights(run.chosen(settings.restore))
    chosen = run.best_epoch if settings.restore == "best" else run.epoch
    return Result(np.array(run.history), np.array(run.seconds), run.best_epoch, chosen)


def predict(network, decoder, images, rows, *, batch_size=20):
    """Parameters of images and how well they describe them.

    Parameters
    ----------
    network, decoder, images
        See `train`.
    rows : (n,) int array
    batch_size : int

    Returns
    -------
    parameters : (n, parameters) float64 array
    residuals : (n,) float64 array
        Mean absolute difference of image and reconstruction, of each image.
    """
    ask = tf.function(lambda x: _judged(network, decoder, x))
    return _collect(ask, images, (), rows, batch_size)


def spread(predicted, truth, names, failed):
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
    outputs = chain.outputs(network, x, training=training, parts=1)
    return network.layers[-1](tf.sigmoid(outputs))


def _judged(network, decoder, x, *truth):
    parameters = _parameters(network, x, training=False)
    difference = decoder(parameters) - _target(decoder, x, *truth)
    return parameters, tf.reduce_mean(tf.abs(difference), axis=(1, 2, 3))


def _target(decoder, x, *truth):
    """What a reconstruction is compared with: the images, or those of true parameters, if given."""
    return decoder(*truth) if truth else x


def _collect(ask, images, columns, rows, batch_size):
    made = []
    for given in batches.stream(images, rows, columns, batch_size=_BATCHES * batch_size):
        for first in range(0, given[0].shape[0], batch_size):
            asked = (part[first : first + batch_size] for part in given)
            made.append([part.numpy() for part in ask(*asked)])
    return tuple(np.concatenate(part).astype(np.float64) for part in zip(*made, strict=True))


def _brightness(images, rows):
    """Mean absolute pixel of these rows, 1 where all are empty; in order, so always the same."""
    total = 0.0
    for first in range(0, len(rows), _BLOCK):
        block = images.take(rows[first : first + _BLOCK])
        total += float(np.abs(block).sum(dtype=np.float64))
    return total / (len(rows) * np.prod(images.shape)) or 1.0


class _Run(Resumable):
    """A training under way."""

    def __init__(self, network, decoder, images, truth, train, validation, settings, failed, seed):
        self.decoder, self.images, self.settings, self.seed = decoder, images, settings, seed
        self.truth, self.failed = np.asarray(truth, np.float64), failed
        self.train, self.validation = np.asarray(train), np.asarray(validation)
        steps = -(-len(self.train) // settings.batch_size) * settings.epochs
        optimizer = settings.make_optimizer(steps)
        optimizer.build(network.trainable_variables)
        facts = [_STATE_FORMAT, dataclasses.asdict(settings), failed, seed, images.digest]
        facts.append({key: decoder.get_config()[key] for key in ("profile", "grid")})
        super().__init__(network, optimizer, facts, (self.truth, self.train, self.validation))
        self.seconds, self._functions = [], {}
        # Shown to the decoder only.
        self.columns = (np.float32(self.truth),) if settings.target == "clean" else ()
        self.unit = _brightness(images, self.train) if settings.loss == "relative" else 1.0
        self._ask = tf.function(functools.partial(_judged, network, decoder))

    def shown(self):
        """The validation loss and the dispersions."""
        columns = history_columns(self.decoder.names)
        row = dict(zip(columns, self.history[-1], strict=True))
        return {key: f"{row[key]:.3g}" for key in columns if key.startswith(("val", "sigma"))}

    def advance(self, epoch):
        """Learn from every training row once, then judge."""
        begun = time.monotonic()
        rate = float(f"{float(self.optimizer.learning_rate):.7g}")
        loss = self._learn_all(np.random.default_rng([self.seed, epoch]).permutation(self.train))
        if not np.isfinite(loss):
            raise InputError(
                f"the training loss is {loss} in epoch {epoch} with semantic.training."
                f"learning_rate {self.settings.learning_rate} and {self.settings.optimizer}: "
                "choose a smaller learning rate."
            )
        made, residuals = _collect(
            self._ask, self.images, self.columns, self.validation, self.settings.batch_size
        )
        judged = spread(made, self.truth[self.validation], self.decoder.names, self.failed)
        validation_loss = float(residuals.mean())
        self.seconds.append(time.monotonic() - begun)
        self.end_epoch(epoch, (loss, validation_loss, rate, *judged), validation_loss)

    def save_more(self, file):
        """Write how long the epochs took."""
        create_dataset(file, "seconds", np.array(self.seconds))

    def load_more(self, file):
        """Read it."""
        self.seconds = file["seconds"][()].tolist()

    def _learn_all(self, order):
        """Learn from rows in this order; the mean loss, each batch's before it was learnt from."""
        size = self.settings.batch_size
        total = tf.zeros((), tf.float64)
        for given in batches.stream(self.images, order, self.columns, batch_size=_BATCHES * size):
            full, rest = divmod(given[0].shape[0], size)
            if full:
                whole = (
                    tf.reshape(part[: full * size], (full, size, *part.shape[1:])) for part in given
                )
                total = total + self._learn(size)(*whole)
            if rest:
                total = total + self._learn(rest)(*(part[None, -rest:] for part in given))
        return float(total) / len(order)

    def _learn(self, size):
        """The function that learns from batches of one size."""
        if size not in self._functions:
            shapes = [self.images.shape, *(column.shape[1:] for column in self.columns)]
            signature = [tf.TensorSpec((None, size, *shape), tf.float32) for shape in shapes]
            self._functions[size] = tf.function(self._steps, input_signature=signature)
        return self._functions[size]

    def _steps(self, *batches):
        """Learn from several batches; the sum of the losses of their images."""
        total = tf.zeros((), tf.float64)
        for index in tf.range(tf.shape(batches[0])[0]):
            total += self._step(*(part[index] for part in batches))
        return total

    def _step(self, x, *truth):
        target = _target(self.decoder, x, *truth)
        with tf.GradientTape() as tape:
            made = self.decoder(_parameters(self.network, x, training=True))
            loss = tf.reduce_mean(tf.abs(made - target))
            learnt = loss / self.unit
        gradients = tape.gradient(learnt, self.network.trainable_variables)
        self.optimizer.apply(gradients, self.network.trainable_variables)
        return tf.cast(loss, tf.float64) * x.shape[0]
