"""Calibration: what was done to logits is undone, errors are those of known distributions."""

import numpy as np
import pytest
from refusal import refused
from scipy.special import expit, logit, softmax

from skyloom.judge import bootstrap, calibration, roc


def honest(count, *, seed=0):
    """Probabilities of three classes that are true, and classes drawn with them."""
    rng = np.random.default_rng(seed)
    p = softmax(rng.normal(0, 1.5, (count, 3)), axis=1)
    return p, (rng.random((count, 1)) > p.cumsum(axis=1)).sum(axis=1)


@pytest.mark.parametrize("warmth", [0.5, 1.0, 2.5])
def test_the_temperature_is_what_the_logits_were_multiplied_by(warmth):
    p, truth = honest(40_000)
    too_sure = softmax(warmth * np.log(p), axis=1)
    said = calibration.fit(truth, too_sure)
    assert said["temperature"] == pytest.approx(warmth, rel=0.03)
    assert said["objects"] == 40_000
    assert said["nll_after"] <= said["nll_before"] + 1e-6
    np.testing.assert_allclose(calibration.calibrated(too_sure, warmth), p, rtol=1e-9)
    own = -np.log(too_sure[np.arange(40_000), truth]).mean()
    assert said["nll_before"] == pytest.approx(own)


@pytest.mark.parametrize("warmth", [0.5, 1.0, 2.5])
def test_one_of_two_classes_is_calibrated_alike_and_keeps_its_order(warmth):
    rng = np.random.default_rng(3)
    true = expit(rng.normal(-0.5, 1.5, 40_000))
    positive = rng.random(40_000) < true
    too_sure = expit(logit(true) * warmth)
    found = calibration.fit(positive, too_sure)["temperature"]
    assert found == pytest.approx(warmth, rel=0.05)
    both = calibration.fit(positive, np.stack([1 - too_sure, too_sure], axis=1))["temperature"]
    assert both == pytest.approx(found, rel=1e-3)
    softened = calibration.calibrated(too_sure, found)
    np.testing.assert_allclose(softened, expit(logit(too_sure) / found), rtol=1e-9)
    assert calibration.calibration_error(positive, softened) < 0.01
    assert roc.auc(positive, softened) == pytest.approx(roc.auc(positive, too_sure))


@pytest.mark.parametrize("warmth", [0.06, 0.7, 4.0, 19.0])
def test_classes_and_calls_stay_whatever_the_temperature(warmth):
    rng = np.random.default_rng(4)
    p = softmax(rng.normal(0, 8, (5000, 6)), axis=1)
    made = calibration.calibrated(p, warmth)
    np.testing.assert_array_equal(made.argmax(axis=1), p.argmax(axis=1))
    np.testing.assert_allclose(made.sum(axis=1), 1)
    score = expit(rng.normal(0, 8, 5000))
    np.testing.assert_array_equal(calibration.calibrated(score, warmth) > 0.5, score > 0.5)
    assert calibration.calibrated(score, None) is score


def test_what_was_calibrated_is_given_back_as_the_network_had_it():
    p, _ = honest(500)
    metrics = {"calibration": {"temperature": 3.0}}
    given = calibration.ways(calibration.calibrated(p, 3.0), metrics)
    np.testing.assert_allclose(given[False], p, rtol=1e-9)
    assert list(calibration.ways(p, {})) == list(calibration.ways(p, {"calibration": None}))
    assert list(calibration.ways(p, {})) == [False]


def test_a_few_objects_without_a_mistake_do_not_make_certain():
    sure = np.tile([0.9995, 0.0004, 0.0001], (26, 1))
    said = calibration.fit(np.zeros(26, int), sure)
    assert said["temperature"] > 1
    # All have the same logits, so that their probability becomes the share that is expected.
    mean = calibration.calibrated(sure, said["temperature"])[:, 0].mean()
    assert mean == pytest.approx(26.5 / 27, abs=0.005)
    assert calibration.fit(np.zeros(26_000, int), np.tile(sure, (1000, 1)))["temperature"] < 1


def test_certain_scores_and_no_objects_give_numbers():
    positive = np.array([True, False, True, False])
    wrong = calibration.fit(positive, [0.0, 1.0, 0.0, 1.0])
    assert wrong["temperature"] == pytest.approx(20, rel=0.01)
    assert np.isfinite([wrong["nll_before"], wrong["nll_after"]]).all()
    nothing = calibration.fit([], np.zeros((0, 3)))
    assert nothing == {"temperature": None, "objects": 0, "nll_before": None, "nll_after": None}
    refused("a probability is none", calibration.fit, [0], [1.5], error=ValueError)
    refused("of truth", calibration.fit, [0, 1], [0.5], error=ValueError)


def test_the_error_of_a_known_distribution_is_its_gap():
    # Says 0.95 and 0.65, and is right in 80 and 60 of 100.
    score = np.repeat([0.95, 0.65], 100)
    positive = np.concatenate([np.arange(100) < 80, np.arange(100) < 60])
    expected = (0.15 + 0.05) / 2
    assert calibration.calibration_error(positive, score) == pytest.approx(expected)
    low, high = bootstrap.interval(
        *(positive, score, np.arange(200)),
        **{"samples": 2000, "level": 0.95, "seed": 1, "statistic": calibration.CALIBRATION_ERROR},
    )
    # Two binomial shares about their means: the spread of the half sum of the gaps.
    error = np.sqrt(0.8 * 0.2 / 100 + 0.6 * 0.4 / 100) / 2
    assert low < expected < high
    assert high - low == pytest.approx(2 * 1.96 * error, rel=0.2)


def test_chance_gives_a_known_error_where_all_is_true():
    # One bin of N: the mean of a binomial share's absolute deviation.
    assert calibration.chance_error(np.full(100, 0.55), samples=20_000, seed=0) == pytest.approx(
        np.sqrt(2 / np.pi * 0.55 * 0.45 / 100), rel=0.03
    )
    p, truth = honest(200)
    sure, right = p.max(axis=1), p.argmax(axis=1) == truth
    chance = calibration.chance_error(sure, samples=2000, seed=0)
    drawn = [honest(200, seed=seed) for seed in range(200)]
    own = [calibration.calibration_error(q.argmax(1) == t, q.max(1)) for q, t in drawn]
    assert chance == pytest.approx(np.mean(own), rel=0.1)
    assert calibration.calibration_error(right, sure) < 3 * chance
    assert np.isnan(calibration.chance_error([], samples=10, seed=0))


def test_the_summary_has_both_ways_and_masks_what_was_not_done():
    p, truth = honest(300)
    sure = calibration.calibrated(p, 1 / 3).max(axis=1)
    right = p.argmax(axis=1) == truth
    options = {"samples": 200, "level": 0.95, "seed": 1}
    row = calibration.summary(right, {False: sure, True: p.max(axis=1)}, np.arange(300), **options)
    assert row["calibration_error"] > row["calibration_error_calibrated"]
    assert row["calibration_error_low"] < row["calibration_error"] < row["calibration_error_high"]
    raw = calibration.summary(right, {False: sure}, np.arange(300), **options)
    assert np.isnan(raw["calibration_error_calibrated"])
    assert raw["calibration_error_chance"] < row["calibration_error_chance"]
