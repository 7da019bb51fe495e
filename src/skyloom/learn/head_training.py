"""Training a head on stored features: a whole epoch per TensorFlow call.

The mathematics is that of ``keras.Model.fit`` (a test compares them);
`skyloom.learn.compiled_epoch` does it fast. Here: what is watched and kept from epoch to epoch.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from skyloom.errors import InputError
from skyloom.learn.backend import tf
from skyloom.learn.checkpoints import Limits, Resumable
from skyloom.learn.compiled_epoch import OPTIMIZERS, Epoch

if TYPE_CHECKING:
    import keras

    from skyloom.learn.checkpoints import Result


@dataclasses.dataclass(frozen=True)
class Settings(Limits):
    """How to train; each field but `restore` is a key of ``tng.training``.

    Attributes
    ----------
    readout_epochs : tuple of int
        Epochs after which predictions are kept.
    optimizer : str
        One of `OPTIMIZERS`.
    checkpoint : {'best', 'last'}
        Which weights predict, as `restore`: those of the lowest training loss so far, or the
        latest.
    """

    section: ClassVar = "tng.training"
    choices: ClassVar = {"optimizer": tuple(OPTIMIZERS), "checkpoint": ("best", "last")}

    batch_size: int = 100
    learning_rate: float = 1.0
    readout_epochs: tuple = ()
    optimizer: str = "adadelta"
    checkpoint: str = "best"

    def __post_init__(self):
        """Refuse what cannot be trained with; names the key and what is allowed."""
        super().__post_init__()
        wrong = [epoch for epoch in self.readout_epochs if not 1 <= epoch <= self.epochs]
        if wrong:
            raise InputError(
                f"tng.training.readout_epochs has {wrong} outside 1 to {self.epochs}: "
                "raise tng.training.epochs or remove them."
            )
        object.__setattr__(self, "readout_epochs", tuple(sorted(set(self.readout_epochs))))
        object.__setattr__(self, "restore", self.checkpoint)


def fit(
    network: keras.Model,
    features,
    targets: np.ndarray,
    *,
    train: np.ndarray,
    test: np.ndarray,
    settings: Settings,
    seed: int = 0,
    **options,
) -> Result:
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
    **options
        Of `skyloom.learn.checkpoints.Resumable.run`: state_path, save_every, label.

    Returns
    -------
    `skyloom.learn.checkpoints.Result`
        Its history has the loss of the training side and, without dropout, of the test side; its
        outputs are (N,) predictions.

    Raises
    ------
    InputError
        If a side is empty, a target is not finite, or the loss stops being finite.
    """
    return _Run(network, features, targets, train, test, settings, seed).run(**options)


class _Run(Resumable):
    """A training under way."""

    def __init__(self, network, features, targets, train, test, settings, seed):
        if not len(train) or not len(test) or not np.isfinite(targets).all():
            raise InputError(
                f"there are {len(train)} training and {len(test)} test images and "
                f"{np.sum(~np.isfinite(targets))} labels that are not finite: both sides need "
                "images and every label a value; check the split and the dataset."
            )
        self.seed, self.train, self.test = seed, np.asarray(train), np.asarray(test)
        self.targets = np.asarray(targets, np.float64)
        self.learner = Epoch(
            network,
            optimizer=settings.optimizer,
            learning_rate=settings.learning_rate,
            batch_size=settings.batch_size,
        )
        facts = [seed, features, self.targets, self.train, self.test]
        super().__init__(network, self.learner.optimizer, settings, facts)
        self.features = tf.constant(features)
        self.labels = tf.constant(self.targets.astype(np.float32)[:, None])

    def advance(self, epoch):
        """Learn from every training row once, then judge: see `Resumable`."""
        order = np.random.default_rng([self.seed, epoch]).permutation(self.train)
        loss = float(self.learner.learn(self.features, self.labels, tf.constant(order, tf.int64)))
        self.check(loss, epoch)
        test_loss = np.mean((self.predict(self.test) - self.targets[self.test]) ** 2)
        return (loss, float(test_loss)), loss

    def outputs(self):
        """Predictions of all rows."""
        return self.predict(np.arange(len(self.targets)))

    def predict(self, rows, block=64):
        """Predictions of rows with the weights of this moment, (n,) float64."""
        # Blocks of one length, the last filled up, so that a row's sums never depend on the others.
        blocks = np.resize(rows, (-(-len(rows) // block), block))
        values = self.learner.predict(self.features, tf.constant(blocks, tf.int64))
        return values.numpy().ravel()[: len(rows)].astype(np.float64)
