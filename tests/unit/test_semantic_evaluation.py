"""Errors as the paper took them: of linear differences, away from the wrap; then folded."""

import numpy as np
import pytest
from astropy.table import Table

from skyloom.arms.semantic import evaluation
from skyloom.errors import InputError

OPTIONS = {"bootstrap_samples": 50, "level": 0.95, "failed": 10, "seed": 1}
METRICS = {
    **{"model": "clean", "dataset": "clean", "network": "full", "angle": "theta"},
    **{"optimizer": "adadelta", "weights": 812963, "epochs": 5, "noise": 0.0, "synthetic": True},
}


def _predictions(count=400, *, seed=0, shift=0.0):
    random = np.random.default_rng(seed)
    table = Table({"id": [f"clean_{n:05d}" for n in range(count)]})
    table["part"] = np.where(np.arange(count) % 2, "test", "validation")
    limits = {"scale": (0.01, 0.05), "ellipticity": (0.2, 0.8), "angle": (0.0, 180.0)}
    for name, (low, high) in limits.items():
        table[name] = random.uniform(low, high, count)
        noise = 0.01 * (high - low) * random.standard_normal(count)
        table[f"{name}_predicted"] = table[name] + noise + (0 if name == "angle" else shift)
    table["angle_predicted"] %= 180
    table.meta["synthetic"] = True
    return table


def _fit(table, bound=None):
    rows = table[table["part"] == "test"][:50]
    made = Table({"id": rows["id"], "cost": np.zeros(len(rows))})
    for name in evaluation.parameters_of(table):
        made[name], made[f"{name}_predicted"] = rows[name], rows[f"{name}_predicted"]
        made[f"bound_{name}"] = np.nan if bound is None else bound[name]
    made.meta.update(dataset="clean", noise=0.05, synthetic=True, ranges={"scale": [0.0, 0.1]})
    return made


def _row(summary, parameter, method="encoder"):
    chosen = (summary["parameter"] == parameter) & (summary["method"] == method)
    assert chosen.sum() == 1
    return summary[chosen][0]


def test_axes_fold_to_a_quarter_turn():
    given = [0, 45, 89.5, 90, 91, 178, 180, -91, -179, 359]
    assert np.allclose(
        evaluation.folded(given), [0, 45, 89.5, -90, -89, -2, 0, 89, 1, -1], atol=1e-12
    )


def test_dispersion_is_of_test_images_and_bias_their_median():
    table = _predictions(shift=0.002)
    row = _row(evaluation.summarise([(table, METRICS)], [], **OPTIONS), "ellipticity")
    test = table[table["part"] == "test"]
    error = np.asarray(test["ellipticity_predicted"] - test["ellipticity"])
    assert row["n"] == 200
    assert np.isclose(row["sigma"], np.sqrt(np.sum((error - error.mean()) ** 2) / 199))
    assert np.isclose(row["bias"], np.median(error))
    assert np.isclose(row["mae"], np.abs(error).mean())
    assert row["sigma_low"] < row["sigma"] < row["sigma_high"]
    assert np.isnan(row["failed"]) and np.isnan(row["bound"]) and np.isnan(row["published"])


def test_robust_sigma_of_a_gaussian_is_its_sigma_and_ignores_outliers():
    random = np.random.default_rng(3)
    error = 0.3 * random.standard_normal(20_000)
    error[:200] = 50
    judged = evaluation.judge(
        "scale", np.zeros(20_000), error, failed=10, samples=2, level=0.9, seed=0
    )
    assert np.isclose(judged["robust_sigma"], 0.3, rtol=0.03) and judged["sigma"] > 1


def test_published_dispersion_of_the_angle_leaves_out_ten_degrees_at_either_end():
    true = np.array([5.0, 9.9, 20, 90, 160, 170.5, 179])
    found = np.array([176.0, 12, 21, 92, 157, 171, 1])
    judged = evaluation.judge("angle", true, found, failed=10, samples=2, level=0.9, seed=0)
    assert judged["n"] == 3 and np.isclose(judged["sigma"], np.std([1, 2, -3], ddof=1))
    # Linear differences of 171 and -178 degrees have failed; as axes they are 9 and 2 degrees off.
    assert judged["failed"] == 2 / 7 and judged["failed_folded"] == 0
    axes = [-9, 2.1, 1, 2, -3, 0.5, 2]
    assert np.isclose(judged["sigma_folded"], np.std(axes, ddof=1))


