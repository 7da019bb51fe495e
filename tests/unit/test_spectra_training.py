"""Training on spectra: Keras's mathematics, a likelihood, fresh noise."""

import keras
import numpy as np
import pytest

from skyloom.arms.spectra import architectures
from skyloom.arms.spectra import training as spectra_training
from skyloom.arms.spectra.training import Noisy, Settings
from skyloom.errors import InputError
from skyloom.learn import batches, training

pytestmark = pytest.mark.usefixtures("batches_in_two")

PIXELS, TRAIN, VALIDATION = 24, np.arange(0, 21), np.arange(21, 32)


def _spectra():
    rng = np.random.default_rng(3)
    labels = rng.normal(size=(32, 3))
    x = np.linspace(-1, 1, PIXELS)
    lines = np.exp(-((x - 0.3 * labels[:, :1]) ** 2) / (0.05 + 0.02 * labels[:, 1:2] ** 2))
    return (1 - 0.5 * lines + 0.02 * labels[:, 2:]).astype(np.float32), labels


@pytest.fixture(scope="module")
def data():
    flux, labels = _spectra()
    return batches.from_array(flux, "spectra"), labels


def _network(seed=0, **options):
    return architectures.build("initial", PIXELS, 3, seed=seed, **options)


def _task(data, settings):
    return spectra_training.task(*data, train=TRAIN, validation=VALIDATION, settings=settings)


def _train(data, settings, *, network=None, **options):
    network = network or _network(heteroscedastic=settings.heteroscedastic)
    return network, training.fit(network, _task(data, settings), **options)


def test_loss_curve_is_that_of_keras_fit(data):
    spectra, labels = data
    _, result = _train(data, Settings(epochs=3, batch_size=8, restore="last"))
    model = _network()
    model.compile(keras.optimizers.Adam(0.001), "mse", metrics=["mae", "accuracy"])
    flux = spectra.take(np.arange(32))
    for epoch in range(1, 4):
        order = np.random.default_rng([0, epoch]).permutation(TRAIN)
        fit = model.fit(
            flux[order],
            labels[order],
            validation_data=(flux[VALIDATION], labels[VALIDATION]),
            batch_size=8,
            shuffle=False,
            verbose=0,
        ).history
        ours = dict(zip(spectra_training.HISTORY, result.history[epoch - 1], strict=True))
        for name in ("loss", "mae", "val_loss", "val_mae"):
            assert ours[name] == pytest.approx(fit[name][0], rel=1e-4)
        # What Keras calls accuracy of several real outputs.
        assert ours["argmax_agreement"] == pytest.approx(fit["accuracy"][0])
        assert ours["val_argmax_agreement"] == pytest.approx(fit["val_accuracy"][0])


def test_likelihood_is_that_of_a_gaussian():
    rng = np.random.default_rng(0)
    mean, logarithm, labels = rng.normal(size=(3, 5, 2))
    loss, error, _ = spectra_training.judge(
        np.hstack([mean, logarithm]), labels, heteroscedastic=True
    )
    variance = np.exp(logarithm)
    density = np.exp(-((labels - mean) ** 2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)
    assert loss + np.log(2 * np.pi) / 2 == pytest.approx(-np.mean(np.log(density)))
    assert error == pytest.approx(np.mean(abs(labels - mean)))


def test_variance_learns_the_noise_of_the_labels():
    rng = np.random.default_rng(1)
    flux = np.ones((400, PIXELS), np.float32)
    labels = rng.normal(0.0, 0.3, (400, 1))
    network = architectures.build("initial", PIXELS, 1, heteroscedastic=True)
    settings = Settings(epochs=15, batch_size=40, heteroscedastic=True, learning_rate=0.01)
    spectra = batches.from_array(flux, "spectra")
    sides = {"train": np.arange(300), "validation": np.arange(300, 400)}
    training.fit(network, spectra_training.task(spectra, labels, settings=settings, **sides))
    made = spectra_training.outputs(network, spectra, np.arange(1), batch_size=1)
    assert np.exp(made[0, 1] / 2) == pytest.approx(0.3, rel=0.15)


def test_members_that_share_a_learner_are_those_trained_alone_and_it_is_traced_once(data):
    settings = Settings(epochs=2, batch_size=8)
    learner = training.Learner(_network(), _task(data, settings))
    for seed in (0, 1):
        alone, expected = _train(data, settings, network=_network(seed), seed=seed)
        shared, result = _train(data, settings, network=_network(seed), seed=seed, learner=learner)
        np.testing.assert_array_equal(result.history, expected.history)
        for a, b in zip(shared.get_weights(), alone.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
    # 21 spectra in batches of 8: whole ones, and what remains.
    traced = {size: one.experimental_get_tracing_count() for size, one in learner.functions.items()}
    assert traced == {8: 1, 5: 1}


def test_noise_is_fresh_each_epoch_and_knows_no_batches(data):
    spectra, _ = data
    first = Noisy(spectra, (20, 100), seed=1, epoch=1)
    rows = np.array([5, 2, 9])
    np.testing.assert_array_equal(first.take(rows)[1], first.take(np.array([2]))[0])
    other = Noisy(spectra, (20, 100), seed=1, epoch=2)
    assert not np.array_equal(first.take(rows), other.take(rows))
    np.testing.assert_array_equal(
        Noisy(spectra, None, seed=1, epoch=1).take(rows), spectra.take(rows)
    )


def test_noise_has_the_asked_spread():
    spectra = batches.from_array(np.ones((200, 100), np.float32), "spectra")
    noisy = Noisy(spectra, (50, 50), seed=0, epoch=3).take(np.arange(200))
    assert noisy.std() == pytest.approx(1 / 50, rel=0.02)


def test_impossible_trainings_are_refused_in_a_sentence(data):
    with pytest.raises(InputError, match="96 labels are not finite"):
        _train((data[0], np.full((32, 3), np.nan)), Settings(epochs=1))
    with pytest.raises(InputError, match="training.snr is .*two that rise"):
        Settings(epochs=1, snr=(100, 20))
    with pytest.raises(InputError, match="spectra, row 1, has pixels that are not finite"):
        batches.from_array(np.array([[1.0], [np.nan]]), "spectra")
