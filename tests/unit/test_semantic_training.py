"""Training the semantic autoencoder: Keras's mathematics on what is decoded."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from skyloom.arms.semantic import encoder, profiles, sampling
from skyloom.arms.semantic import training as semantic_training
from skyloom.arms.semantic.decoder import ProfileDecoder
from skyloom.arms.semantic.encoder import PhysicalParameters
from skyloom.arms.semantic.training import Settings
from skyloom.errors import InputError
from skyloom.learn import batches, training
from skyloom.learn.threads import threads_of

NAMES = ["scale", "ellipticity", "angle"]
PROFILE = {
    "decoder": "exponential",
    "parameters": {"scale": [0.2, 0.6], "ellipticity": [0.2, 0.8], "angle": [0, 180]},
}
GRID = {"pixels": 8}
TRAIN, VALIDATION = np.arange(0, 24), np.arange(24, 32)


def _images(count=32):
    rng = np.random.default_rng(3)
    truth = np.stack([rng.uniform(*PROFILE["parameters"][name], count) for name in NAMES], axis=1)
    values = dict(zip(NAMES, truth.T, strict=True))
    images = profiles.evaluate("exponential", values, sampling.Grid(**GRID))
    return images[..., None].astype(np.float32), truth


@pytest.fixture(scope="module")
def data():
    images, truth = _images()
    return batches.from_array(images), truth


def _network(seed=0, **options):
    layer = PhysicalParameters(NAMES, [0.16, 0.14, 0], [0.64, 0.86, 180])
    sizes = {"convolutions": [4, 4], "dense": [6]}
    return encoder.build((8, 8, 1), layer, **sizes, seed=seed, **options)


def _decoder():
    return ProfileDecoder(PROFILE, GRID)


def _train(data, settings, *, network=None, **options):
    network = network or _network(precision=settings.precision)
    sides = {"train": TRAIN, "validation": VALIDATION}
    task = semantic_training.task(_decoder(), *data, **{**sides, **options}, settings=settings)
    return network, training.fit(network, task)


@pytest.fixture(scope="module")
def adadelta(data):
    return _train(data, Settings(epochs=2, batch_size=8))


@pytest.mark.parametrize(
    ("settings", "optimizer"),
    [
        ({"loss": "mean"}, keras.optimizers.Adadelta(1.0, rho=0.95)),
        (
            {"optimizer": "adam", "learning_rate": 0.01, "decay": "cosine", "loss": "relative"},
            # Three batches an epoch, the last of them smaller, and two epochs.
            keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.01, 6)),
        ),
    ],
)
def test_training_is_that_of_keras_fit_on_the_mean_absolute_error(data, settings, optimizer):
    settings = Settings(epochs=2, batch_size=9, restore="last", **settings)
    network, result = _train(data, settings)
    image = keras.Input((8, 8, 1))
    model = keras.Model(image, _decoder()(_network()(image)))
    images = data[0].take(np.arange(32))
    unit = np.abs(images[TRAIN]).mean() if settings.loss == "relative" else 1.0
    # Eagerly: a few small batches take less time than compiling them.
    options = {"optimizer": optimizer, "run_eagerly": True}
    model.compile(
        loss=lambda true, made: keras.losses.mean_absolute_error(true, made) / unit, **options
    )
    for epoch in (1, 2):
        order = np.random.default_rng([0, epoch]).permutation(TRAIN)
        fit = model.fit(
            *(images[order], images[order]),
            validation_data=(images[VALIDATION], images[VALIDATION]),
            batch_size=9,
            shuffle=False,
            verbose=0,
        ).history
        expected = [fit["loss"][0] * unit, fit["val_loss"][0] * unit]
        assert result.history[epoch - 1, :2] == pytest.approx(expected, rel=1e-5)
    for ours, theirs in zip(network.get_weights(), model.get_weights(), strict=True):
        assert ours == pytest.approx(theirs, rel=1e-3, abs=1e-5)


def test_with_a_clean_target_training_is_that_of_keras_fit_from_noisy_images_to_clean_ones():
    images, truth = _images()
    noisy = images + np.float32(0.1) * np.random.default_rng(5).standard_normal(images.shape)
    noisy = noisy.astype(np.float32)
    settings = Settings(epochs=2, batch_size=9, loss="mean", target="clean", restore="last")
    network, result = _train((batches.from_array(noisy), truth), settings)
    image = keras.Input((8, 8, 1))
    model = keras.Model(image, _decoder()(_network()(image)))
    optimizer = keras.optimizers.Adadelta(1.0, rho=0.95)
    model.compile(loss="mean_absolute_error", optimizer=optimizer, run_eagerly=True)
    for epoch in (1, 2):
        order = np.random.default_rng([0, epoch]).permutation(TRAIN)
        fit = model.fit(
            *(noisy[order], images[order]),
            validation_data=(noisy[VALIDATION], images[VALIDATION]),
            batch_size=9,
            shuffle=False,
            verbose=0,
        ).history
        expected = [fit["loss"][0], fit["val_loss"][0]]
        assert result.history[epoch - 1, :2] == pytest.approx(expected, rel=1e-5)
    for ours, theirs in zip(network.get_weights(), model.get_weights(), strict=True):
        assert ours == pytest.approx(theirs, rel=1e-3, abs=1e-5)


def test_it_learns_the_parameters_it_is_never_shown():
    images, truth = _images(180)
    settings = Settings(epochs=30, batch_size=10, optimizer="adam", learning_rate=0.01)
    _, result = _train(
        (batches.from_array(images), truth),
        settings,
        train=np.arange(160),
        validation=np.arange(160, 180),
    )
    columns = semantic_training.history_columns(NAMES)
    history = dict(zip(columns, result.history.T, strict=True))
    assert history["val_loss"][-1] < history["val_loss"][0] / 3
    assert history["sigma_angle"][-1] < history["sigma_angle"][0] / 3
    # Labels that say nothing change what is watched, not what is learnt.
    _, blind = _train(
        (batches.from_array(images), np.zeros_like(truth)),
        Settings(epochs=1, batch_size=10, optimizer="adam", learning_rate=0.01),
        train=np.arange(160),
        validation=np.arange(160, 180),
    )
    assert np.array_equal(blind.history[0, :2], result.history[0, :2])


def test_gradients_of_the_relative_loss_are_those_of_the_mean_over_the_images_brightness(data):
    found = {}
    for loss in ("relative", "mean"):
        settings = Settings(epochs=1, batch_size=8, loss=loss)
        sides, network = {"train": TRAIN, "validation": VALIDATION}, _network()
        task = semantic_training.task(_decoder(), *data, **sides, settings=settings)
        with tf.GradientTape() as tape:
            learnt, _ = task.learn(network, tf.constant(data[0].take(np.arange(8))))
        gradients = tape.gradient(learnt, network.trainable_variables)
        found[loss] = [gradient.numpy() for gradient in gradients]
    brightness = np.abs(data[0].take(TRAIN)).mean(dtype=np.float64)
    assert any(np.abs(gradient).max() > 0 for gradient in found["mean"])
    for relative, mean in zip(found["relative"], found["mean"], strict=True):
        np.testing.assert_allclose(relative, mean / brightness, rtol=1e-4, atol=1e-9)


def test_matched_weights_have_the_spread_that_their_activations_need():
    layer = PhysicalParameters(NAMES, [0.16, 0.14, 0], [0.64, 0.86, 180])
    network = encoder.build((8, 8, 1), layer, convolutions=[32, 32], dense=[64], seed=1)
    kernels = {x.name: x.kernel.numpy() for x in network.layers if x.weights}
    # He et al. 2015: of 3 x 3 pixels of 32 channels; the first layer's 288 weights say less.
    assert kernels["convolution_2"].std() == pytest.approx(np.sqrt(2 / 288), rel=0.03)
    assert kernels["convolution_1"].std() == pytest.approx(np.sqrt(2 / 9), rel=0.15)
    # Glorot & Bengio 2010: uniform within sqrt(6 / (inputs + outputs)); hidden, four times it.
    for name, times in (("dense_1", 4), ("output", 1)):
        limit = times * np.sqrt(6 / sum(kernels[name].shape))
        assert 0.95 * limit < np.abs(kernels[name]).max() <= limit * (1 + 1e-6)
        assert kernels[name].std() == pytest.approx(limit / np.sqrt(3), rel=0.1)


def test_published_weights_are_those_of_glorot_everywhere():
    network = _network(initializer="glorot_uniform")
    for kernel in (x.kernel.numpy() for x in network.layers if x.weights):
        field = np.prod(kernel.shape[:-2])
        limit = np.sqrt(6 / (field * (kernel.shape[-2] + kernel.shape[-1])))
        assert 0.7 * limit < np.abs(kernel).max() <= limit * (1 + 1e-6)


def test_threads_are_the_networks_and_not_the_machines():
    assert [threads_of([width, 128]) for width in (4, 8, 16, 32)] == [1, 1, 2, 2]


def test_cosine_rate_falls_to_zero_and_the_constant_one_stays(data, adadelta):
    rate = semantic_training.history_columns(NAMES).index("learning_rate")
    _, falls = _train(data, Settings(epochs=4, batch_size=8, decay="cosine"))
    expected = (1 + np.cos(np.pi * np.arange(4) / 4)) / 2
    assert falls.history[:, rate] == pytest.approx(expected, rel=1e-6)
    assert np.array_equal(adadelta[1].history[:, rate], [1.0, 1.0])


def test_bfloat16_learns_nearly_the_same_with_float32_weights(data, adadelta):
    _, single = adadelta
    network, mixed = _train(data, Settings(epochs=2, batch_size=8, precision="bfloat16"))
    assert {str(x.dtype) for x in network.weights} == {"float32"}
    assert not np.array_equal(single.history, mixed.history)
    assert mixed.history[:, :2] == pytest.approx(single.history[:, :2], rel=1e-2)


def test_predictions_do_not_depend_on_their_neighbours(data):
    network, rows = _network(), np.arange(16)
    made, residuals = semantic_training.predict(network, _decoder(), data[0], rows, batch_size=8)
    turned = semantic_training.predict(network, _decoder(), data[0], rows[::-1], batch_size=8)
    assert made == pytest.approx(turned[0][::-1], rel=1e-6)
    images = data[0].take(rows)
    expected = network(images).numpy()
    assert made == pytest.approx(expected, rel=1e-5)
    difference = np.abs(_decoder()(expected).numpy() - images).mean(axis=(1, 2, 3))
    assert residuals == pytest.approx(difference, rel=1e-4)


def test_dispersion_of_the_angle_leaves_out_the_wrap_and_the_failed_share_counts_it():
    truth = np.array([[0.3, 0.5, 5.0], [0.3, 0.5, 90.0], [0.3, 0.5, 100.0], [0.3, 0.5, 175.0]])
    predicted = truth + [[0.1, 0, 170], [0.1, 0.2, 1], [0.1, 0, 3], [0.1, 0, 0]]
    found = semantic_training.spread(predicted, truth, NAMES, 10.0)
    expected = [0.0, np.std([0, 0.2, 0, 0]), np.std([1, 3]), 0.25]
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"optimizer": "adamm"}, "optimizer is 'adamm', nearest is 'adam'"),
        ({"precision": "float16"}, "precision is 'float16', nearest is"),
        ({"rho": 1.0}, "rho is 1.0"),
    ],
)
def test_settings_that_cannot_be_trained_with_are_refused(keys, message):
    with pytest.raises(InputError, match=message):
        Settings(**{"epochs": 1, **keys})
