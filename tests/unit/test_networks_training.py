"""Training: Keras's mathematics, resumable to the bit, honest about which weights predict."""

import os
import subprocess
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import pytest

from skyloom.errors import InputError
from skyloom.networks import regression, training
from skyloom.networks.training import Settings

ROOT = Path(__file__).parents[2]
SHAPE = (2, 2, 8)
TRAIN, TEST = np.arange(0, 23), np.arange(23, 30)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    features = np.abs(rng.normal(size=(30, *SHAPE))).astype(np.float16)
    return features, features.astype(float).sum(axis=(1, 2, 3)) / 8


def _train(data, settings, *, seed=0, head=None, **options):
    head = head or regression.head(SHAPE, seed=seed)
    result = training.train(
        head, *data, train=TRAIN, test=TEST, settings=settings, seed=seed, **options
    )
    return head, result


@pytest.mark.parametrize(("name", "rate"), [("adadelta", 1.0), ("adam", 1e-3)])
def test_loss_curve_is_that_of_keras_fit(data, name, rate):
    features, targets = data
    settings = Settings(epochs=4, batch_size=5, optimizer=name, learning_rate=rate)
    head = regression.head(SHAPE, dropout=0.0, seed=0)
    _, result = _train(data, settings, head=head)
    model = regression.head(SHAPE, dropout=0.0, seed=0)
    model.compile(optimizer=training.OPTIMIZERS[name](learning_rate=rate), loss="mse")
    for epoch in range(1, 5):
        order = np.random.default_rng([0, epoch]).permutation(TRAIN)
        fit = model.fit(
            features[order].astype("f4"), targets[order], batch_size=5, shuffle=False, verbose=0
        )
        assert result.history[epoch - 1, 0] == pytest.approx(fit.history["loss"][0], rel=1e-4)
        test = model.evaluate(features[TEST].astype("f4"), targets[TEST], verbose=0)
        assert result.history[epoch - 1, 1] == pytest.approx(test, rel=1e-4)


def test_loss_curve_of_the_published_architecture_is_that_of_keras_fit():
    rng = np.random.default_rng(1)
    features = np.maximum(rng.normal(size=(150, 8, 8, 512)), 0).astype(np.float16)
    targets = 4 + features[:, 2:5, 2:5, :50].astype(float).mean(axis=(1, 2, 3)) * 10
    train, test = np.arange(120), np.arange(120, 150)
    head, model = (regression.head((8, 8, 512), dropout=0.0, seed=3) for _ in range(2))
    settings = Settings(epochs=6, batch_size=25)
    result = training.train(head, features, targets, train=train, test=test, settings=settings)
    model.compile(optimizer=keras.optimizers.Adadelta(learning_rate=1.0), loss="mse")
    losses = []
    for epoch in range(1, 7):
        order = np.random.default_rng([0, epoch]).permutation(train)
        fit = model.fit(features[order], targets[order], batch_size=25, shuffle=False, verbose=0)
        test_loss = model.evaluate(features[test], targets[test], verbose=0)
        losses.append((fit.history["loss"][0], test_loss))
    np.testing.assert_allclose(result.history, losses, rtol=1e-4)


_HISTORY = """
import sys
import numpy as np
from skyloom.networks import regression, training
training.settle(int(sys.argv[1]))
rng = np.random.default_rng(0)
features = rng.random((90, 8, 8, 512)).astype(np.float16)
head = regression.head((8, 8, 512), seed=0)
rows = np.arange(90)
result = training.train(
    head, features, rng.normal(4, 1, 90), train=rows[:70], test=rows[70:],
    settings=training.Settings(epochs=3, batch_size=20),
)
print(result.history.tobytes().hex(), result.readouts[3].tobytes().hex())
"""


def test_bits_do_not_depend_on_the_number_of_threads():
    outputs = {
        subprocess.run(
            [sys.executable, "-c", _HISTORY, threads],
            check=True,
            cwd=ROOT / "scripts",
            stdout=subprocess.PIPE,
        ).stdout
        for threads in ("1", "3")
    }
    assert len(outputs) == 1


class _KilledError(Exception):
    pass


def _killed_after(epochs, monkeypatch):
    """Let a training die when it has done so many epochs."""
    real = training._Run.advance

    def advance(run, epoch):
        if epoch > epochs:
            raise _KilledError
        real(run, epoch)

    monkeypatch.setattr(training._Run, "advance", advance)


