"""What the sdss evaluation says of networks: equations 1 to 3 counted one by one, intervals."""

import numpy as np
import pytest
from astropy.table import Table
from refusal import refused

from skyloom.arms.sdss import evaluation
from skyloom.arms.sdss.classes import CLASSES
from skyloom.errors import InputError
from skyloom.io.files import read_table, write_table
from skyloom.judge import calibration

BOOTSTRAP = {"samples": 400, "level": 0.95, "seed": 1}


def trained(network="mnist", split="80_20", *, seed=0, skill=1.5, count=300, synthetic=True):
    """Predictions and metrics as training writes them."""
    rng = np.random.default_rng(seed)
    label = rng.choice(3, count, p=[0.45, 0.3, 0.25])
    logits = rng.normal(size=(count, 3)) + skill * (label[:, None] == np.arange(3))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    meta = {"model": f"{network}_{split}", "network": network, "split": split}
    table = Table(meta={**meta, "synthetic": synthetic})
    table["id"] = [f"0266-51602-{number:04d}" for number in rng.permutation(count)]
    table["part"] = np.where(np.arange(count) % 3 == 0, "test", "train")
    table["object"] = [f"object {number // 6}" for number in range(count)]
    table["class"] = np.array(CLASSES)[label]
    table["z"] = rng.uniform(0, 3, count)
    table["predicted"] = np.array(CLASSES)[p.argmax(axis=1)]
    for name, column in zip(CLASSES, p.T, strict=True):
        table[f"p_{name.lower()}"] = column
    table["predicted_epoch_20"] = np.array(CLASSES)[rng.integers(0, 3, count)]
    metrics = {**meta, "synthetic": synthetic, "training": {"epochs": 40}, "readouts": {"20": {}}}
    return table, metrics


def by_hand(table, kind):
    """Equations 1 to 3 of one class, one spectrum after another."""
    tp = tn = fp = fn = 0
    for row in table:
        own, said = row["class"] == kind, row["predicted"] == kind
        tp, tn = tp + (own and said), tn + (not own and not said)
        fp, fn = fp + (said and not own), fn + (own and not said)
    precision, recall = tp / (tp + fp), tp / (tp + fn)
    f1 = 2 * precision * recall / (precision + recall)
    return {
        "accuracy": (tp + tn) / (tp + tn + fp + fn),
        "precision": precision,
        "recall": recall,
        "f1": f1,
    }


@pytest.fixture(scope="module")
def judged():
    pairs = [trained(seed=0), trained("cnn_1d", seed=1, skill=3)]
    predictions, metrics = zip(*pairs, strict=True)
    return predictions, metrics, evaluation.summarise(predictions, metrics, **BOOTSTRAP)


def test_metrics_are_the_articles_equations_on_the_test_side_alone(judged):
    predictions, metrics, summary = judged
    assert len(summary) == 8
    for table, known in zip(predictions, metrics, strict=True):
        test = table[table["part"] == "test"]
        rows = {str(row["class"]): row for row in summary if row["model"] == known["model"]}
        expected = {kind: by_hand(test, kind) for kind in CLASSES}
        for metric in evaluation.METRICS:
            for kind in CLASSES:
                assert rows[kind][metric] == pytest.approx(expected[kind][metric])
                assert rows[kind][f"{metric}_low"] <= rows[kind][metric]
                assert rows[kind][metric] <= rows[kind][f"{metric}_high"]
            mean = np.mean([expected[kind][metric] for kind in CLASSES])
            assert rows["average"][metric] == pytest.approx(mean)
        right = np.mean(np.asarray(test["class"] == test["predicted"]))
        assert rows["average"]["overall_accuracy"] == pytest.approx(right)
        assert rows["average"]["spectra"] == len(test)
        assert np.ma.is_masked(rows["STAR"]["overall_accuracy"])
    assert summary.meta["synthetic"] is True
    assert summary.meta["spectra"] == 300


def test_calibration_is_that_of_the_likeliest_class_beside_the_average():
    table, metrics = trained()
    names = [f"p_{name.lower()}" for name in CLASSES]
    raw = np.stack([table[name] for name in names], axis=1)
    for name, column in zip(names, calibration.calibrated(raw, 2.0).T, strict=True):
        table[name] = column
    metrics = {**metrics, "calibration": {"temperature": 2.0, "objects": 31}}
    summary = evaluation.summarise([table], [metrics], **BOOTSTRAP)
    [row] = summary[summary["class"] == "average"]
    test = np.asarray(table["part"] == "test")
    right = np.asarray(table["class"] == table["predicted"])[test]
    for column, sure in (
        ("calibration_error", raw[test].max(axis=1)),
        ("calibration_error_calibrated", calibration.calibrated(raw, 2.0)[test].max(axis=1)),
    ):
        assert row[column] == pytest.approx(calibration.calibration_error(right, sure))
        assert row[f"{column}_low"] < row[f"{column}_high"]
    assert (row["temperature"], row["validation_spectra"]) == (2, 31)
    assert summary["calibration_error"].mask.tolist() == [True, True, True, False]
    bins = evaluation.reliability([table], [metrics], level=0.95)
    for way in (False, True):
        assert bins["spectra"][bins["calibrated"] == way].sum() == test.sum()


