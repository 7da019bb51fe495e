"""One model of the semantic arm, from its entry, a dataset and a split to its tables."""

import json

import fake_dataset
import h5py
import numpy as np
import pytest
from refusal import refused

from skyloom.arms.semantic import experiments, generation
from skyloom.arms.semantic.sampling import Grid
from skyloom.errors import InputError
from skyloom.learn import regression

PROFILE = {
    "decoder": "exponential",
    "parameters": {"scale": [0.2, 0.6], "ellipticity": [0.2, 0.8], "angle": [0, 180]},
}
ENTRY = {"profile": "broad", "noise": 0.05, "images": {"train": 24, "validation": 8, "test": 8}}
ENCODER = {"angle": "cos_sin_2theta", "outputs": "range", "margin": 0.1}
TRAINING = {"epochs": 2, "batch_size": 8, "learning_rate": 1.0}
NETWORK = {"convolutions": [4, 4], "dense": [6]}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A dataset file and its split."""
    path = tmp_path_factory.mktemp("semantic") / "small.h5"
    described = fake_dataset.write_profiles(path, "small", ENTRY, PROFILE, Grid(pixels=8), 1)
    return path, generation.split(described["columns"]["id"], ENTRY["images"])


def _fit(made, **keys):
    model = experiments.settle(
        {"dataset": "small", "network": "tiny", **keys}, ENCODER, TRAINING, name="m"
    )
    sample = experiments.read_sample(*made)
    return experiments.fit("m", model, made[0], sample, network=NETWORK, failed=10, seed=1)


@pytest.fixture(scope="module")
def fitted(made):
    return _fit(made)


def test_an_entry_stands_in_the_place_of_what_all_models_have():
    entry = {"dataset": "d", "network": "n", "angle": "theta", "epochs": 7, "margin": 0.0}
    model = experiments.settle(entry, ENCODER, TRAINING)
    assert (model.encoder.angle, model.encoder.margin, model.training.epochs) == ("theta", 0.0, 7)
    assert model.training.batch_size == 8
    assert ENCODER["angle"] == "cos_sin_2theta" and TRAINING["epochs"] == 2


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"dataset": "d", "network": "n", "epoch": 3}, "models.m has the key 'epoch', nearest is"),
        ({"dataset": "d"}, "models.m has no network"),
        ({"dataset": "d", "network": "n", "outputs": "rang"}, "outputs is 'rang', nearest is"),
    ],
)
def test_an_entry_that_says_nonsense_is_refused_by_name(entry, message):
    refused(message, experiments.settle, entry, ENCODER, TRAINING, name="m")


def test_outputs_span_the_range_and_a_margin_or_are_the_parameter_itself():
    span = experiments.Encoder(outputs="range", margin=0.1).layer(PROFILE)
    assert span.lows[:2] == pytest.approx([0.16, 0.14])
    assert span.highs[:2] == pytest.approx([0.64, 0.86])
    for half_width in (1.0, 0.0625):
        profile = {**PROFILE, "half_width": half_width}
        direct = experiments.Encoder(outputs="direct").layer(profile)
        assert direct.lows[:2] == [0.0, 0.0]
        assert direct.highs[:2] == [1.0, 0.999]


def test_a_parameter_beyond_one_cannot_be_a_sigmoid_itself():
    profile = {"decoder": "exponential", "parameters": {"intensity": [0.5, 2.0]}}
    with pytest.raises(InputError, match="intensity is drawn from 0.5 to 2"):
        experiments.Encoder(outputs="direct").layer(profile)


def test_predictions_are_of_the_images_not_learnt_from_and_the_saved_encoder_repeats_them(
    made, fitted, tmp_path
):
    import keras

    table = fitted.predictions
    assert table.meta == {"model": "m", "dataset": "small", "synthetic": True}
    assert list(table["part"]) == ["validation"] * 8 + ["test"] * 8
    regression.save(fitted.network, tmp_path / "model.keras")
    encoder = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    with h5py.File(made[0]) as file:
        images, truth = file["images"][24:], file["target"][24:]
        assert list(table["id"]) == list(file["id"].asstr()[24:])
    expected = encoder(images).numpy()
    for index, name in enumerate(("scale", "ellipticity", "angle")):
        assert np.array_equal(table[name], truth[:, index])
        assert table[f"{name}_predicted"] == pytest.approx(expected[:, index], rel=1e-5)
    assert table["angle"].unit == "deg"
    assert np.all(table["residual"] > 0.03)


def test_history_and_metrics_say_what_was_trained_and_how(fitted):
    assert fitted.history.colnames == [
        *("epoch", "loss", "val_loss", "learning_rate"),
        *("sigma_scale", "sigma_ellipticity", "sigma_angle", "failed"),
    ]
    assert list(fitted.history["epoch"]) == [1, 2] == list(fitted.timing["epoch"])
    metrics = json.loads(json.dumps(fitted.metrics))
    assert metrics["weights"] == fitted.network.count_params()
    assert metrics["parameters"] == ["scale", "ellipticity", "angle"]
    assert metrics["images"] == {"train": 24, "validation": 8, "test": 8}
    expected = {"angle": "cos_sin_2theta", "outputs": "range", "decoder": "exponential"}
    expected |= {"optimizer": "adadelta", "learning_rate": 1.0, "batch_size": 8, "epochs": 2}
    expected |= {"noise": 0.05, "sampling": "centre", "network": "tiny", "synthetic": True}
    assert expected.items() <= metrics.items()
    chosen = fitted.history[metrics["chosen_epoch"] - 1]
    assert metrics["val_loss"] == chosen["val_loss"] == fitted.history["val_loss"].min()


def test_tables_say_what_the_half_width_is_that_lengths_are_in(tmp_path):
    limits = {**PROFILE["parameters"], "scale": [0.01, 0.05]}
    profile = {**PROFILE, "half_width": 0.0625, "parameters": limits}
    asked = ("small", ENTRY, profile, Grid(8, "endpoints", half_width=0.0625), 1)
    described = fake_dataset.write_profiles(tmp_path / "small.h5", *asked)
    assert described["units"] == "16 half-width,,deg"
    split = generation.split(described["columns"]["id"], ENTRY["images"])
    fitted = _fit((tmp_path / "small.h5", split), target="clean", epochs=1)
    known = fitted.metrics
    expected = {"half_width": 0.0625, "sampling": "endpoints", "target": "clean"}
    assert expected.items() <= known.items()
    for column in ("scale", "scale_predicted"):
        assert "half-width is 0.0625" in fitted.predictions[column].description


def test_an_encoder_trained_in_bfloat16_is_kept_in_float32(made):
    fitted = _fit(made, precision="bfloat16", epochs=1)
    assert {layer.compute_dtype for layer in fitted.network.layers} == {"float32"}
    assert fitted.metrics["precision"] == "bfloat16"


def _broken(made, tmp_path, change):
    path = tmp_path / "broken.h5"
    path.write_bytes(made[0].read_bytes())
    with h5py.File(path, "r+") as file:
        change(file)
    return path


@pytest.mark.parametrize(
    "change",
    [
        lambda file: file.attrs.__delitem__("parameters"),
        lambda file: file.attrs.__setitem__("parameters", json.dumps({"statistic": "mass"})),
        lambda file: file.attrs.__setitem__("parameters", "{"),
        lambda file: file["target"].attrs.__setitem__("name", "sSFR"),
        lambda file: file.attrs.__setitem__(
            "parameters",
            file.attrs["parameters"].replace('"pixels": 8', '"pixels": 64'),
        ),
    ],
)
def test_a_foreign_dataset_gives_one_sentence(made, tmp_path, change):
    path = _broken(made, tmp_path, change)
    with pytest.raises(InputError, match="broken.h5 is not a complete dataset of the semantic arm"):
        experiments.read_sample(path, made[1])


def test_a_split_of_other_images_is_refused(made):
    refused("do not have the same ids", experiments.read_sample, made[0], made[1][:-1])