def test_killed_training_continues_to_the_same_bits(data, tmp_path, monkeypatch):
    settings = Settings(epochs=9, readout_epochs=(3, 6), batch_size=5)
    head, whole = _train(data, settings)
    state = tmp_path / ".state" / "network.h5"
    for epochs in (2, 5, 7):
        with monkeypatch.context() as patch:
            _killed_after(epochs, patch)
            with pytest.raises(_KilledError):
                _train(data, settings, state_path=state, save_every=0)
    resumed, result = _train(data, settings, state_path=state, save_every=0)
    np.testing.assert_array_equal(result.history, whole.history)
    assert result.best_epoch == whole.best_epoch
    assert list(result.readouts) == [3, 6, 9]
    for epoch, values in whole.readouts.items():
        np.testing.assert_array_equal(result.readouts[epoch], values)
    for a, b in zip(resumed.get_weights(), head.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_state_of_another_training_is_not_taken_up(data, tmp_path, monkeypatch):
    settings = Settings(epochs=4, batch_size=5)
    state = tmp_path / "state.h5"
    with monkeypatch.context() as patch:
        _killed_after(2, patch)
        with pytest.raises(_KilledError):
            _train(data, settings, state_path=state, save_every=0)
    _, expected = _train(data, settings, seed=1)
    _, result = _train(data, settings, seed=1, state_path=state)
    np.testing.assert_array_equal(result.history, expected.history)
    state.write_bytes(b"half a file")
    _, result = _train(data, settings, seed=1, state_path=state)
    np.testing.assert_array_equal(result.history, expected.history)


def test_best_checkpoint_predicts_with_the_lowest_training_loss_so_far(data):
    readouts = tuple(range(1, 13))
    best, last = (
        _train(data, Settings(epochs=12, readout_epochs=readouts, batch_size=5, checkpoint=kind))
        for kind in ("best", "last")
    )
    np.testing.assert_array_equal(best[1].history, last[1].history)
    loss = best[1].history[:, 0]
    assert best[1].best_epoch == np.argmin(loss) + 1
    assert len(set(np.minimum.accumulate(loss))) < 12, "the case must have an epoch that is worse"
    for epoch in readouts:
        best_so_far = int(np.argmin(loss[:epoch])) + 1
        np.testing.assert_array_equal(
            best[1].readouts[epoch], last[1].readouts[best_so_far], err_msg=str(epoch)
        )
    values = np.asarray(best[0](data[0].astype("f4")))[:, 0]
    np.testing.assert_allclose(values, best[1].readouts[12], rtol=1e-5)


def test_loss_that_is_not_finite_is_refused_by_the_learning_rate(data):
    settings = Settings(epochs=30, batch_size=5, optimizer="sgd", learning_rate=1e6)
    with pytest.raises(InputError, match=r"tng.training.learning_rate 1000000.0 and sgd"):
        _train(data, settings)


def test_negative_filter_is_dead_for_ever_with_relu_and_learns_when_linear(data):
    spread = {}
    for activation in ("relu", "linear"):
        head = regression.head(SHAPE, convolution_activation=activation, dropout=0.0, seed=0)
        layer = head.get_layer("convolution")
        kernel, bias = layer.get_weights()
        layer.set_weights([-np.abs(kernel), bias])
        _, result = _train(data, Settings(epochs=20, batch_size=5), head=head)
        spread[activation] = np.ptp(result.readouts[20])
    assert spread["relu"] == 0
    assert spread["linear"] > 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"optimizer": "adadleta"}, r"optimizer is 'adadleta', nearest is 'adadelta'"),
        ({"checkpoint": "first"}, "checkpoint"),
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"readout_epochs": (5, 11)}, r"readout_epochs has \[11\]"),
    ],
)
def test_bad_settings_are_named(options, message):
    with pytest.raises(InputError, match=message):
        Settings(epochs=10, **options)


def test_labels_that_are_not_finite_are_refused(data):
    with pytest.raises(InputError, match="not finite"):
        _train((data[0], np.full(30, np.nan)), Settings(epochs=1))


def test_output_relu_cannot_predict_below_zero(data):
    head = regression.head(SHAPE, output_activation="relu", seed=0)
    _, result = _train((data[0], data[1] - 5), Settings(epochs=3, batch_size=5), head=head)
    assert result.readouts[3].min() >= 0


def test_explicit_rate_is_the_one_used():
    assert float(keras.optimizers.Adadelta().learning_rate) == pytest.approx(1e-3)
    assert Settings(epochs=1).learning_rate == 1.0
