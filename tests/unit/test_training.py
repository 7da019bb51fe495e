"""What is true of every training: resumed to the bit, stopped and restored rightly, refused."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import fake_dataset
import keras
import numpy as np
import pytest
import small_trainings
from refusal import refused
from small_trainings import KINDS

from skyloom.learn import batches
from skyloom.learn.checkpoints import Limits, Resumable

pytestmark = pytest.mark.usefixtures("batches_in_two")


class _KilledError(Exception):
    pass


def _kill_in(epoch, monkeypatch):
    """Let a training die when it has learnt for part of this epoch, before it notes that."""
    real = Resumable.end_epoch

    def end_epoch(run, number, *row):
        if number == epoch:
            raise _KilledError
        real(run, number, *row)

    monkeypatch.setattr(Resumable, "end_epoch", end_epoch)


def _same(one, two):
    """Whether two results, and the networks they belong to, are of the same bits."""
    (run, result), (other, expected) = one, two
    assert (result.best_epoch, result.chosen_epoch) == (expected.best_epoch, expected.chosen_epoch)
    pairs = [(result.history, expected.history), (result.outputs, expected.outputs)]
    pairs += [(result.readouts[key], value) for key, value in expected.readouts.items()]
    pairs += zip(run.network.get_weights(), other.network.get_weights(), strict=True)
    for a, b in pairs:
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("kind", KINDS)
def test_killed_training_continues_to_the_same_bits(kind, tmp_path, monkeypatch):
    def run(**options):
        begun = KINDS[kind].begin()
        return begun, begun.run(**options)

    whole = run()
    options = {"state_path": tmp_path / ".state" / "network.h5", "save_every": 0}
    for epoch in (3, 6):
        with monkeypatch.context() as patch:
            _kill_in(epoch, patch)
            with pytest.raises(_KilledError):
                run(**options)
    resumed = run(**options)
    _same(resumed, whole)
    assert len(resumed[1].seconds) == len(whole[1].history) == 6
    assert list(resumed[1].readouts) == list(KINDS[kind].settings.readout_epochs)
    # A state of the finished training gives the same once more, without learning.
    monkeypatch.setattr(type(whole[0]), "advance", None)
    _same(run(**options), whole)


@pytest.mark.parametrize("kind", KINDS)
def test_every_fact_makes_another_training(kind):
    samples, labels = KINDS[kind].data()
    one = samples.copy()
    one.flat[-1] += 0.01
    changed = {"seed": 1}, {"labels": labels[::-1]}, {"samples": one}, KINDS[kind].changed
    prints = {KINDS[kind].begin(**given).fingerprint for given in ({}, *changed)}
    assert len(prints) == 5
    assert KINDS[kind].begin().fingerprint in prints


@pytest.mark.parametrize("kind", ["classifier", "regression", "encoder"])
def test_samples_from_the_file_train_as_those_in_memory(kind, tmp_path):
    samples, labels = KINDS[kind].data()
    columns = {"id": np.array([f"{row}" for row in range(30)])}
    path = fake_dataset.write(tmp_path / "dataset.h5", samples, labels, columns)
    memory = KINDS[kind].begin(epochs=2)
    with batches.open_samples(path, KINDS[kind].name, limit=0) as stored:
        assert not stored.in_memory
        np.testing.assert_array_equal(stored.take(np.array([5, 0, 29])), samples[[5, 0, 29]])
        file = KINDS[kind].begin(epochs=2, samples=stored)
        _same((file, file.run()), (memory, memory.run()))


_THREADS = """
import sys
from skyloom.learn import training
training.settle(int(sys.argv[1]))
import dataclasses, hashlib
from small_trainings import KINDS
shapes = {"head": (8, 8, 512), "classifier": (40, 40, 1), "regression": (64,)}
for name, shape in shapes.items():
    kind = dataclasses.replace(KINDS[name], shape=shape)
    reads = {} if name == "regression" else {"readout_epochs": ()}
    run = kind.begin(epochs=2, **reads)
    digest = hashlib.sha256(run.run().history.tobytes())
    for weight in run.network.get_weights():
        digest.update(weight.tobytes())
    print(digest.hexdigest())
