"""The one training loop: early-stopped, resumable, the same bits on any cores.

The mathematics is that of ``keras.Model.fit`` (a test compares them). What is learnt, from what,
how it is judged and when it ends is a `Task`, which an arm makes. `settle` is called first.
Only the head of `skyloom.learn.head_training` has an epoch of its own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from skyloom.errors import InputError
from skyloom.learn import batches, devices
from skyloom.learn.backend import tf
from skyloom.learn.checkpoints import Limits, Resumable

if TYPE_CHECKING:
    import keras

    from skyloom.learn.checkpoints import Result


def settle(threads: int = 1, *, inside: int = 1):
    """Make this process's results repeatable; to be called before TensorFlow computes.

    Parameters
    ----------
    threads : int
        Cores to use, by operations that do not wait for each other.
    inside : int
        Threads inside an operation. Sums, and so bits, depend on it: one, so that sums are taken
        in the same order however many cores there are, or as many on every machine
        (`skyloom.learn.threads.threads_of`).
    """
    devices.use_threads(inside, between=threads)
    tf.config.experimental.enable_op_determinism()


def _unchanged(samples, seed, epoch):
    return samples


@dataclasses.dataclass(frozen=True, kw_only=True)
class Task:
    """What a network is to learn, from what, how that is judged, and how long it may take.

    Attributes
    ----------
    samples : `skyloom.learn.batches.Samples`
        Or what has their `shape`, `digest` and `take`.
    columns : tuple of (N, ...) float32 arrays
        Whose rows come with those of the samples.
    train, validation : (n,) int arrays
        Rows of either side; the validation side chooses the epoch and is not learnt from.
    limits : `skyloom.learn.checkpoints.Limits`
    optimizer : callable
        () -> a new optimizer of Keras.
    learn : callable
        (network, x, *columns) -> the loss of a batch, to be made smaller, and a sum over its rows
        for each of `measures`: scalar tensors.
    measures : tuple of str
        Columns of the history which are means over the epoch while the network is learning, as
        Keras records them; the loss is one.
    ask : callable
        (network, x, *columns) -> (n, outputs) tensor of a network that does not learn.
    judge : callable
        (outputs as float64, rows) -> dict of the columns of the history that are taken after the
        epoch; ``val_loss``, which is watched, is one.
    history : tuple of str
        Columns of the history after the epoch: those, and ``learning_rate``, of the epoch's first
        step.
    disturb : callable
        (samples, seed, epoch) -> samples as the training side shows them in an epoch, and the
        validation side always: that is epoch 0.
    asked : (n,) int array
        Rows that are asked about at the end and at each readout; none: nothing is.
    together : int
        Batches that go to TensorFlow at a time: a call costs as much as a small network.
    facts : tuple
        What else the training depends on; see `skyloom.learn.checkpoints.Resumable`.
    noun, remedy : str
        For messages: what the samples are called, and what to do where there are too few.
    """

    samples: object
    columns: tuple
    train: np.ndarray
    validation: np.ndarray
    limits: Limits
    optimizer: Callable
    learn: Callable
    measures: tuple
    ask: Callable
    judge: Callable
    history: tuple
    disturb: Callable = _unchanged
    asked: np.ndarray | tuple = ()
    together: int = 1
    facts: tuple = ()
    noun: str = "images"
    remedy: str = "change the split or give more"

    def __post_init__(self):
        """Refuse a side without rows."""
        sizes = len(self.train), len(self.validation)
        if not all(sizes):
            raise InputError(
                f"there are {sizes[0]} training and {sizes[1]} validation {self.noun}: both sides "
                f"need some; {self.remedy}."
            )


class Learner:
    """A network with what learns and what asks, each traced once for every size of batch.

    To trace them takes a second or two, as long as some epochs of a small network: members of an
    ensemble share one.

    Parameters
    ----------
    network : keras.Model
    task : Task
    """

    def __init__(self, network: keras.Model, task: Task) -> None:
        self.network, self.task = network, task
        self.optimizer = task.optimizer()
        self.optimizer.build(network.trainable_variables)
        self.functions, self._ask = {}, tf.function(lambda *given: task.ask(network, *given))

    def begin(self, network) -> None:
        """Start anew from this network, with an optimizer that remembers nothing."""
        for own, value in zip(self.network.variables, network.variables, strict=True):
            own.assign(value)
        for variable in self.optimizer.variables:
            if variable.name != "learning_rate":
                variable.assign(np.zeros(variable.shape, variable.dtype))

    def learn(self, samples, order):
        """Learn from rows in this order; the sums of `measures`, each batch's before its step."""
        # Added up where they are: asking for a number would wait for the step.
        total = tf.zeros(len(self.task.measures), tf.float64)
        for stack in self._stacks(samples, order):
            size = stack[0].shape[1]
            if size not in self.functions:
                count = 1 if self.task.together == 1 else None
                shapes = [tf.TensorSpec((count, *part.shape[1:]), part.dtype) for part in stack]
                self.functions[size] = tf.function(self._steps, input_signature=shapes)
            total = total + self.functions[size](*stack)
        return total.numpy()

    def outputs(self, samples, rows):
        """What the network says of these rows, (n, outputs) float64."""
        return collect(self._ask, self._stacks(samples, rows))

    def _stacks(self, samples, rows):
        task = self.task
        size = {"batch_size": task.limits.batch_size, "together": task.together}
        return batches.stacks(samples, rows, task.columns, **size)

    def _steps(self, *stack):
        if stack[0].shape[0] == 1:
            # Without a loop, which takes longer to trace.
            return self._step(*(part[0] for part in stack))
        total = tf.zeros(len(self.task.measures), tf.float64)
        for index in tf.range(tf.shape(stack[0])[0]):
            total += self._step(*(part[index] for part in stack))
        return total

    def _step(self, *given):
        with tf.GradientTape() as tape:
            loss, sums = self.task.learn(self.network, *given)
        variables = self.network.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return tf.stack([tf.cast(value, tf.float64) for value in sums])


