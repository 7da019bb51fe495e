"""What a classifier learns by `skyloom.learn.training`: cross-entropy, classes weighed.

Nothing here knows an arm: labels are whole numbers, and `skyloom.learn.targets.Target` says what
is asked about them.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from skyloom.errors import InputError
from skyloom.learn import sub_batches
from skyloom.learn.augmentation import Augmentation, Augmented
from skyloom.learn.backend import keras, tf
from skyloom.learn.checkpoints import Limits
from skyloom.learn.training import Task

if TYPE_CHECKING:
    from skyloom.learn.batches import Samples
    from skyloom.learn.targets import Target


#: Columns of the history after the epoch.
HISTORY = ("loss", "accuracy", "val_loss", "val_accuracy", "learning_rate")


@dataclasses.dataclass(frozen=True)
class Settings(Limits):
    """How to train, beside `skyloom.learn.checkpoints.Limits`.

    Attributes
    ----------
    class_weights : bool
        Whether rare classes count more: by N / (classes * N of the class), over the sides of a
        binary question, else over the labels, counted on the training side. They weigh the
        validation loss too (Keras's ``fit`` does not), so that the epoch is chosen by what is
        learnt.
    calibration : bool
        Whether the probabilities of the trained network get a temperature, which the arm fits to
        the validation side (`skyloom.judge.calibration.fit`).
    augmentation : Augmentation
        What is done to images of the training side.
    readout_epochs : tuple of int
        Those beyond `epochs` are left out.
    """

    patience: int = 50
    class_weights: bool = False
    calibration: bool = False
    augmentation: Augmentation = dataclasses.field(default_factory=Augmentation)
    readout_epochs: tuple = ()

    def __post_init__(self):
        """Refuse what cannot be trained with; names the key and what is allowed."""
        super().__post_init__()
        kept = sorted({epoch for epoch in self.readout_epochs if epoch <= self.epochs})
        if kept and kept[0] < 1:
            raise InputError(f"training.readout_epochs has {kept[0]}: epochs count from 1.")
        object.__setattr__(self, "readout_epochs", tuple(kept))


def task(
    images: Samples,
    labels: np.ndarray,
    *,
    train: np.ndarray,
    validation: np.ndarray,
    target: Target,
    settings: Settings,
) -> Task:
    """The task of telling classes apart by cross-entropy; every image is asked about at the end.

    Parameters
    ----------
    images : `skyloom.learn.batches.Samples`
        Or spectra, or features.
    labels : (N,) int array
        0 to ``target.classes`` - 1.
    train, validation : (n,) int arrays
        Rows of either side.
    target : `skyloom.learn.targets.Target`
    settings : Settings

    Returns
    -------
    `skyloom.learn.training.Task`
        Of a network that is a chain as `skyloom.learn.sub_batches` walks it; `target` makes
        probabilities of what it says.

    Raises
    ------
    InputError
        If a side is empty, all training labels are alike, or a label is out of range.
    """
    labels = np.asarray(labels)
    answers, parts = target.encode(labels), sub_batches.parts()
    weights = _weigh(labels, train, target) if settings.class_weights else np.ones(len(labels))
    weights = weights.astype(np.float32)

    def learn(network, x, answers, weights):
        made = sub_batches.outputs(network, x, training=True, parts=parts)
        losses = target.losses(made, answers) * weights
        right = tf.math.count_nonzero(target.correct(made, answers))
        return tf.reduce_mean(losses), (tf.reduce_sum(tf.cast(losses, tf.float64)), right)

    def ask(network, x, *_):
        return sub_batches.outputs(network, x, training=False, parts=parts)

    def judge(made, rows):
        made = tf.constant(made, tf.float32)
        losses = target.losses(made, answers[rows]).numpy().astype(np.float64) * weights[rows]
        right = target.correct(made, answers[rows]).numpy()
        return {"val_loss": float(losses.mean()), "val_accuracy": float(np.mean(right))}

    def disturb(images, seed, epoch):
        changed = settings.augmentation and epoch > 0
        given = {"seed": seed, "epoch": epoch}
        return Augmented(images, settings.augmentation, **given) if changed else images

    made = Task(
        samples=images,
        columns=(answers, weights),
        train=np.asarray(train),
        validation=np.asarray(validation),
        limits=settings,
        optimizer=lambda: keras.optimizers.Adam(learning_rate=settings.learning_rate),
        learn=learn,
        measures=("loss", "accuracy"),
        ask=ask,
        judge=judge,
        history=HISTORY,
        disturb=disturb,
        asked=np.arange(len(labels)),
        facts=(dataclasses.asdict(target), labels),
    )
    _check(labels, train, target)
    return made


def class_weights(classes: np.ndarray) -> dict[int, float]:
    """What each row counts so that classes count alike: N / (classes * N of its class).

    Parameters
    ----------
    classes : (N,) int array

    Returns
    -------
    dict of int to float
        For every class that occurs.
    """
    values, counts = np.unique(classes, return_counts=True)
    return {int(v): len(classes) / (len(values) * n) for v, n in zip(values, counts, strict=True)}


def _weigh(labels, train, target):
    """What each row counts: see `Settings`."""
    classes = (labels >= target.positive_from).astype(int) if target.kind == "binary" else labels
    weights = np.ones(len(labels))
    for value, weight in class_weights(classes[train]).items():
        weights[classes == value] = weight
    return weights


def _check(labels, train, target):
    if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= target.classes:
        raise InputError(f"labels must be whole numbers from 0 to {target.classes - 1}.")
    known = labels[train]
    sides = known if target.positive_from is None else known >= target.positive_from
    if len(np.unique(sides)) < 2:
        found = ", ".join(map(str, np.unique(known)))
        raise InputError(
            f"all {len(train)} training images are of one kind (labels {found}): a classifier "
            "needs both; change the split or give images of the other kind."
        )
