"""Correlations and their intervals, against SciPy and against Fisher's z."""

import numpy as np
import pytest
from refusal import refused
from scipy.stats import norm, pearsonr

from skyloom.judge import bootstrap, metrics


def correlated(n, rho, seed):
    rng = np.random.default_rng(seed)
    true = rng.normal(size=n)
    return true, rho * true + np.sqrt(1 - rho**2) * rng.normal(size=n)


def interval(true, predicted, groups=None, *, samples, level=0.95, seed=0, **options):
    """The interval of single images, or of groups of them."""
    groups = np.arange(len(true)) if groups is None else groups
    options |= {"samples": samples, "level": level, "seed": seed}
    return bootstrap.interval(true, predicted, groups, **options)


def fisher_interval(r, n, level=0.95):
    half = norm.ppf((1 + level) / 2) / np.sqrt(n - 3)
    return np.tanh(np.arctanh(r) - half), np.tanh(np.arctanh(r) + half)


@pytest.mark.parametrize("scale", [1.0, 1e-200, 1e200])
def test_pearson_r_agrees_with_scipy(scale):
    true, predicted = correlated(57, 0.6, 1)
    expected = pearsonr(true, predicted).statistic
    assert metrics.pearson_r(scale * true + 3 * scale, predicted) == pytest.approx(expected)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("constant", [0.0, 0.1, 3e5])
def test_pearson_r_of_a_constant_is_nan_without_a_warning(constant):
    true, _ = correlated(30, 0.5, 2)
    same = np.full(30, constant)
    found = [metrics.pearson_r(true, same), metrics.pearson_r(same, true)]
    found += interval(true, same, samples=50)
    found += bootstrap.paired(true, same, true, np.arange(30), samples=50, level=0.95, seed=0)
    assert len(found) == 8 and np.all(np.isnan(found))


def test_errors_are_measured_in_the_units_of_the_labels():
    true, predicted = np.array([1.0, 2.0, 3.0]), np.array([1.5, 2.5, 5.0])
    assert metrics.bias(true, predicted) == pytest.approx(1.0)
    assert metrics.mean_absolute_error(true, predicted) == pytest.approx(1.0)
    assert metrics.difference_std(true, predicted) == pytest.approx(np.sqrt(0.75))


def test_interval_of_single_images_agrees_with_fisher_z():
    true, predicted = correlated(400, 0.6, 3)
    found = interval(true, predicted, samples=4000, seed=4)
    expected = fisher_interval(metrics.pearson_r(true, predicted), 400)
    np.testing.assert_allclose(found, expected, atol=0.02)


def test_interval_covers_the_true_correlation_as_often_as_it_says():
    covered = 0
    for trial in range(300):
        true, predicted = correlated(120, 0.7, [5, trial])
        low, high = interval(true, predicted, samples=400, level=0.9, seed=trial)
        covered += low <= 0.7 <= high
    # 0.9 of 300 trials, within four standard deviations of a binomial and the small-sample loss.
    assert 0.82 < covered / 300 < 0.96


def test_resampling_groups_widens_the_interval_of_copied_images():
    true, predicted = correlated(60, 0.6, 6)
    copies = 5
    images = np.repeat(true, copies), np.repeat(predicted, copies)
    options = dict(samples=3000, seed=7)
    by_image = interval(*images, **options)
    by_group = interval(*images, np.repeat(np.arange(60), copies), **options)
    alone = interval(true, predicted, **options)
    assert np.diff(by_group) > 1.8 * np.diff(by_image)
    np.testing.assert_allclose(by_group, alone, atol=1e-12)