def test_drawing_kinds_of_objects_is_drawing_objects(judged):
    table = judged[0][0]
    true = evaluation.labels(table["class"])
    said = evaluation.labels(table["predicted"])
    objects = np.asarray(table["object"])
    drawn = evaluation.resampled(true, said, objects, samples=4000, seed=2)
    rng, slow = np.random.default_rng(3), []
    names = np.unique(objects)
    own = np.array([evaluation.counts(true[objects == n], said[objects == n]) for n in names])
    for _ in range(4000):
        slow.append(own[rng.integers(0, len(names), len(names))].sum(axis=0))
    slow = np.array(slow)
    error = slow.std(axis=0) / np.sqrt(4000)
    assert (np.abs(drawn.mean(axis=0) - slow.mean(axis=0)) < 5 * error * np.sqrt(2)).all()
    np.testing.assert_allclose(drawn.std(axis=0), slow.std(axis=0), rtol=0.1)
    np.testing.assert_allclose(drawn.sum(axis=(1, 2)), len(table))


def test_spectra_of_one_object_widen_the_interval():
    true = np.repeat(np.arange(60) % 3, 5)
    said = np.repeat(np.where(np.arange(60) % 4 == 0, 0, np.arange(60) % 3), 5)
    options = {"samples": 2000, "level": 0.95, "seed": 0}
    alone = evaluation.judge(true, said, np.arange(300), **options)["overall_accuracy"]
    together = evaluation.judge(true, said, np.repeat(np.arange(60), 5), **options)
    value, low, high = together["overall_accuracy"]
    assert value == alone[0]
    assert (high - low) == pytest.approx(np.sqrt(5) * (alone[2] - alone[1]), rel=0.15)


def test_a_class_that_is_never_called_or_not_there_is_not_hidden():
    found = evaluation.scores([[10, 0, 0], [5, 0, 0], [0, 0, 0]])
    assert found["precision"][1] == 0
    assert found["recall"][1] == 0
    assert np.isnan(found["recall"][2]) and np.isnan(found["f1"][2])
    assert found["recall"][3] == pytest.approx(0.5)
    assert found["accuracy"][2] == 1
    assert found["overall_accuracy"] == pytest.approx(2 / 3)


def test_confusions_are_counts_and_shares_of_the_true_class(judged):
    predictions, metrics, _ = judged
    table = evaluation.confusions(predictions, metrics)
    assert len(table) == 18
    for row in table:
        own = next(
            p for p, m in zip(predictions, metrics, strict=True) if m["model"] == row["model"]
        )
        own = own[(own["part"] == "test") & (own["class"] == row["true"])]
        assert row["count"] == np.sum(own["predicted"] == row["predicted"])
        assert row["share"] == pytest.approx(row["count"] / len(own))


def test_confused_are_the_surest_mistakes_of_the_test_side(judged):
    predictions, metrics, _ = judged
    table = evaluation.confused(predictions, metrics, most=5)
    own = table[table["model"] == "mnist_80_20"]
    test = predictions[0][predictions[0]["part"] == "test"]
    wrong = test[test["class"] != test["predicted"]]
    sure = [row[f"p_{row['predicted'].lower()}"] for row in wrong]
    np.testing.assert_allclose(own["p"], np.sort(sure)[::-1][:5])
    assert (own["p_class"] < own["p"]).all()
    assert not (own["class"] == own["predicted"]).any()
    assert set(own["id"]) <= set(wrong["id"])


def test_readouts_judge_earlier_epochs_and_end_with_the_last(judged):
    predictions, metrics, summary = judged
    table = evaluation.readouts(predictions, metrics, **BOOTSTRAP)
    assert sorted(set(table["epoch"])) == [20, 40]
    last = table[table["epoch"] == 40]
    np.testing.assert_array_equal(last["recall"], summary["recall"])
    test = predictions[0][predictions[0]["part"] == "test"]
    early = table[(table["epoch"] == 20) & (table["model"] == "mnist_80_20")]
    right = np.mean(np.asarray(test["class"] == test["predicted_epoch_20"]))
    assert early[early["class"] == "average"]["overall_accuracy"][0] == pytest.approx(right)


def test_tables_survive_files_even_without_a_mistake(judged, tmp_path):
    write_table(judged[2], tmp_path / "summary.ecsv")
    again = read_table(tmp_path / "summary.ecsv")
    np.testing.assert_array_equal(again["recall_low"], judged[2]["recall_low"])
    table, metrics = trained()
    table["predicted"] = table["class"]
    none = evaluation.confused([table], [metrics])
    write_table(none, tmp_path / "confused.ecsv")
    assert len(read_table(tmp_path / "confused.ecsv", need=["id", "p", "model"])) == 0


def test_predictions_that_cannot_be_judged_are_named():
    table, metrics = trained()
    with pytest.raises(InputError, match="mnist_80_20 have no row with part = test"):
        evaluation.summarise([table[table["part"] == "train"]], [metrics], **BOOTSTRAP)
    table["p_qso"][3] = np.nan
    refused("p_qso is not a probability", evaluation.summarise, [table], [metrics], **BOOTSTRAP)
    refused("'PLANET' is no class", evaluation.labels, ["STAR", "PLANET"])
