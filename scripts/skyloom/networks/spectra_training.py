"""Training a regression on spectra: streamed, early-stopped, resumable, same bits on any cores.

The mathematics is that of ``keras.Model.fit`` with Adam (a test compares them). The caller calls
`skyloom.networks.training.settle` first. Labels come scaled; nothing here knows their meaning.
"""

import dataclasses

import numpy as np
import tensorflow as tf

from skyloom.errors import InputError
from skyloom.networks import batches, chain
from skyloom.networks.adam import Adam
from skyloom.networks.state import Resumable, Schedule
from skyloom.spectra import noise

#: Of the file that keeps an unfinished training; another is not taken up.
_STATE_FORMAT = 1
#: Columns of the history after the epoch.
HISTORY = (
    *("loss", "mae", "argmax_agreement", "val_loss", "val_mae", "val_argmax_agreement"),
    "learning_rate",
)
#: Bytes of spectra that are kept in memory; more are read from the file batch by batch.
MEMORY_LIMIT = 256 * 1024**2
#: Parts of a batch of spectra of at least so many pixels, which are worked on at once. Shorter ones
#: are learnt from whole: cut up, a batch of them takes longer on one core and little less on two.
PARTS, _LONG = 4, 1024
#: Within which a logarithm of a variance is taken: beyond, single precision overflows.
_LOG_VARIANCE = 20.0