"""


def test_any_number_of_threads_gives_the_same_bits():
    here = Path(__file__).parent
    path = os.pathsep.join([str(here), str(here.parents[1] / "src")])
    made = [
        subprocess.run(
            [sys.executable, "-c", _THREADS, threads],
            env={**os.environ, "PYTHONPATH": path},
            check=True,
            stdout=subprocess.PIPE,
        ).stdout.split()
        for threads in ("1", "3")
    ]
    assert len(made[0]) == len(set(made[0])) == 3
    assert made[0] == made[1]


class _Network:
    """Whose one weight is the number of epochs that it has learnt for."""

    layers = ()

    def __init__(self):
        self.weights, self.variables = [np.zeros(())], [keras.Variable(0.0)]

    def get_weights(self):
        return [weight.copy() for weight in self.weights]

    def set_weights(self, weights):
        self.weights = weights


class _ByHand(Resumable):
    """A training whose losses are given; without what Keras needs, so at once."""

    class Nothing:
        variables = ()

    def __init__(self, losses, facts=(), **limits):
        self.losses = losses
        limits = _Limits(epochs=len(losses), **limits)
        super().__init__(_Network(), self.Nothing, limits, list(facts))

    def advance(self, epoch):
        self.network.weights = [np.array(float(epoch))]
        return (0.0, self.losses[epoch - 1]), self.losses[epoch - 1]

    def outputs(self):
        return self.network.weights[0]


@dataclasses.dataclass(frozen=True)
class _Limits(Limits):
    patience: int = 50
    readout_epochs: tuple = ()


@pytest.mark.parametrize(
    ("losses", "patience", "epochs", "best"),
    [
        ([5, 4, 3, 3.5, 3.2, 3.1, 2], 3, 6, 3),  # three epochs that are no better
        ([5, 4, 3, 3.5, 3.2, 2, 2.5], 3, 7, 6),  # saved by the third
        ([3, 3, 3, 3, 3, 3, 3], 2, 3, 1),  # equal is not lower
        ([7, 6, 5, 4, 3, 2, 1], 1, 7, 7),
        ([1, 2, 3, 4, 5, 6, 7], 50, 7, 1),
    ],
)
def test_stopping_best_epoch_and_readouts_of_a_curve_made_by_hand(losses, patience, epochs, best):
    for restore in ("best", "last"):
        every = tuple(range(1, 8))
        run = _ByHand(losses, patience=patience, restore=restore, readout_epochs=every)
        result = run.run()
        assert len(result.history) == len(result.seconds) == epochs
        assert result.best_epoch == best
        assert result.chosen_epoch == (best if restore == "best" else epochs)
        assert run.network.weights[0] == result.outputs == result.chosen_epoch
        # A readout is what a training of so many epochs would have ended with.
        short = [_ByHand(losses[:end], patience=patience, restore=restore) for end in every]
        assert list(result.readouts.values()) == [one.run().outputs for one in short]


def test_early_stopping_is_that_of_keras():
    losses = [5, 4, 4.5, 3, 3.1, 3.2, 3.3, 1]
    callback = keras.callbacks.EarlyStopping(monitor="val_loss", mode="min", patience=3)
    model = keras.Sequential()
    callback.set_model(model)
    callback.on_train_begin()
    model.stop_training = False
    for epoch, loss in enumerate(losses):
        callback.on_epoch_end(epoch, {"val_loss": loss})
        if model.stop_training:
            break
    assert len(_ByHand(losses, patience=3).run().history) == epoch + 1 == 7


def test_state_of_another_training_or_half_a_file_is_not_taken_up(tmp_path):
    path = tmp_path / "state.h5"
    _ByHand([3, 2]).run(state_path=path)

    def taken_up(**options):
        run = _ByHand([3, 2], **options)
        run.resume(path)
        return run.epoch

    assert taken_up() == 2
    assert taken_up(facts=["another"]) == taken_up(batch_size=3) == 0
    path.write_bytes(b"half a file")
    assert taken_up() == 0


@pytest.mark.parametrize(
    ("kind", "rate", "said"),
    [
        ("head", 1e30, "tng.training.learning_rate 1e[+]30 and adadelta"),
        ("classifier", 1e30, "training.learning_rate 1e[+]30"),
        ("regression", 1e30, "training.learning_rate 1e[+]30"),
        ("encoder", 1e38, "semantic.training.learning_rate 1e[+]38 and adam"),
    ],
)
def test_loss_that_is_not_finite_is_refused_by_the_learning_rate(kind, rate, said):
    refused(f"the training loss is .* with {said}", KINDS[kind].begin(learning_rate=rate).run)


@pytest.mark.parametrize("kind", KINDS)
def test_settings_that_cannot_be_trained_with_are_named(kind):
    settings = type(KINDS[kind].settings)
    where = settings.section
    for key in ("epochs", "batch_size", "learning_rate"):
        refused(f"{where}.{key} is 0: it must be positive", settings, **{"epochs": 1, key: 0})
    key = "checkpoint" if kind == "head" else "restore"
    refused(f"{where}.{key} is 'lst', nearest is 'last'", settings, epochs=1, **{key: "lst"})


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("head", "21 training and 0 test images.*check the split"),
        ("classifier", "21 training and 0 validation images.*change the split"),
        ("regression", "21 training and 0 validation spectra.*change split"),
        ("encoder", "21 training and 0 validation images.*semantic.datasets"),
    ],
)
def test_an_empty_side_is_refused(kind, said, monkeypatch):
    monkeypatch.setattr(small_trainings, "SIDE", small_trainings.SIDE[:0])
    refused(said, KINDS[kind].begin)
