"""Training classifiers: Keras's mathematics, classes weighed, what an experiment gives."""

import fake_dataset
import h5py
import keras
import numpy as np
import pytest
from astropy.table import Table
from refusal import refused

from skyloom.arms.xmm import architectures, experiments
from skyloom.errors import InputError
from skyloom.judge import calibration
from skyloom.judge.roc import auc
from skyloom.learn import batches, classification, training
from skyloom.learn.classification import Settings
from skyloom.learn.targets import Target

BINARY = Target("binary", classes=6, positive_from=2)
TRAIN, VALIDATION = np.arange(0, 27), np.arange(27, 40)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    labels = np.arange(40) % 6
    pixels = rng.random((40, 16, 16, 1)) + 0.3 * (labels >= 2)[:, None, None, None]
    return batches.from_array(pixels.astype(np.float32)), labels


def _train(data, settings, *, seed=0, network=None, target=BINARY):
    images, labels = data
    network = network or architectures.build(images.shape, target, dropout=0.3, seed=seed)
    sides = {"train": TRAIN, "validation": VALIDATION}
    task = classification.task(images, labels, **sides, target=target, settings=settings)
    return network, training.fit(network, task, seed=seed)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("kind", "loss"), [("binary", "binary"), ("classes", "categorical")])
def test_loss_curve_is_that_of_keras_fit(data, kind, loss, weighted):
    images, labels = data
    target = Target(kind, classes=6, positive_from=2)
    settings = Settings(epochs=4, batch_size=8, restore="last", class_weights=weighted)
    options = {"batch_normalization": True, "seed": 4}
    network = architectures.build(images.shape, target, **options)
    _, result = _train(data, settings, network=network, target=target)
    model = architectures.build(images.shape, target, **options)
    metric = "binary_accuracy" if kind == "binary" else "categorical_accuracy"
    model.compile(keras.optimizers.Adam(0.001), f"{loss}_crossentropy", metrics=[metric])
    pixels, answers = images.take(np.arange(40)), target.encode(labels)
    classes = (labels >= 2).astype(int) if kind == "binary" else labels
    balanced = {
        c: 27 / (len(set(classes[TRAIN])) * np.sum(classes[TRAIN] == c)) for c in set(classes)
    }
    weights = np.array([balanced[c] if weighted else 1.0 for c in classes])
    for epoch in range(1, 5):
        order = np.random.default_rng([0, epoch]).permutation(TRAIN)
        fit = model.fit(
            pixels[order],
            answers[order],
            sample_weight=weights[order],
            validation_data=(pixels[VALIDATION], answers[VALIDATION], weights[VALIDATION]),
            batch_size=8,
            shuffle=False,
            verbose=0,
        ).history
        ours = dict(zip(classification.HISTORY, result.history[epoch - 1], strict=True))
        assert ours["loss"] == pytest.approx(fit["loss"][0], rel=1e-3)
        assert ours["val_loss"] == pytest.approx(fit["val_loss"][0], rel=1e-3)
        if kind == "binary":
            assert ours["accuracy"] == pytest.approx(fit[metric][0])
            assert ours["val_accuracy"] == pytest.approx(fit[f"val_{metric}"][0])
        assert ours["learning_rate"] == pytest.approx(0.001)
    expected = np.asarray(model(pixels))
    made = (
        target.score(result.outputs) if kind == "binary" else target.probabilities(result.outputs)
    )
    np.testing.assert_allclose(made, expected[:, 0] if kind == "binary" else expected, atol=1e-3)


def test_class_weights_make_classes_count_alike():
    weights = classification.class_weights(np.array([0] * 8 + [1] * 2 + [5] * 5))
    assert weights == {0: 15 / 24, 1: 15 / 6, 5: 15 / 15}
    assert 8 * weights[0] == 2 * weights[1] == 5 * weights[5]


def _dataset(path, pixels, labels):
    """A dataset file as the arm writes it."""
    ids = np.array([f"{number:010d}" for number in range(len(labels))])
    fake_dataset.write(path, pixels, labels, {"id": ids}, name="obs_class", synthetic=True)
    return ids


def _blobs(count, side=32, seed=0):
    """Noise, with a bright blob somewhere in those of class 2 to 5."""
    rng = np.random.default_rng(seed)
    labels = np.array([0, 2, 1, 3, 0, 4, 1, 5])[np.arange(count) % 8]
    pixels = rng.normal(0.2, 0.05, (count, side, side))
    y, x = np.mgrid[:side, :side]
    for image, label in zip(pixels, labels, strict=True):
        row, column = rng.uniform(6, side - 6, 2)
        blob = 0.5 * np.exp(-((y - row) ** 2 + (x - column) ** 2) / 8)
        image += blob * (label >= 2)
    return pixels[..., None].astype(np.float32), labels


