"""Asking saved encoders: what comes out is the profile's, and rates are of what was done."""

import fake_dataset
import keras
import numpy as np
import pytest

from skyloom.arms.semantic import prediction, profiles, speed
from skyloom.arms.semantic.sampling import Grid
from skyloom.errors import InputError

PROFILE = {
    "decoder": "exponential",
    "parameters": {"scale": [0.1, 0.5], "ellipticity": [0.2, 0.8], "angle": [0, 180]},
}
GRID = {"pixels": 16}


class _Constant:
    """An encoder that always says the same."""

    input_shape = (None, 16, 16, 1)

    def __init__(self, values):
        self.values, self.asked = values, 0

    def predict_on_batch(self, images):
        self.asked += len(images)
        return np.tile(np.float32(self.values), (len(images), 1))


def test_residual_is_of_the_reconstruction():
    values = {"scale": 0.25, "ellipticity": 0.5, "angle": 30.0}
    exact = profiles.evaluate("exponential", values, Grid(16))[..., None]
    images = np.concatenate([exact, exact + 0.25, exact - 0.5] * 50)
    network = _Constant(list(values.values()))
    parameters, residual = prediction.encode(network, images, PROFILE, GRID)
    assert parameters.shape == (150, 3) and network.asked == 150
    assert np.allclose(parameters, [0.25, 0.5, 30])
    assert np.allclose(residual, np.tile([0, 0.25, 0.5], 50), atol=1e-6)


def test_images_of_another_size_are_refused():
    with pytest.raises(InputError, match=r"16x16 pixels and is given 8x8"):
        prediction.encode(_Constant([0.2, 0.5, 0]), np.zeros((2, 8, 8, 1)), PROFILE, GRID)


def test_a_saved_encoder_answers_as_before(tmp_path):
    image = keras.Input((16, 16, 1))
    outputs = keras.layers.Dense(4, activation="sigmoid")(keras.layers.Flatten()(image))
    layer = prediction.encoder.PhysicalParameters(
        ["scale", "ellipticity", "angle"], [0.1, 0.2, 0], [0.5, 0.8, 180], name="parameters"
    )
    network = keras.Model(image, layer(outputs))
    network.save(tmp_path / "model.keras")
    images = np.random.default_rng(0).uniform(size=(3, 16, 16, 1)).astype(np.float32)
    again = prediction.load(tmp_path / "model.keras")
    assert np.array_equal(again.predict_on_batch(images), network.predict_on_batch(images))


def test_what_is_no_encoder_is_refused(tmp_path):
    (tmp_path / "model.keras").write_text("no")
    with pytest.raises(InputError, match="not a readable network"):
        prediction.load(tmp_path / "model.keras")


def test_speed_is_of_full_batches_and_single_fits(tmp_path, monkeypatch):
    monkeypatch.setattr(speed, "BATCH", 40)
    monkeypatch.setattr(speed, "SECONDS", 0.0)
    monkeypatch.setattr(speed, "FITTED", 8)
    path = tmp_path / "wide.h5"
    entry = {"noise": 0.0, "images": {"train": 4, "validation": 4, "test": 8}}
    fake_dataset.write_profiles(path, "wide", entry, PROFILE, Grid(16), 1)
    network = _Constant([0.2, 0.5, 0])
    encoders = [("wide", "wide", network.predict_on_batch)]
    table = speed.measure(encoders, {"wide": path}, threads=2)
    assert list(table["method"]) == ["encoder", "least_squares"]
    assert network.asked == 40 + table["images"][0] and table["images"][0] % 40 == 0
    assert (table["images_per_second"] > 0).all() and list(table["threads"]) == [2, 1]
    assert "varies" in table.meta and table.meta["synthetic"]
