"""What a regression on spectra learns by `skyloom.learn.training`: scaled labels, fresh noise.

Labels come scaled; nothing here knows their meaning.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from skyloom.arms.spectra import noise
from skyloom.errors import InputError
from skyloom.learn import batches, sub_batches
from skyloom.learn.backend import tf
from skyloom.learn.checkpoints import Limits
from skyloom.learn.optimizers import Adam
from skyloom.learn.training import Task, collect

if TYPE_CHECKING:
    from skyloom.learn.batches import Samples


#: Columns of the history after the epoch, of the scaled labels. The agreement is the share of
#: spectra whose largest output is that of their largest label: Keras's 'accuracy' of a regression,
#: which the article on He I 4471 reports.
MEASURES = ("loss", "mae", "argmax_agreement")
HISTORY = (*MEASURES, *(f"val_{name}" for name in MEASURES), "learning_rate")
#: Bytes of spectra that are kept in memory; more are read from the file batch by batch.
MEMORY_LIMIT = 256 * 1024**2
#: Parts of a batch of spectra of at least so many pixels, which are worked on at once. Shorter ones
#: are learnt from whole: cut up, a batch of them takes longer on one core and little less on two.
PARTS, _LONG = 4, 1024
#: Within which a logarithm of a variance is taken: beyond, single precision overflows.
_LOG_VARIANCE = 20.0


@dataclasses.dataclass(frozen=True)
class Settings(Limits):
    """How to train, beside `skyloom.learn.checkpoints.Limits`.

    Attributes
    ----------
    snr : None, float or (float, float)
        Signal to noise ratio of the continuum, or the range from which each spectrum draws its
        own: training spectra get fresh noise in every epoch, validation spectra the same in all.
    heteroscedastic : bool
        Whether the network gives a mean and the logarithm of a variance for each label, fitted by
        the Gaussian likelihood (Nix & Weigend 1994; Kendall & Gal 2017, equation 8), or means
        only, fitted by the mean squared error.
    """

    batch_size: int = 32
    patience: int = 50
    snr: float | tuple | None = None
    heteroscedastic: bool = False

    def __post_init__(self):
        """Refuse what cannot be trained with; names the key and what is allowed."""
        super().__post_init__()
        if self.snr is None:
            return
        limits = np.atleast_1d(np.asarray(self.snr, dtype=float))
        object.__setattr__(self, "snr", tuple(limits.tolist()) if len(limits) > 1 else limits[0])
        if len(limits) > 2 or not (limits > 0).all() or limits[0] > limits[-1]:
            raise InputError(
                f"training.snr is {self.snr}: give null, a positive number, or two that rise."
            )


class Noisy:
    """Spectra with noise that depends on (seed, epoch, row) only.

    Parameters
    ----------
    samples : `skyloom.learn.batches.Samples`
    snr : None, float or (low, high)
    seed, epoch : int
    """

    def __init__(self, samples: Samples, snr, *, seed: int, epoch: int) -> None:
        self._samples, self.shape = samples, samples.shape
        # Noise is drawn ahead, on another thread.
        self.in_memory = samples.in_memory and snr is None
        # A stream of its own: the order of an epoch is drawn from [seed, epoch].
        drawn = np.random.default_rng([seed, epoch, 1])
        self._seed = int(drawn.integers(2**31))
        if snr is not None:
            snr = np.broadcast_to(np.asarray(snr, dtype=float), 2)
            snr = drawn.uniform(snr[0], snr[1], len(samples))
        self._snr = snr

    def take(self, rows):
        """Spectra of these rows in this order: (n, L) float32."""
        spectra = self._samples.take(rows)
        if self._snr is None:
            return spectra
        noisy = noise.add(spectra, self._snr[rows], seed=self._seed, rows=np.asarray(rows))
        return np.asarray(noisy, dtype=np.float32)


def task(
    spectra: Samples,
    labels: np.ndarray,
    *,
    train: np.ndarray,
    validation: np.ndarray,
    settings: Settings,
) -> Task:
    """The task of telling labels of spectra; every spectrum is asked about at the end.

    Parameters
    ----------
    spectra : `skyloom.learn.batches.Samples`
    labels : (N, K) array
        Scaled.
    train, validation : (n,) int arrays
        Rows of either side.
    settings : Settings

    Returns
    -------
    `skyloom.learn.training.Task`
        Of a network as `skyloom.arms.spectra.architectures.build` gives it.

    Raises
    ------
    InputError
        If a side is empty or a label is not finite.
    """
    labels = np.asarray(labels, dtype=np.float32)
    if not np.isfinite(labels).all():
        raise InputError(
            f"{np.sum(~np.isfinite(labels))} labels are not finite: each needs a value; remove or "
            "mend those spectra and make the dataset again."
        )
    heteroscedastic = settings.heteroscedastic

    def learn(network, x, y):
        sums = _sums(_outputs(network, x, training=True), y, heteroscedastic)
        return sums[0] / y.shape[0], sums

    def judged(made, rows):
        values = judge(made, labels[rows], heteroscedastic=heteroscedastic)
        return dict(zip(HISTORY[3:6], values, strict=True))

    return Task(
        samples=spectra,
        columns=(labels,),
        train=np.asarray(train),
        validation=np.asarray(validation),
        limits=settings,
        optimizer=lambda: Adam(learning_rate=settings.learning_rate),
        learn=learn,
        measures=MEASURES,
        ask=lambda network, x, *_: _outputs(network, x, training=False),
        judge=judged,
        history=HISTORY,
        disturb=lambda spectra, seed, epoch: Noisy(spectra, settings.snr, seed=seed, epoch=epoch),
        asked=np.arange(len(labels)),
        noun="spectra",
        remedy="change split or give more",
    )


def outputs(network, spectra, rows, *, batch_size):
    """What a network says of these rows, (n, outputs) float64.

    Parameters
    ----------
    network : keras.Model
    spectra : `skyloom.learn.batches.Samples` or `Noisy`
    rows : (n,) int array
    batch_size : int
    """
    ask = tf.function(lambda x: _outputs(network, x, training=False))
    return collect(ask, batches.stacks(spectra, rows, (), batch_size=batch_size))


def judge(
    made: np.ndarray, labels: np.ndarray, *, heteroscedastic: bool = False
) -> tuple[float, ...]:
    """Loss, mean absolute error and argmax agreement, in the scaled units.

    Parameters
    ----------
    made : (n, outputs) array
    labels : (n, K) array
    heteroscedastic : bool

    Returns
    -------
    tuple of float
    """
    loss, error, agree = _sums(
        tf.constant(made, tf.float64), tf.constant(labels, tf.float64), heteroscedastic
    )
    return float(loss) / len(labels), float(error) / len(labels), float(agree) / len(labels)


def _outputs(network, x, *, training):
    parts = min(PARTS if network.input_shape[1] >= _LONG else 1, sub_batches.parts())
    x = tf.reshape(x, (x.shape[0], *network.input_shape[1:]))
    return sub_batches.outputs(network, x, training=training, parts=parts)


def _sums(made, labels, heteroscedastic):
    """Sums over a batch of the loss, the mean absolute error and the agreements of argmax."""
    count = labels.shape[1]
    mean = made[:, :count]
    if heteroscedastic:
        logarithm = tf.clip_by_value(made[:, count:], -_LOG_VARIANCE, _LOG_VARIANCE)
        losses = (tf.square(mean - labels) * tf.exp(-logarithm) + logarithm) / 2
    else:
        losses = tf.square(mean - labels)
    agree = tf.equal(tf.argmax(mean, axis=1), tf.argmax(labels, axis=1))
    return (
        tf.reduce_sum(tf.reduce_mean(losses, axis=1)),
        tf.reduce_sum(tf.reduce_mean(tf.abs(mean - labels), axis=1)),
        tf.math.count_nonzero(agree),
    )
