"""Training a classifier on images: augmented, early-stopped, resumable, same bits on any cores.

The mathematics is that of ``keras.Model.fit`` with Adam (a test compares them). The caller calls
`skyloom.networks.training.settle` first. Nothing here knows an arm: labels are whole numbers, and
`skyloom.networks.targets.Target` says what is asked about them.
"""

import dataclasses

import keras
import numpy as np
import tensorflow as tf

from skyloom.errors import InputError
from skyloom.io import create_dataset
from skyloom.networks import batches, chain
from skyloom.networks.augmentation import Augmentation
from skyloom.networks.state import Resumable, Schedule

#: Of the file that keeps an unfinished training; another is not taken up.
_STATE_FORMAT = 1
#: Columns of the history after the epoch.
HISTORY = ("loss", "accuracy", "val_loss", "val_accuracy", "learning_rate")


@dataclasses.dataclass(frozen=True)
class Settings(Schedule):
    """How to train, beside `skyloom.networks.state.Schedule`.

    Attributes
    ----------
    class_weights : bool
        Whether rare classes count more: by N / (classes * N of the class), over the sides of a
        binary question, else over the labels, counted on the training side. They weigh the
        validation loss too (Keras's ``fit`` does not), so that the epoch is chosen by what is
        learnt.
    augmentation : Augmentation
        What is done to images of the training side.
    readout_epochs : tuple of int
        Epochs after which every image is judged as if the training had ended there; those beyond
        `epochs` are left out.
    """

    class_weights: bool = False
    augmentation: Augmentation = dataclasses.field(default_factory=Augmentation)
    readout_epochs: tuple = ()

    def __post_init__(self):
        """Refuse what cannot be trained with; names the key and what is allowed."""
        super().__post_init__()
        kept = sorted({epoch for epoch in self.readout_epochs if epoch <= self.epochs})
        if kept and kept[0] < 1:
            raise InputError(f"training.readout_epochs has {kept[0]}: epochs count from 1.")
        object.__setattr__(self, "readout_epochs", tuple(kept))


@dataclasses.dataclass
class Result:
    """What a training gives.

    Attributes
    ----------
    history : (epochs, 5) float64 array
        Columns `HISTORY`. Loss and accuracy of the training side are means over the epoch while
        it is learning, with dropout and class weights, as Keras records them; those of the
        validation side are taken after the epoch.
    best_epoch : int
        Epoch of the lowest validation loss.
    outputs : (N, outputs) float64 array
        Of every image with the restored weights; `Target` makes probabilities of them.
    readouts : dict
        Epoch -> such outputs of a training of so many epochs.
    """

    history: np.ndarray
    best_epoch: int
    outputs: np.ndarray
    readouts: dict = dataclasses.field(default_factory=dict)


def train(
    network,
    images,
    labels,
    *,
    train,
    validation,
    target,
    settings,
    seed=0,
    state_path=None,
    save_every=60.0,
    label="training",
):
    """Fit `network` to the training rows by cross-entropy.

    Parameters
    ----------
    network : keras.Model
        Freshly made, a chain as `skyloom.networks.chain` walks it; on return it has the weights
        that `settings.restore` chose.
    images : `skyloom.networks.batches.Samples`
    labels : (N,) int array
        0 to ``target.classes`` - 1.
    train, validation : (n,) int arrays
        Rows of either side; the validation side chooses the epoch and is not learnt from.
    target : `skyloom.networks.targets.Target`
    settings : Settings
    seed : int
        Of the order of the rows and of the augmentation, which for an epoch depend on
        (seed, epoch) only.
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
        If a side is empty, all training labels are alike, a label is out of range, or the loss
        stops being finite.
    """
    labels = np.asarray(labels)
    _check(labels, train, validation, target)
    run = _Run(network, images, labels, train, validation, target, settings, seed)
    run.run(settings.epochs, state_path=state_path, save_every=save_every, label=label)
    network.set_weights(run.chosen(settings.restore))
    outputs = run.predict(np.arange(len(labels)))
    # A training that stopped before an epoch would have stopped there with more epochs, too.
    readouts = {epoch: run.readouts.get(epoch, outputs) for epoch in settings.readout_epochs}
    return Result(np.array(run.history), run.best_epoch, outputs, readouts)


def class_weights(classes):
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


def _check(labels, train, validation, target):
    if not len(train) or not len(validation):
        raise InputError(
            f"there are {len(train)} training and {len(validation)} validation images: "
            "both sides need some; change the split or give more images."
        )
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