@dataclasses.dataclass(frozen=True)
class Settings(Schedule):
    """How to train, beside `skyloom.networks.state.Schedule`.

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


@dataclasses.dataclass
class Result:
    """What a training gives.

    Attributes
    ----------
    history : (epochs, 7) float64 array
        Columns `HISTORY`, of the scaled labels. Those of the training side are means over the
        epoch while it is learning, as Keras records them; those of the validation side are taken
        after the epoch. The agreement is the share of spectra whose largest output is that of
        their largest label: Keras's 'accuracy' of a regression, which document 000 reports.
    best_epoch : int
        Epoch of the lowest validation loss.
    chosen_epoch : int
        Epoch whose weights the network has.
    """

    history: np.ndarray
    best_epoch: int
    chosen_epoch: int


class Noisy:
    """Spectra with noise that depends on (seed, epoch, row) only.

    Parameters
    ----------
    samples : `skyloom.networks.batches.Samples`
    snr : None, float or (low, high)
    seed, epoch : int
    """

    def __init__(self, samples, snr, *, seed, epoch):
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


def train(
    network,
    spectra,
    labels,
    *,
    train,
    validation,
    settings,
    seed=0,
    state_path=None,
    save_every=60.0,
    label="training",
    learner=None,
):
    """Fit `network` to the training rows.

    Parameters
    ----------
    network : keras.Model
        Freshly made, as `skyloom.networks.spectra_cnn.build` gives it; on return it has the
        weights that `settings.restore` chose.
    spectra : `skyloom.networks.batches.Samples`
    labels : (N, K) array
        Scaled.
    train, validation : (n,) int arrays
        Rows of either side; the validation side chooses the epoch and is not learnt from.
    settings : Settings
    seed : int
        Of the order of the rows and of the noise, which for an epoch depend on (seed, epoch) only.
    state_path : path, optional
        The whole state is kept there at intervals and at the end; a training that was killed goes
        on from it and ends with the same bits. The caller removes it when its outputs are safe.
    save_every : float
        Seconds between savings.
    label : str
        For the progress bar.
    learner : Learner, optional
        Of a network with the same layers and the same settings, which learns in this one's place:
        members of an ensemble share it. The bits are those without.

    Returns
    -------
    Result

    Raises
    ------
    InputError
        If a side is empty, a label is not finite, or the loss stops being finite.
    """
    labels = np.asarray(labels, dtype=np.float32)
    if not len(train) or not len(validation) or not np.isfinite(labels).all():
        raise InputError(
            f"there are {len(train)} training and {len(validation)} validation spectra and "
            f"{np.sum(~np.isfinite(labels))} labels that are not finite: both sides need spectra "
            "and every label a value; change split or give more spectra."
        )
    learner = learner or Learner(network, settings)
    learner.begin(network.get_weights())
    run = _Run(learner, spectra, labels, train, validation, seed)
    run.run(settings.epochs, state_path=state_path, save_every=save_every, label=label)
    if state_path:
        run.save(state_path)
    network.set_weights(run.chosen(settings.restore))
    chosen = run.best_epoch if settings.restore == "best" else run.epoch
    return Result(np.array(run.history), run.best_epoch, chosen)


def outputs(network, spectra, rows, *, batch_size):
    """What a network says of these rows, (n, outputs) float64.

    Parameters
    ----------
    network : keras.Model
    spectra : `skyloom.networks.batches.Samples` or `Noisy`
    rows : (n,) int array
    batch_size : int
    """
    return _collect(_asking(network), spectra, rows, batch_size)


def judge(made, labels, *, heteroscedastic=False):
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
    parts = min(PARTS if network.input_shape[1] >= _LONG else 1, chain.parts())
    x = tf.reshape(x, (x.shape[0], *network.input_shape[1:]))
    return chain.outputs(network, x, training=training, parts=parts)


def _asking(network):
    return tf.function(lambda x: _outputs(network, x, training=False))


def _collect(ask, spectra, rows, batch_size):
    data = batches.stream(spectra, rows, (), batch_size=batch_size)
    return np.concatenate([ask(x).numpy() for (x,) in data]).astype(np.float64)


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


class Learner:
    """A network with what learns and what asks, each traced once for every size of batch.

    To trace them takes a second or two, as long as some epochs of a small network.

    Parameters
    ----------
    network : keras.Model
    settings : Settings
    """

    def __init__(self, network, settings):
        self.network, self.settings = network, settings
        self.optimizer = Adam(learning_rate=settings.learning_rate)
        self.optimizer.build(network.trainable_variables)
        self.learn, self._ask = tf.function(self._learn), _asking(network)

    def begin(self, weights):
        """Start anew from these weights, with an optimizer that remembers nothing."""
        self.network.set_weights(weights)
        for variable in self.optimizer.variables:
            if variable.name != "learning_rate":
                variable.assign(np.zeros(variable.shape, variable.dtype))

    def outputs(self, spectra, rows):
        """What the network says of these rows: see the function of the same name."""
        return _collect(self._ask, spectra, rows, self.settings.batch_size)

    def _learn(self, x, y):
        """One step of Adam; the sums over the batch before it."""
        with tf.GradientTape() as tape:
            made = _outputs(self.network, x, training=True)
            sums = _sums(made, y, self.settings.heteroscedastic)
            loss = sums[0] / y.shape[0]
        gradients = tape.gradient(loss, self.network.trainable_variables)
        self.optimizer.apply(gradients, self.network.trainable_variables)
        return tf.stack([tf.cast(value, tf.float64) for value in sums])


class _Run(Resumable):
    """A training under way."""

    def __init__(self, learner, spectra, labels, train, validation, seed):
        self.spectra, self.labels, self.seed = spectra, labels, seed
        self.learner, self.settings = learner, learner.settings
        self.train, self.validation = np.asarray(train), np.asarray(validation)
        facts = [_STATE_FORMAT, dataclasses.asdict(self.settings), seed, spectra.digest]
        arrays = (labels, self.train, self.validation)
        super().__init__(learner.network, learner.optimizer, facts, arrays)

    @property
    def finished(self):
        """Whether the validation loss has not fallen for too long."""
        return self.epoch - self.best_epoch >= self.settings.patience

    def shown(self):
        """The validation loss, and where it was lowest."""
        return {"val_loss": f"{self.history[-1][3]:.4f}", "best": self.best_epoch}

    def advance(self, epoch):
        """Learn from every training row once, then judge."""
        settings = self.settings
        data = batches.stream(
            Noisy(self.spectra, settings.snr, seed=self.seed, epoch=epoch),
            np.random.default_rng([self.seed, epoch]).permutation(self.train),
            (self.labels,),
            batch_size=settings.batch_size,
        )
        # Added up where they are: asking for a number would wait for the step.
        sums = tf.zeros(3, tf.float64)
        for x, y in data:
            sums = sums + self.learner.learn(x, y)
        loss, error, agree = (sums.numpy() / len(self.train)).tolist()
        if not np.isfinite(loss):
            raise InputError(
                f"the training loss is {loss} in epoch {epoch} with training.learning_rate "
                f"{settings.learning_rate}: choose a smaller one."
            )
        quiet = Noisy(self.spectra, settings.snr, seed=self.seed, epoch=0)
        made = self.learner.outputs(quiet, self.validation)
        judged = judge(made, self.labels[self.validation], heteroscedastic=settings.heteroscedastic)
        # Single precision would print 0.001 with digits that nobody chose.
        rate = float(f"{float(self.optimizer.learning_rate):.7g}")
        self.end_epoch(epoch, (loss, error, agree, *judged, rate), judged[0])
