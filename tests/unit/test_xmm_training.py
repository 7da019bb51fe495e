"""Training classifiers: Keras's mathematics, resumable to the bit, stopped and restored rightly."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import subprocess
import sys
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from astropy.table import Table

from skyloom import datasets
from skyloom.errors import InputError
from skyloom.io import atomic_hdf5
from skyloom.networks import batches, chain, classification, epic_cnn
from skyloom.networks.augmentation import Augmentation
from skyloom.networks.classification import Settings
from skyloom.networks.roc import auc
from skyloom.networks.targets import Target
from skyloom.xmm import experiments

BINARY = Target("binary", classes=6, positive_from=2)
TRAIN, VALIDATION = np.arange(0, 27), np.arange(27, 40)
TURNED = Augmentation(rotation=180, vertical_flip=True, horizontal_flip=True)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    labels = np.arange(40) % 6
    pixels = rng.random((40, 16, 16, 1)) + 0.3 * (labels >= 2)[:, None, None, None]
    return batches.from_array(pixels.astype(np.float32)), labels


def _train(data, settings, *, seed=0, network=None, target=BINARY, **options):
    images, labels = data
    network = network or epic_cnn.build(images.shape, target, dropout=0.3, seed=seed)
    sides = {"train": TRAIN, "validation": VALIDATION}
    result = classification.train(
        network,
        images,
        labels,
        **{**sides, "target": target, "settings": settings, "seed": seed, **options},
    )
    return network, result


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("kind", "loss"), [("binary", "binary"), ("classes", "categorical")])
def test_loss_curve_is_that_of_keras_fit(data, kind, loss, weighted):
    images, labels = data
    target = Target(kind, classes=6, positive_from=2)
    settings = Settings(epochs=4, batch_size=8, restore="last", class_weights=weighted)
    options = {"batch_normalization": True, "seed": 4}
    network = epic_cnn.build(images.shape, target, **options)
    _, result = _train(data, settings, network=network, target=target)
    model = epic_cnn.build(images.shape, target, **options)
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


@pytest.fixture
def whole_batches(monkeypatch):
    """Batches in one part, where the test is not about parts: they are traced faster."""
    monkeypatch.setattr(chain, "PARTS", 1)


class _KilledError(Exception):
    pass


def _killed_after(epochs, monkeypatch):
    """Let a training die when it has done so many epochs."""
    real = classification._Run.advance

    def advance(run, epoch):
        if epoch > epochs:
            raise _KilledError
        real(run, epoch)

    monkeypatch.setattr(classification._Run, "advance", advance)


def test_killed_training_continues_to_the_same_bits(data, tmp_path, monkeypatch):
    settings = Settings(epochs=8, batch_size=8, patience=7, augmentation=TURNED)

    def fresh():
        return epic_cnn.build(data[0].shape, BINARY, dropout=0.5, batch_normalization=True, seed=1)

    network, whole = _train(data, settings, network=fresh())
    state = tmp_path / ".state" / "network.h5"
    for epochs in (2, 3, 6):
        with monkeypatch.context() as patch:
            _killed_after(epochs, patch)
            with pytest.raises(_KilledError):
                _train(data, settings, network=fresh(), state_path=state, save_every=0)
    again, resumed = _train(data, settings, network=fresh(), state_path=state, save_every=0)
    np.testing.assert_array_equal(resumed.history, whole.history)
    np.testing.assert_array_equal(resumed.outputs, whole.outputs)
    assert resumed.best_epoch == whole.best_epoch
    for a, b in zip(again.get_weights(), network.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    # A state of the finished training gives the same once more, without learning.
    _, once_more = _train(data, settings, network=fresh(), state_path=state)
    np.testing.assert_array_equal(once_more.outputs, whole.outputs)


@pytest.mark.usefixtures("whole_batches")
def test_state_of_another_training_is_not_taken_up(data, tmp_path):
    state = tmp_path / "state.h5"
    settings = Settings(epochs=2, batch_size=8)
    _train(data, settings, state_path=state, save_every=0)
    _, expected = _train(data, settings, seed=1)
    _, result = _train(data, settings, seed=1, state_path=state)
    np.testing.assert_array_equal(result.history, expected.history)
    state.write_bytes(b"half a file")
    _, result = _train(data, settings, seed=1, state_path=state)
    np.testing.assert_array_equal(result.history, expected.history)


@pytest.mark.usefixtures("whole_batches")
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
def test_stopping_and_best_epoch_of_a_curve_made_by_hand(
    data, monkeypatch, losses, patience, epochs, best
):
    curve = iter(losses)
    monkeypatch.setattr(classification._Run, "_judge", lambda *_: (next(curve), 0.5))
    kept = {}
    real = classification._Run.advance

    def advance(run, epoch):
        real(run, epoch)
        kept[epoch] = run.network.get_weights()

    monkeypatch.setattr(classification._Run, "advance", advance)
    for restore in ("best", "last"):
        curve = iter(losses)
        settings = Settings(epochs=7, batch_size=16, patience=patience, restore=restore)
        network, result = _train(data, settings)
        assert len(result.history) == epochs
        assert result.best_epoch == best
        chosen = kept[best if restore == "best" else epochs]
        for a, b in zip(network.get_weights(), chosen, strict=True):
            np.testing.assert_array_equal(a, b)


def test_early_stopping_is_that_of_keras(data):
    losses = [5, 4, 4.5, 3, 3.1, 3.2, 3.3, 1]
    callback = keras.callbacks.EarlyStopping(monitor="val_loss", mode="min", patience=3)
    model = epic_cnn.build((8, 8, 1), BINARY)
    callback.set_model(model)
    callback.on_train_begin()
    model.stop_training = False
    for epoch, loss in enumerate(losses):
        callback.on_epoch_end(epoch, {"val_loss": loss})
        if model.stop_training:
            break
    run = classification._Run.__new__(classification._Run)
    run.settings, best = Settings(epochs=8, patience=3), np.inf
    run.best_epoch = 0
    for ours, loss in enumerate(losses, 1):
        run.epoch = ours
        if loss < best:
            best, run.best_epoch = loss, ours
        if run.finished:
            break
    assert ours == epoch + 1 == 7


def test_class_weights_make_classes_count_alike():
    weights = classification.class_weights(np.array([0] * 8 + [1] * 2 + [5] * 5))
    assert weights == {0: 15 / 24, 1: 15 / 6, 5: 15 / 15}
    assert 8 * weights[0] == 2 * weights[1] == 5 * weights[5]


def _dataset(path, pixels, labels, **attributes):
    """A dataset file as the arm writes it."""
    ids = np.array([f"{number:010d}" for number in range(len(labels))])
    with atomic_hdf5(path) as file:
        datasets.write(
            file,
            [pixels],
            len(pixels),
            kind="images",
            shape=pixels.shape[1:],
            dtype=np.float32,
            target=np.asarray(labels),
            name="obs_class",
            units="",
            columns={"id": ids},
            attributes={"synthetic": True, **attributes},
        )
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


TRAINING = {
    "epochs": 12,
    "batch_size": 16,
    "patience": 50,
    "learning_rate": 0.002,
    "restore": "best",
}


@pytest.mark.usefixtures("whole_batches")
@pytest.mark.parametrize("target", ["binary", "classes", "ordinal"])
def test_a_network_learns_to_tell_a_blob_from_none(tmp_path, target):
    path = tmp_path / "minmax_sqrt_rebin4.h5"
    pixels, labels = _blobs(400)
    split = _split(_dataset(path, pixels, labels))
    entry = experiments.experiment(
        "easy",
        {"dataset": "minmax_sqrt_rebin4", "architecture": "2conv", "target": target},
    )
    fitted = experiments.fit(
        "easy", entry, path, experiments.read(path, split), training=TRAINING, seed=0
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


def test_images_from_memory_and_from_the_file_train_to_the_same_bits(tmp_path):
    path = tmp_path / "minmax_sqrt_rebin4.h5"
    pixels, labels = _blobs(60, side=16)
    sample = experiments.read(path, _split(_dataset(path, pixels, labels)))
    entry = experiments.experiment("x", {"dataset": "minmax_sqrt_rebin4", "rotation": 180.0})
    options = {"training": {**TRAINING, "epochs": 2}, "seed": 3}
    memory = experiments.fit("x", entry, path, sample, **options)
    file = experiments.fit("x", entry, path, sample, limit=1000, **options)
    np.testing.assert_array_equal(memory.predictions["score"], file.predictions["score"])
    with batches.open_images(path, limit=1000) as images:
        assert not images.in_memory
        np.testing.assert_array_equal(images.take(np.array([5, 0, 59])), pixels[[5, 0, 59]])


_PROCESS = """
import hashlib, sys
import numpy as np
from skyloom.networks import batches, classification, epic_cnn, training
from skyloom.networks.augmentation import Augmentation
from skyloom.networks.targets import Target
training.settle(int(sys.argv[1]))
target = Target("binary", classes=6, positive_from=2)
rng = np.random.default_rng(0)
images = batches.from_array(rng.random((50, 40, 40, 1)).astype(np.float32))
network = epic_cnn.build(images.shape, target, dropout=0.5, batch_normalization=True)
settings = classification.Settings(epochs=2, batch_size=16, augmentation=Augmentation(180, True))
result = classification.train(
    network, images, np.arange(50) % 6, train=np.arange(40), validation=np.arange(40, 50),
    target=target, settings=settings)
