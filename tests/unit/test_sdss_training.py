"""Training on drawings, spectra and stored features: it learns and says what it saw."""

import json

import fake_dataset
import h5py
import keras
import numpy as np
import pytest
from astropy.table import Table
from refusal import refused

from skyloom.arms.sdss import architectures, classes, experiments
from skyloom.errors import InputError
from skyloom.judge import calibration
from skyloom.learn import batches, pretrained
from skyloom.learn.standardisation import Standardised

pytestmark = pytest.mark.usefixtures("whole_batches")

COUNT, PIXELS = 120, 128
TRAINING = {
    "epochs": 6,
    "readout_epochs": [2, 4, 40],
    "batch_size": 16,
    "learning_rate": 0.003,
    "patience": 40,
    "restore": "best",
    "class_weights": False,
    "calibration": False,
}
MNIST = architectures.network("mnist", {"architecture": "lenet"})
CNN = architectures.network("cnn_1d", {"architecture": "cnn_1d"})
RESNET = architectures.network("resnet", {"architecture": "resnet_50", "weights": "random"})


def spectra():
    """A rising, a falling and a bumpy kind, (COUNT, PIXELS), and their labels."""
    rng = np.random.default_rng(0)
    label = np.arange(COUNT) % 3
    x = np.linspace(0, 1, PIXELS)
    bump = 4 * np.exp(-(((x - rng.uniform(0.2, 0.8, (COUNT, 1))) / 0.05) ** 2))
    flux = np.choose(label[:, None], [2 * x, bump, -2 * x]) + rng.normal(0, 0.2, (COUNT, PIXELS))
    return ((flux - flux.mean()) / flux.std()).astype(np.float32), label


def drawn(flux, side, channels):
    """A dot a column, dark on white."""
    images = np.full((len(flux), side, side, channels), 255, np.uint8)
    column = np.arange(PIXELS) * side // PIXELS
    low, high = flux.min(axis=1, keepdims=True), np.ptp(flux, axis=1)[:, None]
    height = np.round((flux - low) / high * (side - 1)).astype(int)
    for image, row in zip(images, height, strict=True):
        image[side - 1 - row, column] = 0
    return images


