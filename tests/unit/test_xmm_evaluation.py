"""What the evaluation says of networks, on which side; its figures are drawn and reproducible."""

import re
from pathlib import Path

import fake_step
import figure_axes
import numpy as np
import pytest
from astropy.table import Table

from skyloom.arms.xmm import evaluation
from skyloom.errors import InputError
from skyloom.io.files import atomic_hdf5, read_table, write_json, write_table
from skyloom.judge import calibration, roc

BOOTSTRAP = {"samples": 300, "level": 0.95}
NAMES = ("demo", "kernel_3", "minmax_log")
TABLES = ("3", None, "4")
SIDES = {"train": 200, "validation": 60, "test": 60}


def trained(name, *, seed=0, skill=1.0, table=None, synthetic=True, sides=SIDES):
    """Predictions and metrics as training writes them."""
    rng = np.random.default_rng(seed)
    part = np.repeat(list(sides), list(sides.values()))
    obs_class = np.arange(len(part)) % 6
    meta = {"experiment": name, "dataset": "minmax_sqrt_rebin4", "synthetic": synthetic}
    predictions = Table(meta=meta)
    predictions["id"] = [f"{number:010d}" for number in rng.permutation(len(part))]
    predictions["part"], predictions["obs_class"] = part, obs_class
    predictions["bad"] = obs_class >= 2
    predictions["score"] = 1 / (1 + np.exp(-rng.normal(skill * (2 * (obs_class >= 2) - 1), 1.5)))
    best = {"loss": 0.4, "accuracy": 0.8, "val_loss": 0.5, "val_accuracy": 0.75}
    metrics = {
        **meta,
        **{"architecture": "3conv", "target": "binary", "table": table, "parameters": 3302305},
        **{"epochs": 12, "best_epoch": 7, "best": best},
        "calibration": {"temperature": 1.3, "objects": 60},
    }
    return predictions, metrics


@pytest.fixture(scope="module")
def judged():
    pairs = [
        trained(n, seed=k, table=t) for k, (n, t) in enumerate(zip(NAMES, TABLES, strict=True))
    ]
    predictions, metrics = zip(*pairs, strict=True)
    summary = evaluation.summarise(predictions, metrics, **BOOTSTRAP, seed=1)
    return predictions, metrics, summary


def test_summary_is_of_the_side_whose_name_it_carries(judged):
    predictions, _, summary = judged
    assert list(summary["experiment"]) == list(NAMES)
    for table, row in zip(predictions, summary, strict=True):
        for side in ("test", "validation"):
            here = table[table["part"] == side]
            bad, score = np.asarray(here["bad"]), np.asarray(here["score"])
            assert row[f"{side}_auc"] == pytest.approx(roc.auc(bad, score))
            assert row[f"{side}_auc_low"] < row[f"{side}_auc"] < row[f"{side}_auc_high"]
            assert row[f"{side}_images"] == 60
            assert row[f"{side}_missed"] == np.sum(score[bad] <= 0.5)
            assert row[f"{side}_false_alarms"] == np.sum(score[~bad] > 0.5)
            accuracy = 1 - (row[f"{side}_missed"] + row[f"{side}_false_alarms"]) / 60
            assert row[f"{side}_accuracy"] == pytest.approx(accuracy)
        assert row["validation_loss"] == 0.5
        assert row["training_accuracy"] == 0.8
    assert summary.meta["synthetic"] is True
    assert summary.meta["images"] == 320


def test_summary_survives_a_file(judged, tmp_path):
    write_table(judged[2], tmp_path / "summary.ecsv")
    again = read_table(tmp_path / "summary.ecsv")
    np.testing.assert_array_equal(again["test_auc"], judged[2]["test_auc"])


def test_one_kind_on_the_test_side_masks_the_area_alone():
    predictions, metrics = trained("demo")
    keep = (predictions["part"] != "test") | predictions["bad"]
    summary = evaluation.summarise([predictions[keep]], [metrics], **BOOTSTRAP, seed=1)
    assert np.ma.is_masked(summary["test_auc"][0])
    assert np.ma.is_masked(summary["test_auc_low"][0])
    assert not np.ma.is_masked(summary["validation_auc"][0])
    assert not np.ma.is_masked(summary["test_accuracy"][0])


def test_calibration_is_judged_both_ways_where_there_is_a_temperature():
    predictions, metrics = trained("demo")
    own = {**metrics, "calibration": {"temperature": 2.0, "objects": 60}}
    metrics, raw = {**metrics, "calibration": None}, predictions.copy()
    predictions["score"] = calibration.calibrated(raw["score"], 2.0)
    on, off = (
        evaluation.summarise([table], [known], **BOOTSTRAP, seed=1)[0]
        for table, known in ((predictions, own), (raw, metrics))
    )
    assert on["calibration_error"] == pytest.approx(off["calibration_error"])
    assert on["calibration_error_calibrated_low"] < on["calibration_error_calibrated"]
    assert on["temperature"] == 2
    assert np.ma.is_masked(off["temperature"])
    assert np.ma.is_masked(off["calibration_error_calibrated"])
    for name in ("test_auc", "test_accuracy", "test_missed", "test_false_alarms"):
        assert on[name] == pytest.approx(off[name])
    ways = [
        set(evaluation.reliability([table], [known], level=0.95)["calibrated"])
        for table, known in ((predictions, own), (raw, metrics))
    ]
    assert ways == [{True, False}, {False}]