print(hashlib.sha256(result.outputs.tobytes() + result.history.tobytes()).hexdigest())
"""


def test_any_number_of_threads_gives_the_same_bits():
    scripts = Path(__file__).parents[2] / "scripts"
    digests = [
        subprocess.run(
            [sys.executable, "-c", _PROCESS, threads],
            env={**os.environ, "PYTHONPATH": str(scripts)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in ("1", "3")
    ]
    assert len(digests[0]) == 65
    assert len(set(digests)) == 1


@pytest.mark.usefixtures("whole_batches")
def test_what_cannot_be_trained_is_said_in_one_sentence(data, tmp_path):
    images, labels = data
    alike = np.where(labels >= 2, 1, labels)
    with pytest.raises(InputError, match="all 27 training images are of one kind"):
        _train((images, alike), Settings(epochs=1))
    with pytest.raises(InputError, match="0 validation images"):
        _train(data, Settings(epochs=1), validation=np.arange(0))
    with pytest.raises(InputError, match="from 0 to 5"):
        _train((images, labels + 1), Settings(epochs=1))
    with pytest.raises(InputError, match=r"training.learning_rate 1e\+?30"):
        _train(data, Settings(epochs=5, learning_rate=1e30))
    for wrong in ({"restore": "first"}, {"epochs": 0}, {"patience": 0}, {"learning_rate": -1}):
        with pytest.raises(InputError, match=f"training.{next(iter(wrong))}"):
            Settings(**{"epochs": 1, **wrong})


def test_dataset_and_split_that_do_not_fit_are_refused(tmp_path):
    path = tmp_path / "minmax_sqrt_rebin4.h5"
    pixels, labels = _blobs(20, side=16)
    split = _split(_dataset(path, pixels, labels))
    with pytest.raises(InputError, match="same ids"):
        experiments.read(path, split[1:])
    with pytest.raises(InputError, match="part must be one of"):
        experiments.read(path, Table({"id": split["id"], "part": ["training"] * 20}))
    pixels[7, 3, 3] = np.nan
    _dataset(path, pixels, labels)
    with (
        pytest.raises(InputError, match="id 0000000007, has pixels that are not finite"),
        batches.open_images(path),
    ):
        pass
    _dataset(path, pixels, labels + 0.5)
    with pytest.raises(InputError, match="OBS_CLASS"):
        experiments.read(path, split)
    with h5py.File(path, "w") as file:
        file["images"], file["id"] = np.zeros((0, 8, 8, 1)), np.zeros(0, "S10")
    with pytest.raises(InputError, match="without a zero"), batches.open_images(path):
        pass


def test_unknown_keys_of_an_experiment_are_named():
    with pytest.raises(InputError, match="'dropuot', nearest is 'dropout'"):
        experiments.experiment("x", {"dataset": "minmax_sqrt_rebin4", "dropuot": 0.5})
    with pytest.raises(InputError, match="has no dataset"):
        experiments.experiment("x", {})