@pytest.mark.parametrize(
    ("statistic", "slow"),
    [
        (bootstrap.CORRELATION, lambda a, b: pearsonr(a, b).statistic),
        (bootstrap.BIAS, lambda a, b: np.mean(b - a)),
        (bootstrap.MEAN_ABSOLUTE_ERROR, lambda a, b: np.mean(np.abs(b - a))),
        (bootstrap.DIFFERENCE_STD, lambda a, b: np.std(b - a, ddof=1)),
    ],
)
def test_all_samples_at_once_agree_with_sample_by_sample_evaluation(statistic, slow):
    true, predicted = correlated(45, 0.4, 8)
    groups = np.random.default_rng(9).integers(0, 14, 45)
    options = dict(samples=300, level=0.9, seed=10, statistic=statistic)
    fast = interval(true, predicted, groups, **options)
    names, rng, values = np.unique(groups), np.random.default_rng(10), []
    for _ in range(300):
        chosen = names[rng.integers(0, len(names), len(names))]
        rows = np.concatenate([np.flatnonzero(groups == name) for name in chosen])
        values.append(slow(true[rows], predicted[rows]))
    np.testing.assert_allclose(fast, np.quantile(values, [0.05, 0.95]), atol=1e-12)


def test_a_large_common_offset_takes_nothing_from_the_spread():
    true, predicted = correlated(50, 0.4, 8)
    options = dict(samples=100, level=0.9, seed=1, statistic=bootstrap.DIFFERENCE_STD)
    near, far = (interval(true, predicted + offset, **options) for offset in (0, 1e6))
    np.testing.assert_allclose(far, near, rtol=1e-8)


def test_equal_seeds_give_equal_intervals_and_others_do_not():
    true, predicted = correlated(40, 0.4, 11)
    first, again, other = (interval(true, predicted, samples=200, seed=seed) for seed in (1, 1, 2))
    assert first == again != other


def test_one_group_has_no_interval():
    true, predicted = correlated(20, 0.4, 12)
    assert np.all(np.isnan(interval(true, predicted, np.zeros(20), samples=50)))


def test_paired_interval_is_narrower_than_that_of_unpaired_cases():
    true, predicted = correlated(200, 0.6, 13)
    nearly = predicted + 0.05 * np.random.default_rng(14).normal(size=200)
    groups, options = np.arange(200), dict(samples=2000, level=0.95, seed=15)
    paired = bootstrap.paired(true, predicted, nearly, groups, **options)
    alone = bootstrap.interval(true, predicted, groups, **options)
    assert paired.high - paired.low < 0.3 * (alone[1] - alone[0])
    assert paired.low <= paired.difference <= paired.high
    mirrored = bootstrap.paired(true, nearly, predicted, groups, **options)
    np.testing.assert_allclose(
        [-mirrored.difference, -mirrored.high, -mirrored.low], paired[:3], atol=1e-12
    )
    assert mirrored.fraction == pytest.approx(paired.fraction)


def test_fraction_is_small_for_a_clear_difference_and_one_for_none():
    true, good = correlated(150, 0.9, 16)
    _, poor = correlated(150, 0.1, 17)
    options = dict(samples=999, level=0.95, seed=18)
    assert bootstrap.paired(true, good, poor, np.arange(150), **options).fraction == 0.002
    same = bootstrap.paired(true, good, good, np.arange(150), **options)
    assert same == (0.0, 0.0, 0.0, 1.0)


@pytest.mark.parametrize(
    ("change", "word"),
    [({"level": 1.0}, "level"), ({"samples": 0}, "samples"), ({"groups": [1, 2]}, "groups")],
)
def test_bad_arguments_are_named(change, word):
    arguments = {"groups": [1, 2, 3], "samples": 10, "level": 0.9, "seed": 0} | change
    groups = arguments.pop("groups")
    values = [1.0, 2.0, 3.0], [1.0, 2.0, 4.0]
    refused(word, bootstrap.interval, *values, groups, error=ValueError, **arguments)


def test_errors_of_a_constant_offset_are_the_offset():
    true = np.array([1.0, 2.0, 4.0])
    assert metrics.root_mean_square_error(true, true + 0.5) == pytest.approx(0.5)
    assert metrics.mean_absolute_error(true, true - 0.5) == pytest.approx(0.5)