def test_interval_covers_the_dispersion_as_often_as_it_says():
    random = np.random.default_rng(11)
    inside = 0
    for trial in range(40):
        error = 2.0 * random.standard_normal(200)
        judged = evaluation.judge(
            "scale", np.zeros(200), error, failed=10, samples=100, level=0.9, seed=trial
        )
        inside += judged["sigma_low"] <= 2.0 <= judged["sigma_high"]
    assert 30 <= inside <= 40


def test_equal_seeds_give_equal_tables():
    tables = [
        evaluation.summarise([(_predictions(), METRICS)], [], **{**OPTIONS, "seed": seed})
        for seed in (1, 1, 2)
    ]
    low = [np.asarray(table["sigma_low"]) for table in tables]
    assert np.array_equal(low[0], low[1]) and not np.array_equal(low[0], low[2])


def test_an_error_of_the_bounds_size_has_a_pull_of_one():
    random, count = np.random.default_rng(2), 4000
    table = Table({"id": [f"clean_{n}" for n in range(count)], "part": ["test"] * count})
    bound = random.uniform(0.5, 5.0, count)
    table["angle"] = random.uniform(0, 180, count)
    table["angle_predicted"] = (table["angle"] + bound * random.standard_normal(count)) % 180
    fit = table["id", "angle", "angle_predicted"]
    fit["bound_angle"] = bound
    fit["bound_angle"][0] = np.inf
    fit.meta.update(dataset="clean", noise=0.05, synthetic=True)
    summary = evaluation.summarise([(table, METRICS)], [fit], **OPTIONS)
    for method in ("encoder", "least_squares"):
        row = _row(summary, "angle", method)
        assert abs(row["pull"] - 1) < 0.05
        assert np.isclose(row["bound"], np.median(fit["bound_angle"]))
        assert np.isclose(row["bound_rms"], np.sqrt(np.mean(bound[1:] ** 2)))


def test_bounds_are_matched_by_id_and_absent_for_other_datasets():
    table = _predictions()
    fit = _fit(table, {"scale": 1e-3, "ellipticity": 0.01, "angle": 2.0})
    fit.reverse()
    other = {**METRICS, "model": "wide", "dataset": "wide"}
    summary = evaluation.summarise([(table, METRICS), (table, other)], [fit], **OPTIONS)
    own = summary[summary["model"] == "clean"]
    assert np.allclose(own["bound"][own["parameter"] == "angle"], 2.0)
    assert np.isnan(summary["bound"][summary["model"] == "wide"]).all()
    assert set(summary["noise"][summary["method"] == "least_squares"]) == {0.05}


def test_bins_hold_every_image_once_and_follow_the_trained_range():
    table = _predictions()
    binned = evaluation.binned([(table, METRICS)], [_fit(table)], bins=5)
    for method, count in (("encoder", 200), ("least_squares", 50)):
        for name in evaluation.parameters_of(table):
            rows = binned[(binned["parameter"] == name) & (binned["method"] == method)]
            assert len(rows) == 5 and rows["n"].sum() == count
    rows = binned[(binned["parameter"] == "scale") & (binned["method"] == "encoder")]
    assert np.allclose(rows["bin_low"], [0, 0.02, 0.04, 0.06, 0.08])
    assert list(rows["n"][3:]) == [0, 0] and np.isnan(rows["median"][4])
    test = table[table["part"] == "test"]
    inside = (test["scale"] >= 0.02) & (test["scale"] < 0.04)
    error = (test["scale_predicted"] - test["scale"])[inside]
    assert np.isclose(rows["median"][1], np.median(error))
    assert np.isclose(rows["sigma"][1], np.std(error, ddof=1))


def test_folded_columns_of_bins_are_the_linear_ones_but_for_the_angle():
    table = _predictions()
    binned = evaluation.binned([(table, METRICS)], [], bins=4)
    others = binned[binned["parameter"] != "angle"]
    assert np.array_equal(others["sigma"], others["sigma_folded"])
    ends = binned[binned["parameter"] == "angle"][[0, 3]]
    assert (ends["sigma_folded"] < 4).all() and (ends["sigma"] > 10).any()


def test_predictions_that_cannot_be_judged_are_refused():
    table = _predictions()
    table["part"] = "train"
    with pytest.raises(InputError, match="clean have no row with part = test"):
        evaluation.summarise([(table, METRICS)], [], **OPTIONS)
    table = _predictions()
    table["scale_predicted"][1] = np.nan
    with pytest.raises(InputError, match="scale_predicted has values that are not finite"):
        evaluation.summarise([(table, METRICS)], [], **OPTIONS)