def collect(ask, stacks):
    """What a function says of stacks of batches, batch by batch: (n, outputs) float64."""
    made = [ask(*batch).numpy() for stack in stacks for batch in zip(*stack, strict=True)]
    return np.concatenate(made).astype(np.float64)


def fit(
    network: keras.Model, task: Task, *, seed: int = 0, learner: Learner | None = None, **options
) -> Result:
    """Let a network learn.

    Parameters
    ----------
    network : keras.Model
        Freshly made; on return it has the weights that `task.limits.restore` chose.
    task : Task
    seed : int
        Of the order of the rows and of what disturbs them, which for an epoch depend on
        (seed, epoch) only.
    learner : Learner, optional
        Of a network with the same layers and of this task, which learns in this one's place. The
        bits are those without.
    **options
        Of `skyloom.learn.checkpoints.Resumable.run`: state_path, save_every, label.

    Returns
    -------
    `skyloom.learn.checkpoints.Result`

    Raises
    ------
    InputError
        If the loss stops being finite.
    """
    learner = learner or Learner(network, task)
    learner.begin(network)
    result = _Run(learner, seed).run(**options)
    network.set_weights(learner.network.get_weights())
    return result


class _Run(Resumable):
    """A training under way."""

    def __init__(self, learner, seed):
        self.learner, self.task, self.seed = learner, learner.task, seed
        task = self.task
        facts = [seed, task.samples.digest, task.facts, task.columns, task.train, task.validation]
        super().__init__(learner.network, learner.optimizer, task.limits, facts)

    def advance(self, epoch):
        """Learn from every training row once, then judge: see `Resumable`."""
        task = self.task
        # Single precision would print 0.001 with digits that nobody chose.
        rate = float(f"{float(self.optimizer.learning_rate):.7g}")
        shown = task.disturb(task.samples, self.seed, epoch)
        order = np.random.default_rng([self.seed, epoch]).permutation(task.train)
        sums = self.learner.learn(shown, order)
        row = dict(zip(task.measures, (sums / len(order)).tolist(), strict=True))
        self.check(row["loss"], epoch)
        made = self.learner.outputs(task.disturb(task.samples, self.seed, 0), task.validation)
        row |= {**task.judge(made, task.validation), "learning_rate": rate}
        return tuple(row[name] for name in task.history), row["val_loss"]

    def outputs(self):
        """What the network says of the rows that are asked about, undisturbed."""
        asked = self.task.asked
        return self.learner.outputs(self.task.samples, asked) if len(asked) else None

    def shown(self):
        """What was judged, and where the validation loss was lowest."""
        row = zip(self.task.history, self.history[-1], strict=True)
        judged = {name: f"{x:.3g}" for name, x in row if name.startswith(("val_loss", "sigma"))}
        return {**judged, "best": self.best_epoch}
