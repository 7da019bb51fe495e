"""Training a head on stored features: exact, resumable, a whole epoch per TensorFlow call.

The mathematics is that of ``keras.Model.fit`` (a test compares them); `skyloom.networks.epoch` does
it fast. Here: what is watched and kept from epoch to epoch.
"""

import dataclasses

import numpy as np
import tensorflow as tf

from skyloom.errors import InputError, nearest
from skyloom.io import create_dataset
from skyloom.networks import devices
from skyloom.networks.epoch import OPTIMIZERS, Epoch
from skyloom.networks.state import Resumable

#: Of the file that keeps an unfinished training; another is not taken up.
_STATE_FORMAT = 2


@dataclasses.dataclass(frozen=True)
class Settings:
    """How to train; each field is a key of ``tng.training``.

    Attributes
    ----------
    epochs : int
        Passes over the training side.
    readout_epochs : tuple of int
        Epochs after which predictions are kept.
    batch_size : int
    optimizer : str
        One of `OPTIMIZERS`.
    learning_rate : float
        Explicit, because defaults move: Adadelta's was 1.0 and is 0.001 in Keras 3.
    checkpoint : {'best', 'last'}
        Which weights predict: those of the lowest training loss so far, or the latest.
    """

    epochs: int
    readout_epochs: tuple = ()
    batch_size: int = 100
    optimizer: str = "adadelta"
    learning_rate: float = 1.0
    checkpoint: str = "best"

    def __post_init__(self):
        """Refuse what cannot be trained with; names the key and what is allowed."""
        for key, allowed in (("optimizer", list(OPTIMIZERS)), ("checkpoint", ["best", "last"])):
            value = getattr(self, key)
            if value not in allowed:
                raise InputError(
                    f"tng.training.{key} is {value!r}, nearest is {nearest(value, allowed)!r}: "
                    f"choose one of {', '.join(allowed)}."
                )
        if min(self.epochs, self.batch_size) < 1 or not self.learning_rate > 0:
            raise InputError(
                "tng.training.epochs, batch_size and learning_rate must be positive: they are "
                f"{self.epochs}, {self.batch_size} and {self.learning_rate}."
            )
        wrong = [epoch for epoch in self.readout_epochs if not 1 <= epoch <= self.epochs]
        if wrong:
            raise InputError(
                f"tng.training.readout_epochs has {wrong} outside 1 to {self.epochs}: "
                "raise tng.training.epochs or remove them."
            )
        object.__setattr__(self, "readout_epochs", tuple(sorted(set(self.readout_epochs))))


@dataclasses.dataclass
class Result:
    """What a training gives.

    Attributes
    ----------
    history : (epochs, 2) float64 array
        Loss of the training side (mean over the epoch while it is learning, with dropout: as
        Keras records it) and of the test side (after the epoch, without dropout).
    readouts : dict
        Epoch -> (N,) predictions of all rows; the last epoch is always there.
    best_epoch : int
        Epoch of the lowest training loss.
    """

    history: np.ndarray
    readouts: dict
    best_epoch: int


def settle(threads=1):
    """Make this process's results repeatable; to be called before TensorFlow computes.

    One thread inside an operation, so that sums are taken in the same order however many cores
    there are; the others work on operations that do not wait for each other.

    Parameters
    ----------
    threads : int
        Cores to use; more than two do not help.
    """
    devices.use_threads(1, between=threads)
    tf.config.experimental.enable_op_determinism()


def train(
    network,
    features,
    targets,
    *,
    train,
    test,
    settings,
    seed=0,
    state_path=None,
    save_every=60.0,
    label="training",
):
    """Fit `network` to the training rows by mean squared error.

    Parameters
    ----------
    network : keras.Model
        Freshly made; on return it has the weights that `settings.checkpoint` chose.
    features : (N, ...) float16 or float32 array
    targets : (N,) array
    train, test : (n,) int arrays
        Rows of either side; the test side is watched and never learnt from.
    settings : Settings
    seed : int
        Of the order of the rows, which for an epoch depends on (seed, epoch) only.
    state_path : path, optional
        The whole state is kept there at intervals; a training that was killed goes on from it and
        ends with the same bits. The caller removes it when its own outputs are safe.
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
        If a side is empty, a target is not finite, or the loss stops being finite.
    """
    if not len(train) or not len(test) or not np.isfinite(targets).all():
        raise InputError(
            f"there are {len(train)} training and {len(test)} test images and "
            f"{np.sum(~np.isfinite(targets))} labels that are not finite: both sides need images "
            "and every label a value; check the split and the dataset."
        )
    run = _Run(network, features, targets, train, test, settings, seed)
    run.run(settings.epochs, state_path=state_path, save_every=save_every, label=label)
    network.set_weights(run.chosen(settings.checkpoint))
    return Result(np.array(run.history), run.readouts, run.best_epoch)


class _Run(Resumable):
    """A training under way: everything that changes from epoch to epoch."""

    def __init__(self, network, features, targets, train, test, settings, seed):
        self.settings, self.seed = settings, seed
        self.train, self.test = np.asarray(train), np.asarray(test)
        self.targets = np.asarray(targets, np.float64)
        self.learner = Epoch(
            network,
            optimizer=settings.optimizer,
            learning_rate=settings.learning_rate,
            batch_size=settings.batch_size,
        )
        facts = [_STATE_FORMAT, dataclasses.asdict(settings), seed]
        arrays = (features, self.targets, self.train, self.test)
        super().__init__(network, self.learner.optimizer, facts, arrays)
        self.features = tf.constant(features)
        self.labels = tf.constant(self.targets.astype(np.float32)[:, None])
        self.readouts = {}

    def advance(self, epoch):
        """Learn from every training row once, then judge."""
        order = np.random.default_rng([self.seed, epoch]).permutation(self.train)
        loss = float(self.learner.learn(self.features, self.labels, tf.constant(order, tf.int64)))
        if not np.isfinite(loss):
            raise InputError(
                f"the training loss is {loss} in epoch {epoch} with tng.training.learning_rate "
                f"{self.settings.learning_rate} and {self.settings.optimizer}: "
                "choose a smaller learning rate."
            )
        test_loss = np.mean((self.predict(self.test) - self.targets[self.test]) ** 2)
        self.end_epoch(epoch, (loss, float(test_loss)), loss)
        if epoch in self.settings.readout_epochs or epoch == self.settings.epochs:
            self.readouts[epoch] = self._read_out()

    def predict(self, rows, block=64):
        """Predictions of rows with the weights of this moment, (n,) float64."""
        # Blocks of one length, the last filled up, so that a row's sums never depend on the others.
        blocks = np.resize(rows, (-(-len(rows) // block), block))
        values = self.learner.predict(self.features, tf.constant(blocks, tf.int64))
        return values.numpy().ravel()[: len(rows)].astype(np.float64)

    def _read_out(self):
        latest = self.network.get_weights()
        self.network.set_weights(self.chosen(self.settings.checkpoint))
        values = self.predict(np.arange(len(self.targets)))
        self.network.set_weights(latest)
        return values

    def save_more(self, file):
        """Write the predictions read out so far."""
        for epoch, values in self.readouts.items():
            create_dataset(file, f"readouts/{epoch}", values)

    def load_more(self, file):
        """Read them."""
        self.readouts = {int(k): v[()] for k, v in file.get("readouts", {}).items()}