def _split(ids, validation=0.2, test=0.2):
    order = np.random.default_rng(1).permutation(len(ids))
    part = np.full(len(ids), "train", dtype="U10")
    part[order[: int(validation * len(ids))]] = "validation"
    part[order[len(ids) - int(test * len(ids)) :]] = "test"
    return Table({"id": ids, "part": part})


TRAINING = {"epochs": 12, "batch_size": 16, "patience": 50, "learning_rate": 0.002}
TRAINING["restore"] = "best"


@pytest.mark.usefixtures("whole_batches")
@pytest.mark.parametrize("target", ["binary", "classes", "ordinal"])
def test_a_network_learns_to_tell_a_blob_from_none(tmp_path, target):
    path = tmp_path / "minmax_sqrt_rebin4.h5"
    pixels, labels = _blobs(400)
    split = _split(_dataset(path, pixels, labels))
    entry = experiments.entry(
        "easy",
        {"dataset": "minmax_sqrt_rebin4", "architecture": "2conv", "target": target},
    )
    fitted = experiments.fit(
        "easy", entry, path, experiments.read_sample(path, split), training=TRAINING, seed=0
    )
    table = fitted.predictions
    test = table[table["part"] == "test"]
    assert auc(np.asarray(test["bad"]), np.asarray(test["score"])) > 0.95
    assert fitted.metrics["sides"]["test"]["auc"] > 0.95
    assert fitted.metrics["synthetic"] and table.meta["synthetic"]
    best = fitted.metrics["best"]
    assert best["val_loss"] == min(fitted.history["val_loss"])
    np.testing.assert_array_equal(table["bad"], table["obs_class"] >= 2)
    # What is saved is what predicted.
    made = np.asarray(fitted.network(pixels[:5]))
    if target == "binary":
        np.testing.assert_allclose(made[:, 0], table["score"][:5], atol=1e-5)
    elif target == "classes":
        np.testing.assert_allclose(made[:, 3], table["p_3"][:5], atol=1e-5)
    else:
        np.testing.assert_allclose(made[:, 1], table["score"][:5], atol=1e-5)
    assert fitted.metrics["calibration"] is None
    # With a temperature: other probabilities, the same answers.
    options = {"training": {**TRAINING, "calibration": True}, "seed": 0}
    fitted = experiments.fit("easy", entry, path, experiments.read_sample(path, split), **options)
    own = fitted.predictions
    record = fitted.metrics["calibration"]
    assert record["objects"] == np.sum(own["part"] == "validation")
    np.testing.assert_array_equal(
        own["score"], calibration.calibrated(table["score"], record["temperature"])
    )
    np.testing.assert_array_equal(own["score"] > 0.5, table["score"] > 0.5)
    assert abs(own["score"] - table["score"]).max() > 1e-4
    if target != "binary":
        p, q = (np.stack([t[f"p_{k}"] for k in range(6)], axis=1) for t in (own, table))
        warmth = fitted.metrics["calibration_of_classes"]["temperature"]
        np.testing.assert_allclose(p, calibration.calibrated(q, warmth))
        np.testing.assert_array_equal(p.argmax(axis=1), q.argmax(axis=1))


@pytest.mark.usefixtures("whole_batches")
def test_what_cannot_be_trained_is_said_in_one_sentence(data):
    images, labels = data
    alike = np.where(labels >= 2, 1, labels)
    refused("all 27 training images are of one kind", _train, (images, alike), Settings(epochs=1))
    refused("from 0 to 5", _train, (images, labels + 1), Settings(epochs=1))
    for wrong in ({"patience": 0}, {"learning_rate": -1}, {"readout_epochs": (0,)}):
        refused(f"training.{next(iter(wrong))}", Settings, **{"epochs": 1, **wrong})


def test_dataset_and_split_that_do_not_fit_are_refused(tmp_path):
    path = tmp_path / "minmax_sqrt_rebin4.h5"
    pixels, labels = _blobs(20, side=16)
    split = _split(_dataset(path, pixels, labels))
    refused("same ids", experiments.read_sample, path, split[1:])
    with pytest.raises(InputError, match="part must be one of"):
        experiments.read_sample(path, Table({"id": split["id"], "part": ["training"] * 20}))
    pixels[7, 3, 3] = np.nan
    _dataset(path, pixels, labels)
    with (
        pytest.raises(InputError, match="id 0000000007, has pixels that are not finite"),
        batches.open_images(path),
    ):
        pass
    _dataset(path, pixels, labels + 0.5)
    refused("OBS_CLASS", experiments.read_sample, path, split)
    with h5py.File(path, "w") as file:
        file["images"], file["id"] = np.zeros((0, 8, 8, 1)), np.zeros(0, "S10")
    with pytest.raises(InputError, match="without a zero"), batches.open_images(path):
        pass


def test_unknown_keys_of_an_experiment_are_named():
    with pytest.raises(InputError, match="'dropuot', nearest is 'dropout'"):
        experiments.entry("x", {"dataset": "minmax_sqrt_rebin4", "dropuot": 0.5})
    refused("has no dataset", experiments.entry, "x", {})
