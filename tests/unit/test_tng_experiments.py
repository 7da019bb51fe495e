"""A case from its files: joined by id, trained, controlled, judged."""

import h5py
import numpy as np
import pytest
from astropy.table import Table

from skyloom.arms.tng import controls, experiments
from skyloom.errors import InputError
from skyloom.io.files import read_json, read_table, write_json
from skyloom.learn import baselines, experiment

OPTIONS = {
    "epochs": 6,
    "readout_epochs": [3, 6],
    "batch_size": 7,
    "optimizer": "adadelta",
    "learning_rate": 1.0,
    "checkpoint": "best",
    "output_activation": "linear",
    "convolution_activation": "linear",
    "dropout": 0.2,
}


@pytest.fixture
def files(tmp_path):
    rng = np.random.default_rng(0)
    ids = np.array([f"099_{i:07d}" for i in range(24)])
    with h5py.File(tmp_path / "mass.h5", "w") as file:
        file["images"] = rng.integers(0, 256, (24, 64, 64, 3), dtype=np.uint8)
        file["target"], file["id"] = rng.normal(4, 1, 24), ids.astype("S")
        file.attrs["synthetic"] = True
    other = rng.permutation(24)
    with h5py.File(tmp_path / "features.h5", "w") as file:
        values = np.arange(24.0)[:, None, None, None] * np.ones((1, 2, 2, 4))
        file["features"], file["id"] = values[other].astype("f2"), ids[other].astype("S")
    part = np.where(np.arange(24) % 4 == 0, "test", "train")
    split = Table({"id": ids, "part": part, "component": np.arange(24) // 2})[rng.permutation(24)]
    return tmp_path / "mass.h5", tmp_path / "features.h5", split


def test_features_of_another_precision_than_planned_are_refused(files):
    assert experiments.read_case(*files, precision="float32").precision == "float32"
    with h5py.File(files[1], "a") as file:
        file.attrs["precision"] = "bfloat16"
    assert experiments.read_case(*files).precision == "bfloat16"
    with pytest.raises(InputError, match=r"features.h5 holds features in bfloat16.*in float32"):
        experiments.read_case(*files, precision="float32")


def test_rows_are_joined_by_id_whatever_their_order(files):
    data = experiments.read_case(*files)
    np.testing.assert_array_equal(data.features[:, 0, 0, 0], np.arange(24))
    np.testing.assert_array_equal(data.rows("test"), np.arange(0, 24, 4))
    np.testing.assert_array_equal(data.component, np.arange(24) // 2)
    assert data.meta == {"variant": "mass", "synthetic": True}
    assert data.bins == 64


def test_ids_missing_on_either_side_are_named(files):
    dataset, features, split = files
    with pytest.raises(InputError, match=r"the split lacks 1 of the ids of .*mass.h5"):
        experiments.read_case(dataset, features, split[1:])
    split.add_row(["099_9999999", "test", 99])
    with pytest.raises(InputError, match=r"mass.h5 lacks 1 of the ids of the split, 099_9999999"):
        experiments.read_case(dataset, features, split)


def test_fitted_case_has_the_tables_and_numbers_of_the_format(files, tmp_path):
    fitted = experiments.fit(
        experiments.read_case(*files), options=OPTIONS, seed=0, state_folder=tmp_path / ".state"
    )
    assert fitted.history.colnames == ["epoch", "loss", "test_loss"]
    assert list(fitted.history["epoch"]) == [1, 2, 3, 4, 5, 6]
    assert fitted.predictions.colnames == [
        *("id", "part", "component", "true", "predicted"),
        *("predicted_epoch_3", "predicted_epoch_6"),
    ]
    names = [
        "id",
        "part",
        "component",
        "true",
        "shuffled",
        "linear",
        "linear_maps",
        *controls.RIDGE,
    ]
    assert fitted.control.colnames == names
    assert fitted.predictions.meta["synthetic"] is True
    assert fitted.predictions["predicted"].unit == "dex"
    assert (fitted.metrics["n_train"], fitted.metrics["n_test"]) == (18, 6)
    test = fitted.predictions[fitted.predictions["part"] == "test"]
    expected = np.corrcoef(test["true"], test["predicted"])[0, 1]
    assert fitted.metrics["pearson_r"] == pytest.approx(expected)
    write_json(fitted.metrics, tmp_path / "metrics.json")


def test_what_was_fitted_is_written_table_by_table_and_its_unfinished_state_goes(files, tmp_path):
    names = {"model": "model.keras", "history": "history.csv", "metrics": "metrics.json"}
    names |= {"predictions": "predictions.ecsv", "control": "control.ecsv"}
    made = {key: tmp_path / "made" / name for key, name in names.items()}
    kept, options = experiment.state(made), OPTIONS | {"epochs": 1, "readout_epochs": []}
    data = experiments.read_case(*files)
    fitted = experiments.fit(data, options=options, seed=0, state_folder=kept, with_controls=False)
    assert kept.is_dir()
    experiment.write(fitted, made)
    assert not kept.exists()
    assert made["history"].read_text().startswith("epoch,loss,test_loss\n1,")
    assert read_table(made["control"]).colnames == fitted.control.colnames
    assert read_json(made["metrics"])["n_test"] == 6 and made["model"].is_file()


def test_constant_predictions_have_no_correlation_and_no_number_is_made_up(files, tmp_path):
    data = experiments.read_case(*files)
    data.features[:] = 1
    fitted = experiments.fit(data, options=OPTIONS, seed=0, with_controls=False)
    assert fitted.metrics["pearson_r"] is None
    assert fitted.metrics["shuffled_pearson_r"] is None
    write_json(fitted.metrics, tmp_path / "metrics.json")


def test_shuffled_labels_are_the_training_labels_in_another_order():
    targets, train = np.arange(50.0), np.arange(0, 50, 2)
    mixed = baselines.shuffled(targets, train, seed=1)
    np.testing.assert_array_equal(mixed[1::2], targets[1::2])
    np.testing.assert_array_equal(np.sort(mixed[train]), targets[train])
    assert np.sum(mixed == targets) < 35
    np.testing.assert_array_equal(mixed, baselines.shuffled(targets, train, seed=1))


def test_linear_control_recovers_a_line_even_from_three_equal_channels():
    rng = np.random.default_rng(0)
    images = np.repeat(rng.integers(0, 256, (40, 8, 8, 1), dtype=np.uint8), 3, axis=-1)
    totals = baselines.total_intensities(images, block=7)
    np.testing.assert_array_equal(totals, images.astype(float).sum(axis=(1, 2)))
    targets = 3 + 2e-3 * totals[:, 0]
    train = np.arange(30)
    np.testing.assert_allclose(baselines.linear_fit(totals, targets, train), targets, rtol=1e-9)
    noisy = targets + rng.normal(size=40)
    slope, offset = np.polyfit(totals[train, 0], noisy[train], 1)
    np.testing.assert_allclose(
        baselines.linear_fit(totals, noisy, train), offset + slope * totals[:, 0], rtol=1e-6
    )


def test_logarithm_of_totals_fills_what_is_not_positive_with_the_least_positive():
    totals = np.array([[10.0, 0.0], [0.0, 0.0], [1000.0, 0.0]])
    np.testing.assert_array_equal(baselines.logarithm(totals), [[1, 0], [1, 0], [3, 0]])
