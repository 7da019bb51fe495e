"""Training a head: Keras's mathematics, honest about which weights predict."""

import keras
import numpy as np
import pytest
from refusal import refused

from skyloom.learn import head_training, regression
from skyloom.learn.compiled_epoch import OPTIMIZERS
from skyloom.learn.head_training import Settings

SHAPE = (2, 2, 8)
TRAIN, TEST = np.arange(0, 23), np.arange(23, 30)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    features = np.abs(rng.normal(size=(30, *SHAPE))).astype(np.float16)
    return features, features.astype(float).sum(axis=(1, 2, 3)) / 8


def _train(data, settings, *, seed=0, head=None, **options):
    head = head or regression.head(SHAPE, seed=seed)
    result = head_training.fit(
        head, *data, train=TRAIN, test=TEST, settings=settings, seed=seed, **options
    )
    return head, result


def keras_losses(model, features, targets, train, test, *, epochs, batch_size):
    """Losses of both sides after each epoch of Keras's own fit in our order of the images."""
    losses = []
    for epoch in range(1, epochs + 1):
        order = np.random.default_rng([0, epoch]).permutation(train)
        options = {"batch_size": batch_size, "shuffle": False, "verbose": 0}
        fit = model.fit(features[order].astype("f4"), targets[order], **options)
        side = model.evaluate(features[test].astype("f4"), targets[test], verbose=0)
        losses.append((fit.history["loss"][0], side))
    return losses


@pytest.mark.parametrize(("name", "rate"), [("adadelta", 1.0), ("adam", 1e-3)])
def test_loss_curve_is_that_of_keras_fit(data, name, rate):
    settings = Settings(epochs=4, batch_size=5, optimizer=name, learning_rate=rate)
    head, model = (regression.head(SHAPE, dropout=0.0, seed=0) for _ in range(2))
    _, result = _train(data, settings, head=head)
    model.compile(optimizer=OPTIMIZERS[name](learning_rate=rate), loss="mse")
    losses = keras_losses(model, *data, TRAIN, TEST, epochs=4, batch_size=5)
    np.testing.assert_allclose(result.history[:, :2], losses, rtol=1e-4)


def test_loss_curve_of_the_published_architecture_is_that_of_keras_fit():
    rng = np.random.default_rng(1)
    features = np.maximum(rng.normal(size=(150, 8, 8, 512)), 0).astype(np.float16)
    targets = 4 + features[:, 2:5, 2:5, :50].astype(float).mean(axis=(1, 2, 3)) * 10
    train, test = np.arange(120), np.arange(120, 150)
    head, model = (regression.head((8, 8, 512), dropout=0.0, seed=3) for _ in range(2))
    settings = Settings(epochs=6, batch_size=25)
    result = head_training.fit(head, features, targets, train=train, test=test, settings=settings)
    model.compile(optimizer=keras.optimizers.Adadelta(learning_rate=1.0), loss="mse")
    losses = keras_losses(model, features, targets, train, test, epochs=6, batch_size=25)
    np.testing.assert_allclose(result.history, losses, rtol=1e-4)


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


def test_negative_filter_is_dead_for_ever_with_relu_and_learns_when_linear(data):
    spread = {}
    for activation in ("relu", "linear"):
        head = regression.head(SHAPE, convolution_activation=activation, dropout=0.0, seed=0)
        layer = head.get_layer("convolution")
        kernel, bias = layer.get_weights()
        layer.set_weights([-np.abs(kernel), bias])
        _, result = _train(data, Settings(epochs=20, batch_size=5), head=head)
        spread[activation] = np.ptp(result.outputs)
    assert spread["relu"] == 0
    assert spread["linear"] > 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"optimizer": "adadleta"}, r"optimizer is 'adadleta', nearest is 'adadelta'"),
        ({"readout_epochs": (5, 11)}, r"readout_epochs has \[11\]"),
    ],
)
def test_bad_settings_are_named(options, message):
    refused(message, Settings, epochs=10, **options)


def test_labels_that_are_not_finite_are_refused(data):
    refused("not finite", _train, (data[0], np.full(30, np.nan)), Settings(epochs=1))


def test_output_relu_cannot_predict_below_zero(data):
    head = regression.head(SHAPE, output_activation="relu", seed=0)
    _, result = _train((data[0], data[1] - 5), Settings(epochs=3, batch_size=5), head=head)
    assert result.outputs.min() >= 0


def test_explicit_rate_is_the_one_used():
    assert float(keras.optimizers.Adadelta().learning_rate) == pytest.approx(1e-3)
    assert Settings(epochs=1).learning_rate == 1.0