def write(path, samples, label):
    """A dataset file as the arm writes it."""
    ids = np.array([f"0266-51602-{number:04d}" for number in range(len(label))])
    columns = {"id": ids, "class": np.array(classes.CLASSES)[label], "z": 0.1 * label}
    attributes = {"parameters": {"drawing": {"width": 1.5}}, "smoothing_window": 9}
    attributes |= {"name": "class", "variant": path.stem, "synthetic": True}
    fake_dataset.write(path, samples, label, {**columns, "object": ids}, **attributes)
    return ids


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The three datasets (images of 32 pixels in the place of 224) and a split."""
    folder = tmp_path_factory.mktemp("datasets")
    flux, label = spectra()
    write(folder / "images_224.h5", drawn(flux, 32, 3), label)
    write(folder / "images_28.h5", drawn(flux, 28, 1), label)
    ids = write(folder / "spectra.h5", flux, label)
    part = np.array(["train", "train", "train", "validation", "test"])[np.arange(COUNT) // 3 % 5]
    return folder, Table({"id": ids, "part": part})


def tiny(*, include_top, weights, input_tensor, pooling):
    """A network of few layers in the place of ResNet 50, which takes seconds to build."""
    assert (include_top, weights, pooling) == (False, None, "avg")
    x = keras.layers.Conv2D(8, 7, strides=2, name="first_conv")(input_tensor)
    x = keras.layers.BatchNormalization(name="first_bn")(x)
    x = keras.layers.Activation("relu", name="first_relu")(x)
    x = keras.layers.Conv2D(16, 5, activation="relu", name="last_conv")(x)
    x = keras.layers.BatchNormalization(name="last_bn")(x)
    x = keras.layers.GlobalAveragePooling2D(name="avg_pool")(x)
    return keras.Model(keras.utils.get_source_inputs(input_tensor), x)


@pytest.fixture
def small_resnet(monkeypatch):
    monkeypatch.setitem(pretrained.ARCHITECTURES, "resnet_50", tiny)


def fit(files, entry, name, **options):
    folder, split = files
    path = folder / f"{entry.variant}.h5"
    options = {"training": TRAINING, "seed": 0, "split": "80_20", **options}
    return experiments.fit(name, entry, path, experiments.read_sample(path, split), **options)


@pytest.mark.parametrize(("name", "entry"), [("mnist", MNIST), ("cnn_1d", CNN)])
def test_a_network_learns_and_its_tables_say_what_it_saw(files, name, entry):
    fitted = fit(files, entry, name, training={**TRAINING, "calibration": True})
    table, metrics = fitted.predictions, json.loads(json.dumps(fitted.metrics))
    test = table[table["part"] == "test"]
    assert np.mean(np.asarray(test["class"] == test["predicted"])) > 0.9
    assert metrics["sides"]["test"]["spectra"] == len(test)
    assert metrics["model"] == f"{name}_80_20"
    assert metrics["synthetic"] and table.meta["synthetic"]
    assert metrics["inputs"] == {
        "variant": entry.variant,
        "parameters": {"drawing": {"width": 1.5}},
        "smoothing_window": 9,
    }
    # Readouts beyond the last epoch are left out.
    assert [c for c in table.colnames if "epoch" in c] == ["predicted_epoch_2", "predicted_epoch_4"]
    assert sorted(metrics["readouts"]) == ["2", "4"]
    p = np.stack([table[column] for column in experiments.PROBABILITIES], axis=1)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    np.testing.assert_array_equal(table["predicted"], np.array(classes.CLASSES)[p.argmax(axis=1)])
    # What is saved is what predicted.
    with h5py.File(files[0] / f"{entry.variant}.h5") as file:
        seen = file["spectra" if name == "cnn_1d" else "images"][:8].astype(np.float32)
    warmth = metrics["calibration"]["temperature"]
    assert metrics["calibration"]["objects"] == np.sum(table["part"] == "validation")
    assert warmth == table.meta["temperature"]
    given = calibration.calibrated(np.asarray(fitted.network(seen), float), warmth)
    np.testing.assert_allclose(given, p[:8], atol=1e-5)


def test_a_temperature_changes_probabilities_and_no_class(files):
    with_one, without = (
        fit(files, MNIST, "mnist", training={**TRAINING, "calibration": key})
        for key in (True, False)
    )
    assert without.metrics["calibration"] is None
    one, other = with_one.predictions, without.predictions
    np.testing.assert_array_equal(one["predicted"], other["predicted"])
    p, q = (np.stack([t[n] for n in experiments.PROBABILITIES], axis=1) for t in (one, other))
    warmth = with_one.metrics["calibration"]["temperature"]
    np.testing.assert_allclose(p, calibration.calibrated(q, warmth), rtol=1e-9)
    assert abs(p - q).max() > 1e-3


def test_a_readout_is_what_a_training_of_so_many_epochs_gives(files):
    whole = fit(files, MNIST, "mnist")
    short = fit(files, MNIST, "mnist", training={**TRAINING, "epochs": 2})
    np.testing.assert_array_equal(
        whole.predictions["predicted_epoch_2"], short.predictions["predicted"]
    )


@pytest.mark.usefixtures("small_resnet")
def test_a_frozen_network_learns_from_stored_features_and_is_saved_whole(files, tmp_path):
    path, stored = files[0] / "images_224.h5", tmp_path / "features.h5"
    experiments.cache_features(RESNET, path, stored, seed=0)
    with h5py.File(stored) as file:
        assert file["features"].shape == (COUNT, 16)
        assert file["features"].dtype == np.float16
    fitted = fit(files, RESNET, "resnet", stored=stored)
    assert fitted.metrics["sides"]["train"]["accuracy"] > 0.5
    assert fitted.metrics["trainable_parameters"] == 16 * 3 + 3
    with h5py.File(path) as file:
        made = np.asarray(fitted.network(file["images"][:8].astype(np.float32)))
    expected = np.stack([fitted.predictions[c][:8] for c in experiments.PROBABILITIES], axis=1)
    # Stored features are of half precision.
    np.testing.assert_allclose(made, expected, atol=2e-2)
    with h5py.File(stored, "r+") as file:
        file.attrs["weights"] = "of another network"
    refused("features of other images", fit, files, RESNET, "resnet", stored=stored)


def test_standardising_is_folded_into_the_classifier_exactly():
    rng = np.random.default_rng(0)
    values = rng.normal([5, -2, 0.1, 7], [3, 0.1, 1e-2, 0], (50, 4)).astype(np.float32)
    samples = batches.from_array(values, "features")
    train = np.arange(0, 50, 2)
    standardised = Standardised(samples, train)
    seen = standardised.take(train)
    np.testing.assert_allclose(seen[:, :3].mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(seen[:, :3].std(axis=0), 1, rtol=1e-3)
    np.testing.assert_allclose(seen[:, 3], 0, atol=1e-5)
    head = pretrained.head(4, 3, seed=1)
    kernel, bias = standardised.fold(*head.get_weights())
    logits = standardised.take(np.arange(50)) @ head.get_weights()[0] + head.get_weights()[1]
    np.testing.assert_allclose(values @ kernel + bias, logits, atol=1e-3)


@pytest.mark.usefixtures("small_resnet")
def test_fine_tuning_changes_the_last_layers_alone_and_resumes(files, tmp_path):
    keys = {"architecture": "resnet_50", "weights": "random", "train_from": "last_conv"}
    entry = architectures.network("tuned", {**keys, "epochs": 1})
    fitted = fit(files, entry, "tuned", state_path=tmp_path / "state.h5")
    before = pretrained.backbone("resnet_50", "random", side=32)
    after = fitted.network.get_layer("backbone")
    changed = {
        layer.name
        for layer, old in zip(after.layers, before.layers, strict=True)
        for a, b in zip(layer.get_weights(), old.get_weights(), strict=True)
        if not np.array_equal(a, b)
    }
    assert changed == {"last_conv"}
    assert fitted.metrics["training"]["epochs"] == 1
    assert isinstance(fitted.network.get_layer("output"), keras.layers.Dense)


def test_what_does_not_fit_together_is_named(files, tmp_path):
    folder, split = files
    refused("same ids", experiments.read_sample, folder / "spectra.h5", split[1:])
    with pytest.raises(InputError, match="part must be one of"):
        experiments.read_sample(
            folder / "spectra.h5", Table({"id": split["id"], "part": ["x"] * COUNT})
        )
    sample = experiments.read_sample(folder / "spectra.h5", split)
    with pytest.raises(InputError, match=r"variant spectra, but mnist \(lenet\) sees images_28"):
        experiments.fit("mnist", MNIST, folder / "spectra.h5", sample, training=TRAINING, seed=0)
    flux, label = spectra()
    write(tmp_path / "spectra.h5", flux, label)
    with h5py.File(tmp_path / "spectra.h5", "r+") as file:
        file["target"][0] = 3
    refused("target must be a label", experiments.read_sample, tmp_path / "spectra.h5", split)