class _Run(Resumable):
    """A training under way: everything that changes from epoch to epoch."""

    def __init__(self, network, images, labels, train, validation, target, settings, seed):
        self.images, self.target = images, target
        self.settings, self.seed = settings, seed
        self.train, self.validation = np.asarray(train), np.asarray(validation)
        self.answers = target.encode(labels)
        self.weights = self._weigh(labels)
        self.readouts = {}
        self.parts = chain.parts()
        optimizer = keras.optimizers.Adam(learning_rate=settings.learning_rate)
        optimizer.build(network.trainable_variables)
        facts = [_STATE_FORMAT, dataclasses.asdict(settings), seed, images.digest]
        facts += [dataclasses.asdict(target)]
        super().__init__(network, optimizer, facts, (labels, self.train, self.validation))
        # Traced once for every size of batch: the usual one and what remains.
        self._learn, self._outputs = tf.function(self._learn), tf.function(self._outputs)

    def _weigh(self, labels):
        weights = np.ones(len(labels), np.float32)
        if self.settings.class_weights:
            binary = self.target.kind == "binary"
            classes = (labels >= self.target.positive_from).astype(int) if binary else labels
            for value, weight in class_weights(classes[self.train]).items():
                weights[classes == value] = weight
        return weights

    @property
    def finished(self):
        """Whether the validation loss has not fallen for too long."""
        return self.epoch - self.best_epoch >= self.settings.patience

    def advance(self, epoch):
        """Learn from every training row once, then judge."""
        augmentation = self.settings.augmentation
        data = batches.stream(
            self.images,
            np.random.default_rng([self.seed, epoch]).permutation(self.train),
            (self.answers, self.weights),
            batch_size=self.settings.batch_size,
            augmentation=augmentation,
            drawn=augmentation.draw(len(self.images), seed=self.seed, epoch=epoch),
        )
        # Added up where they are: asking for a number would wait for the step.
        loss, correct = tf.zeros((), tf.float64), tf.zeros((), tf.int64)
        for x, y, weights in data:
            batch_loss, batch_correct = self._learn(x, y, weights)
            loss, correct = loss + batch_loss, correct + batch_correct
        loss, accuracy = float(loss) / len(self.train), float(correct) / len(self.train)
        if not np.isfinite(loss):
            raise InputError(
                f"the training loss is {loss} in epoch {epoch} with training.learning_rate "
                f"{self.settings.learning_rate}: choose a smaller one."
            )
        val_loss, val_accuracy = self._judge(self.validation)
        # Single precision would print 0.001 with digits that nobody chose.
        rate = float(f"{float(self.optimizer.learning_rate):.7g}")
        self.end_epoch(epoch, (loss, accuracy, val_loss, val_accuracy, rate), val_loss)
        if epoch in self.settings.readout_epochs:
            self.readouts[epoch] = self._read_out()

    def _read_out(self):
        latest = self.network.get_weights()
        self.network.set_weights(self.chosen(self.settings.restore))
        outputs = self.predict(np.arange(len(self.answers)))
        self.network.set_weights(latest)
        return outputs

    def save_more(self, file):
        """Write the outputs read out so far."""
        for epoch, outputs in self.readouts.items():
            create_dataset(file, f"readouts/{epoch}", outputs)

    def load_more(self, file):
        """Read them."""
        self.readouts = {int(k): v[()] for k, v in file.get("readouts", {}).items()}

    def shown(self):
        """The validation loss, and where it was lowest."""
        return {"val_loss": f"{self.history[-1][2]:.4f}", "best": self.best_epoch}

    def _learn(self, x, y, weights):
        """One step of Adam; sums of the losses and of the right answers before it."""
        with tf.GradientTape() as tape:
            made = chain.outputs(self.network, x, training=True, parts=self.parts)
            losses = self.target.losses(made, y) * weights
            loss = tf.reduce_mean(losses)
        gradients = tape.gradient(loss, self.network.trainable_variables)
        self.optimizer.apply(gradients, self.network.trainable_variables)
        right = tf.math.count_nonzero(self.target.correct(made, y))
        return tf.reduce_sum(tf.cast(losses, tf.float64)), right

    def _outputs(self, x):
        return chain.outputs(self.network, x, training=False, parts=self.parts)

    def predict(self, rows):
        """Outputs of rows with the weights of this moment, (n, outputs) float64."""
        data = batches.stream(self.images, rows, (), batch_size=self.settings.batch_size)
        return np.concatenate([self._outputs(x).numpy() for (x,) in data]).astype(np.float64)

    def _judge(self, rows):
        made, answers = tf.constant(self.predict(rows), tf.float32), self.answers[rows]
        losses = self.target.losses(made, answers).numpy().astype(np.float64) * self.weights[rows]
        return float(losses.mean()), float(np.mean(self.target.correct(made, answers).numpy()))