def test_mistakes_are_counted_by_hand():
    table = Table(
        {
            "id": list("abcdef"),
            "part": ["test", "test", "test", "train", "train", "train"],
            "obs_class": [0, 0, 4, 2, 2, 5],
            "bad": [False, False, True, True, True, True],
            "score": [0.5, 0.51, 0.5, 0.9, 0.1, 1.0],
        }
    )
    found = evaluation.mistakes([table], ["demo"])
    assert len(found) == 18
    by_key = {(row["side"], row["obs_class"]): row for row in found}
    assert by_key["test", 0]["images"] == 2
    assert by_key["test", 0]["wrong"] == 1  # 0.5 itself is called good
    assert by_key["test", 4]["wrong"] == 1
    assert by_key["train", 2]["ratio"] == 50
    assert by_key["train", 5]["ratio"] == 0
    assert np.ma.is_masked(by_key["validation", 1]["ratio"])


def test_worst_are_wrong_answers_of_the_test_side_in_their_order():
    predictions, _ = trained("demo")
    missed, alarms = evaluation.worst(predictions, count=4)
    test = predictions[predictions["part"] == "test"]
    lowest = np.sort(test["score"][test["bad"]])[:4]
    highest = np.sort(test["score"][~test["bad"]])[::-1][:4]
    np.testing.assert_array_equal(missed["score"], lowest)
    np.testing.assert_array_equal(alarms["score"], highest)
    assert set(missed["part"]) == set(alarms["part"]) == {"test"}
    assert missed["bad"].all()
    assert not alarms["bad"].any()
    perfect = predictions.copy()
    perfect["score"] = np.where(perfect["bad"], 0.9, 0.1)
    assert [len(group) for group in evaluation.worst(perfect, count=4)] == [0, 0]


def test_predictions_that_cannot_be_judged_are_named():
    predictions, metrics = trained("demo", sides={"train": 60, "validation": 60})
    with pytest.raises(InputError, match="predictions of demo have no row with part = test"):
        evaluation.summarise([predictions], [metrics], **BOOTSTRAP, seed=1)
    predictions, metrics = trained("demo")
    predictions["score"][3] = np.nan
    with pytest.raises(InputError, match="score is not a probability"):
        evaluation.summarise([predictions], [metrics], **BOOTSTRAP, seed=1)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A folder in which three networks were trained, evaluated and compared."""
    folder = tmp_path_factory.mktemp("run")
    files = {"predictions": [], "metrics": [], "history": []}
    for number, (name, table) in enumerate(zip(NAMES, TABLES, strict=True)):
        predictions, metrics = trained(name, seed=number, table=table)
        paths = {key: folder / f"{name}_{key}" for key in files}
        write_table(predictions, paths["predictions"])
        write_json(metrics, paths["metrics"])
        epochs = np.arange(1, 13)
        history = Table({"epoch": epochs, "loss": 1 / epochs, "accuracy": 1 - 0.4 / epochs})
        history["val_loss"], history["val_accuracy"] = 1.1 / epochs, 0.9 - 0.4 / epochs
        history["learning_rate"] = 0.001
        history.write(paths["history"], format="ascii.csv")
        for key, path in paths.items():
            files[key].append(str(path))
    images = np.random.default_rng(0).random((320, 20, 20, 1)).astype(np.float32)
    with atomic_hdf5(folder / "dataset.h5") as file:
        file["images"] = images
        file["id"] = np.array(predictions["id"]).astype("S")
    with pytest.MonkeyPatch.context() as patch:
        evaluated = {key: str(folder / f"{key}.ecsv") for key in _EVALUATED}
        fake_step.run(
            "xmm/evaluate",
            monkeypatch=patch,
            input=files,
            output=evaluated,
            params={
                **{"experiments": list(NAMES), "bootstrap": BOOTSTRAP, "threshold": 0.5},
                "seed": 1,
            },
        )
    return {**files, **evaluated, "dataset": str(folder / "dataset.h5")}


_EVALUATED = ("summary", "mistakes", "reliability")
# What each step reads beside its lists, its parameters, and what its figure must say.
FIGURES = {
    "curves": ({}, {}, ("Accuracy", "Cross-entropy", "Epoch")),
    "roc": ({}, {}, ("Test side", "As published: validation side", "kernel_3: 0.")),
    "histograms": (
        {"predictions": 2},
        {"threshold": 0.5},
        ("OBS_CLASS 5 (bad)", "As published:", "Score (probability of bad)"),
    ),
    "worst": (
        {"predictions": 2},
        {"most": 6, "threshold": 0.5},
        ("Bad, called good", "Good, called bad", "OBS_CLASS"),
    ),
    "calibration": ({}, {}, ("Share of bad images", "T = ", "ECE 0.")),
}


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_says_what_it_shows_and_is_the_same_twice(name, run, tmp_path, monkeypatch):
    picked, params, words = FIGURES[name]
    inputs = {key: value[picked[key]] if key in picked else value for key, value in run.items()}
    figure = fake_step.draw_twice(f"xmm.{name}", inputs, tmp_path, monkeypatch, **params)
    figure_axes.check(figure, words)


def test_nothing_of_the_evaluation_holds_a_clock(run):
    for name in _EVALUATED:
        text = Path(run[name]).read_text()
        assert not re.search(r"\d{4}-\d{2}-\d{2}|\d{2}:\d{2}:\d{2}", text)
