"""The bootstrap of groups: whole groups drawn with replacement, a statistic of all samples at once.

Images of one galaxy in neighbouring snapshots, or of satellites in one group, are not independent,
nor are the spectra of one object or one model. Every interval here therefore resamples GROUPS with
replacement, never single images (the cluster bootstrap, Davison & Hinkley 1997, section 3.8).
Samples in which a statistic is not defined are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from skyloom.judge import metrics

_BLOCK = 4_000_000  # group counts held in memory at once, about 32 MB


class Statistic(NamedTuple):
    """A statistic of pairs, true and predicted, that follows from sums over them.

    Attributes
    ----------
    terms : callable
        ``terms(true, predicted) -> (K, N)``: what is summed over the N pairs.
    of : callable
        ``of(sums) -> (...)`` of (..., K) sums: the statistic, NaN where it is not defined.
    """

    terms: Callable
    of: Callable


class Difference(NamedTuple):
    """A difference of two correlations: its value, its interval and a two-sided fraction."""

    difference: float
    low: float
    high: float
    fraction: float


def resample(statistic, groups, *, samples, seed):
    """A statistic of bootstrap samples of groups.

    Parameters
    ----------
    statistic : callable
        ``statistic(counts) -> (S, ...)`` of (S, groups) ints: how often each group was drawn in
        each of S samples.
    groups : int or (K,) int array
        The number of groups; or of each kind of groups that are alike for the statistic. How often
        each KIND was drawn is multinomial: the same distribution as drawing groups one by one, at
        a cost that does not grow with their number.
    samples : int
    seed : int or sequence of int
        Equal seeds give equal samples.

    Returns
    -------
    (samples, ...) array
    """
    rng = np.random.default_rng(seed)
    if np.ndim(groups):
        number = int(np.sum(groups))
        return statistic(rng.multinomial(number, np.asarray(groups) / number, size=samples))
    block, blocks = max(1, _BLOCK // groups), []
    for start in range(0, samples, block):
        size = min(block, samples - start)
        drawn = rng.integers(0, groups, (size, groups))
        drawn += np.arange(size)[:, None] * groups
        counts = np.bincount(drawn.ravel(), minlength=size * groups).reshape(size, groups)
        blocks.append(statistic(counts))
    return np.concatenate(blocks)


def percentiles(values: np.ndarray, level: float) -> np.ndarray:
    """Percentile interval over the first axis of what is finite.

    Parameters
    ----------
    values : (S, ...) array
        A statistic of S samples.
    level : float
        Coverage, for example 0.95.

    Returns
    -------
    (2, ...) array
        Low and high; NaN where nothing is finite.
    """
    values = np.asarray(values, dtype=float)
    ends, flat = [(1 - level) / 2, (1 + level) / 2], values.reshape(len(values), -1)
    quantiles = np.full((2, flat.shape[1]), np.nan)
    for column, some in enumerate(flat.T):
        some = some[np.isfinite(some)]
        if some.size:
            quantiles[:, column] = np.quantile(some, ends)
    return quantiles.reshape(2, *values.shape[1:])


def group_sums(terms, index, count):
    """Sums over each of `count` groups, (count, K), of (K, N) terms of groups `index`."""
    return np.stack([np.bincount(index, term, count) for term in terms], axis=1)


def check_options(samples, level) -> None:
    """Refuse impossible numbers of samples and coverages."""
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1: {level}")
    if samples < 1:
        raise ValueError(f"samples must be at least 1: {samples}")


def _correlation_terms(true, predicted):
    x, y = metrics.standardised(true), metrics.standardised(predicted)
    return np.stack([np.ones_like(x), x, y, x * x, y * y, x * y])


def _correlation(sums):
    n, x, y, xx, yy, xy = np.moveaxis(np.asarray(sums, dtype=float), -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        variance_x, variance_y = xx / n - (x / n) ** 2, yy / n - (y / n) ** 2
        # Standardised values lie in [-1, 1]: a variance of this size is rounding alone.
        defined = (variance_x > 1e-14) & (variance_y > 1e-14)
        r = (xy / n - (x / n) * (y / n)) / np.sqrt(variance_x * variance_y)
    return np.where(defined, np.clip(r, -1.0, 1.0), np.nan)


def _spread_terms(true, predicted):
    # About the mean of all, so that a large common offset takes no digits from the spread.
    off = (predicted - true) - np.mean(predicted - true)
    return np.stack([np.ones_like(off), off, off * off])


def _spread(sums):
    n, first, second = np.moveaxis(np.asarray(sums, dtype=float), -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.sqrt(np.maximum(second - first * first / n, 0) / (n - 1))


def _mean(sums):
    n, total = np.moveaxis(np.asarray(sums, dtype=float), -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return total / n


#: Pearson's correlation coefficient.
CORRELATION = Statistic(_correlation_terms, _correlation)
#: Mean of predicted minus true, and of its absolute value.
BIAS = Statistic(lambda x, y: np.stack([np.ones_like(x), y - x]), _mean)
MEAN_ABSOLUTE_ERROR = Statistic(lambda x, y: np.stack([np.ones_like(x), np.abs(y - x)]), _mean)
#: Standard deviation of predicted minus true about its mean, one degree of freedom taken.
DIFFERENCE_STD = Statistic(_spread_terms, _spread)


def interval(
    true: np.ndarray,
    predicted: np.ndarray,
    groups: np.ndarray,
    *,
    samples: int,
    level: float,
    seed: int | Sequence[int],
    statistic: Statistic = CORRELATION,
) -> tuple[float, float]:
    """Percentile bootstrap interval of a statistic, resampling groups with replacement.

    Parameters
    ----------
    true, predicted : (N,) array
    groups : (N,) array
        Label of the independent group of each value; groups are drawn whole.
    samples : int
        Number of bootstrap samples.
    level : float
        Coverage, for example 0.95.
    seed : int or sequence of int
        Equal seeds give equal intervals.
    statistic : Statistic, optional

    Returns
    -------
    low, high : float
        NaN when the statistic itself is, or when there are fewer than two groups.

    Raises
    ------
    ValueError
        If the arrays differ in length, `level` is outside (0, 1) or `samples` is below one.
    """
    x, y, index, count = _checked(true, predicted, groups, samples, level)
    if count < 2 or not (np.isfinite(x).all() and np.isfinite(y).all()):
        return float("nan"), float("nan")
    sums = group_sums(statistic.terms(x, y), index, count)
    if not np.isfinite(statistic.of(sums.sum(axis=0))):
        return float("nan"), float("nan")
    values = resample(
        lambda counts: statistic.of(counts.astype(float) @ sums), count, samples=samples, seed=seed
    )
    return tuple(percentiles(values, level).tolist())


def paired(
    true: np.ndarray,
    predicted_a: np.ndarray,
    predicted_b: np.ndarray,
    groups: np.ndarray,
    *,
    samples,
    level,
    seed,
) -> Difference:
    """Difference of two correlations with the same truth, both seen in the same resamples.

    Parameters
    ----------
    true, predicted_a, predicted_b : (N,) array
        Truth and two predictions of the same objects, in the same order.
    groups : (N,) array
    samples, level, seed
        As in `interval`.

    Returns
    -------
    Difference
        r(a) - r(b), its percentile interval, and the two-sided fraction: twice the smaller share
        of resamples on either side of zero, at least 2 / (samples + 1) and at most 1. All NaN when
        either correlation is not defined or there are fewer than two groups.

    Raises
    ------
    ValueError
        As in `interval`.
    """
    x, a, index, count = _checked(true, predicted_a, groups, samples, level)
    _, b = metrics.pair(true, predicted_b)
    difference = metrics.pearson_r(x, a) - metrics.pearson_r(x, b)
    if count < 2 or not np.isfinite(difference):
        return Difference(difference, *[float("nan")] * 3)
    sums = [group_sums(_correlation_terms(x, y), index, count) for y in (a, b)]

    def differ(counts):
        of_a, of_b = (_correlation(counts.astype(float) @ totals) for totals in sums)
        return of_a - of_b

    values = resample(differ, count, samples=samples, seed=seed)
    low, high = percentiles(values, level).tolist()
    values = values[np.isfinite(values)]
    # One added to each count: an observed share is never evidence of an impossible one.
    tail = min(np.count_nonzero(values <= 0), np.count_nonzero(values >= 0)) + 1
    return Difference(difference, low, high, float(min(1.0, 2 * tail / (values.size + 1))))


def _checked(true, predicted, groups, samples, level):
    """The checked arrays, the index of each value's group, and the number of groups."""
    x, y = metrics.pair(true, predicted)
    groups = np.asarray(groups)
    if groups.shape != x.shape:
        raise ValueError(f"groups must have one label a value: {groups.shape}, {x.shape}")
    check_options(samples, level)
    names, index = np.unique(groups, return_inverse=True)
    return x, y, index, len(names)
