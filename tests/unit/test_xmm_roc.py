"""ROC, its area and its interval against counting; calibration against what it was made from."""

import numpy as np
import pytest
from refusal import refused
from scipy.special import expit
from scipy.stats import norm

from skyloom.judge import calibration, roc

OPTIONS = {"samples": 4000, "level": 0.95, "seed": 1}


def scores(count, *, seed=0, levels=None, shift=1.0, share=0.3):
    """Labels, and scores that know something of them; few levels give ties."""
    rng = np.random.default_rng(seed)
    positive = rng.random(count) < share
    score = expit(rng.normal(shift * positive, 1))
    return positive, score if levels is None else np.round(score * levels) / levels


def counted(positive, score):
    """The Mann-Whitney statistic by comparing every pair."""
    differences = score[positive][:, None] - score[~positive][None, :]
    return np.mean((differences > 0) + 0.5 * (differences == 0))


@pytest.mark.parametrize("levels", [None, 20, 3, 1])
@pytest.mark.parametrize("seed", range(3))
def test_area_is_the_share_of_pairs_in_the_right_order(levels, seed):
    positive, score = scores(300, seed=seed, levels=levels)
    assert roc.auc(positive, score) == pytest.approx(counted(positive, score), rel=1e-12)


@pytest.mark.parametrize("levels", [None, 20, 3, 1])
def test_area_under_the_curve_is_the_area(levels):
    positive, score = scores(300, levels=levels)
    found = roc.curve(positive, score)
    area = np.trapezoid(found.true_positive_rate, found.false_positive_rate)
    assert area == pytest.approx(roc.auc(positive, score), rel=1e-12)


def test_each_point_is_the_rates_at_its_threshold():
    positive, score = scores(200, levels=10)
    found = roc.curve(positive, score)
    assert found.threshold[0] == np.inf
    assert (np.diff(found.threshold) < 0).all()
    assert len(found.threshold) == len(np.unique(score)) + 1
    for false, true, threshold in zip(*found, strict=True):
        called = score >= threshold
        assert true == pytest.approx(called[positive].mean())
        assert false == pytest.approx(called[~positive].mean())


def test_area_knows_perfect_and_opposite_and_constant_scores():
    positive = np.array([False, False, True, True])
    assert roc.auc(positive, [0.1, 0.2, 0.8, 0.9]) == 1
    assert roc.auc(positive, [0.9, 0.8, 0.2, 0.1]) == 0
    assert roc.auc(positive, [0.5] * 4) == 0.5
    assert roc.auc(positive, [-np.inf, 0.2, 0.8, np.inf]) == 1


@pytest.mark.parametrize("positive", [[True] * 5, [False] * 5, []])
def test_one_kind_only_has_no_area(positive):
    score = np.linspace(0, 1, len(positive))
    assert np.isnan(roc.auc(positive, score))
    assert np.isnan(roc.auc_interval(positive, score, **OPTIONS)).all()
    found = roc.curve(positive, score)
    missing = found.false_positive_rate if all(positive) else found.true_positive_rate
    assert np.isnan(missing).all()


def test_scores_that_are_none_are_refused():
    refused("NaN", roc.auc, [True, False], [0.5, np.nan], error=ValueError)
    refused("equally long", roc.curve, [True, False], [0.5], error=ValueError)
    for name, wrong in (("level", 1.0), ("samples", 0)):
        with pytest.raises(ValueError, match=name):
            roc.auc_interval([True, False], [0.5, 0.4], **{**OPTIONS, name: wrong})


@pytest.mark.parametrize("levels", [None, 5])
def test_interval_is_that_of_resampling_one_by_one(levels):
    positive, score = scores(60, levels=levels)
    found = roc.auc_interval(positive, score, **OPTIONS)
    rng, values = np.random.default_rng(7), []
    for _ in range(4000):
        drawn = rng.integers(0, 60, 60)
        values.append(roc.auc(positive[drawn], score[drawn]))
    np.testing.assert_allclose(found, np.nanquantile(values, [0.025, 0.975]), atol=0.012)


def test_every_resample_is_the_area_of_what_was_drawn():
    positive, score = scores(40, levels=6)
    order = np.argsort(score, kind="stable")
    ordered, ranked = positive[order], score[order]
    times = np.random.default_rng(0).integers(0, 4, (50, 40))
    starts = np.flatnonzero(np.append(True, np.diff(ranked) != 0))
    areas = roc._weighted_auc(times, ordered, starts)
    for row, area in zip(times, areas, strict=True):
        assert area == pytest.approx(roc.auc(np.repeat(ordered, row), np.repeat(ranked, row)))


def test_interval_is_about_as_wide_as_hanley_and_mcneil_say():
    positive, score = scores(600, shift=1.2)
    area = roc.auc(positive, score)
    ones, zeros = positive.sum(), (~positive).sum()
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    variance = area * (1 - area) + (ones - 1) * (q1 - area**2) + (zeros - 1) * (q2 - area**2)
    error = np.sqrt(variance / (ones * zeros))
    low, high = roc.auc_interval(positive, score, **OPTIONS)
    assert low < area < high
    assert high - low == pytest.approx(2 * 1.96 * error, rel=0.15)


def test_interval_depends_on_the_seed_and_not_on_the_order():
    positive, score = scores(80, levels=10)
    found = roc.auc_interval(positive, score, **OPTIONS)
    assert found == roc.auc_interval(positive, score, **OPTIONS)
    assert found != roc.auc_interval(positive, score, **{**OPTIONS, "seed": 2})
    order = np.random.default_rng(0).permutation(80)
    assert found == roc.auc_interval(positive[order], score[order], **OPTIONS)


def test_reliability_counts_what_falls_into_each_bin():
    score = np.array([0.0, 0.05, 0.1, 0.55, 0.95, 1.0, 1.0])
    positive = np.array([0, 1, 0, 1, 1, 1, 0], bool)
    found = calibration.reliability(positive, score)
    assert found.count.tolist() == [2, 1, 0, 0, 0, 1, 0, 0, 0, 3]
    assert found.fraction[[0, 1, 5]].tolist() == [0.5, 0, 1]
    assert found.fraction[9] == pytest.approx(2 / 3)
    assert found.score[[0, 9]] == pytest.approx([0.025, 2.95 / 3])
    assert np.isnan(found.fraction[2])
    error = (2 * abs(0.5 - 0.025) + 0.1 + 0.45 + 3 * abs(2 / 3 - 2.95 / 3)) / 7
    assert calibration.calibration_error(positive, score) == pytest.approx(error)


def test_wilson_interval_is_the_set_of_shares_that_a_test_does_not_reject():
    found = calibration.reliability(np.arange(20) < 3, np.full(20, 0.5))
    z = norm.ppf(0.975)
    for bound in (found.fraction_low[5], found.fraction_high[5]):
        assert abs(0.15 - bound) / np.sqrt(bound * (1 - bound) / 20) == pytest.approx(z)


def test_calibration_errors_of_nothing_and_of_no_probabilities():
    assert np.isnan(calibration.calibration_error([], []))
    refused("not a probability", calibration.calibration_error, [True], [1.2], error=ValueError)


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [
        (0.51, 0.9, True),
        (0.1, 0.49, True),
        (0.5, 0.9, False),
        (0.4, 0.6, False),
        (np.nan, np.nan, False),
        (np.ma.masked, np.ma.masked, False),
    ],
)
def test_an_area_is_told_from_chance_only_by_an_interval_without_one_half(low, high, told):
    assert roc.told_from_chance(low, high) is told
