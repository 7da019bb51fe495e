"""How well predictions follow the truth, and how sure that is.

Images of one galaxy in neighbouring snapshots, or of satellites in one group, are not independent.
Every interval here therefore resamples GROUPS of images (the components of the split) with
replacement, never single images.
"""

from typing import NamedTuple

import numpy as np

_BLOCK = 4_000_000  # group counts held in memory at once, about 32 MB


class Difference(NamedTuple):
    """A difference of two correlations: its value, its interval and a two-sided fraction."""

    difference: float
    low: float
    high: float
    fraction: float


def pearson_r(true, predicted):
    """Pearson's correlation coefficient.

    Parameters
    ----------
    true, predicted : (N,) array

    Returns
    -------
    float
        NaN when either is constant, not finite, or shorter than two values.

    Raises
    ------
    ValueError
        If the arrays differ in shape.
    """
    x, y = _pair(true, predicted)
    if x.size < 2 or not (np.all(np.isfinite(x)) and np.all(np.isfinite(y))):
        return float("nan")
    if _is_constant(x) or _is_constant(y):
        return float("nan")
    # Scaled before the products, so that neither very large nor very small values overflow.
    x, y = _standardise(x), _standardise(y)
    return float(np.clip(x @ y / np.sqrt((x @ x) * (y @ y)), -1.0, 1.0))


def bias(true, predicted):
    """Mean of predicted minus true, in the units of the arrays."""
    x, y = _pair(true, predicted)
    return float(np.mean(y - x)) if x.size else float("nan")


def mean_absolute_error(true, predicted):
    """Mean of |predicted - true|, in the units of the arrays."""
    x, y = _pair(true, predicted)
    return float(np.mean(np.abs(y - x))) if x.size else float("nan")


def root_mean_square_error(true, predicted):
    """Square root of the mean of (predicted - true)^2, in the units of the arrays."""
    x, y = _pair(true, predicted)
    return float(np.sqrt(np.mean((y - x) ** 2))) if x.size else float("nan")


def difference_std(true, predicted):
    """Standard deviation of predicted minus true about its mean (one degree of freedom taken)."""
    x, y = _pair(true, predicted)
    return float(np.std(y - x, ddof=1)) if x.size > 1 else float("nan")


def bootstrap_interval(true, predicted, groups, *, samples, level, seed, statistic=pearson_r):
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
    statistic : callable, optional
        ``statistic(true, predicted) -> float``. For `pearson_r` the samples are computed from
        weighted sums per group; any other statistic is evaluated sample by sample.

    Returns
    -------
    low, high : float
        NaN when the statistic itself is, or when there are fewer than two groups.

    Raises
    ------
    ValueError
        If the arrays differ in length, `level` is outside (0, 1) or `samples` is below one.

    Notes
    -----
    The cluster bootstrap (Davison & Hinkley 1997, section 3.8). Samples in which the statistic is
    not defined are left out.
    """
    x, y, index, count = _check(true, predicted, groups, samples, level)
    if count < 2 or not np.isfinite(statistic(x, y)):
        return float("nan"), float("nan")
    rng = np.random.default_rng(seed)
    if statistic is pearson_r:
        sums = _group_sums(x, y, index, count)
        values = np.concatenate(
            [_weighted_r(draws, sums) for draws in draw_groups(rng, count, samples)]
        )
    else:
        values = _resampled(statistic, x, y, index, count, rng, samples)
    return _percentiles(values, level)


def paired_bootstrap(true, predicted_a, predicted_b, groups, *, samples, level, seed):
    """Difference of two correlations with the same truth, both seen in the same resamples.

    Parameters
    ----------
    true, predicted_a, predicted_b : (N,) array
        Truth and two predictions of the same objects, in the same order.
    groups : (N,) array
    samples, level, seed
        As in `bootstrap_interval`.

    Returns
    -------
    Difference
        r(a) - r(b), its percentile interval, and the two-sided fraction: twice the smaller share
        of resamples on either side of zero, at least 2 / (samples + 1) and at most 1. All NaN when
        either correlation is not defined or there are fewer than two groups.

    Raises
    ------
    ValueError
        As in `bootstrap_interval`.
    """
    x, a, index, count = _check(true, predicted_a, groups, samples, level)
    _, b = _pair(true, predicted_b)
    difference = pearson_r(x, a) - pearson_r(x, b)
    if count < 2 or not np.isfinite(difference):
        nan = float("nan")
        return Difference(difference, nan, nan, nan)
    rng = np.random.default_rng(seed)
    sums_a, sums_b = _group_sums(x, a, index, count), _group_sums(x, b, index, count)
    values = np.concatenate(
        [
            _weighted_r(draws, sums_a) - _weighted_r(draws, sums_b)
            for draws in draw_groups(rng, count, samples)
        ]
    )
    low, high = _percentiles(values, level)
    values = values[np.isfinite(values)]
    # One added to each count: an observed share is never evidence of an impossible one.
    tail = min(np.count_nonzero(values <= 0), np.count_nonzero(values >= 0)) + 1
    return Difference(difference, low, high, float(min(1.0, 2 * tail / (values.size + 1))))


def _pair(true, predicted):
    x, y = np.asarray(true, dtype=float), np.asarray(predicted, dtype=float)
    if x.ndim != 1 or x.shape != y.shape:
        raise ValueError(f"true and predicted must be equally long vectors: {x.shape}, {y.shape}")
    return x, y


def _check(true, predicted, groups, samples, level):
    """The checked arrays, the index of each value's group, and the number of groups."""
    x, y = _pair(true, predicted)
    groups = np.asarray(groups)
    if groups.shape != x.shape:
        raise ValueError(f"groups must have one label a value: {groups.shape}, {x.shape}")
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1: {level}")
    if samples < 1:
        raise ValueError(f"samples must be at least 1: {samples}")
    names, index = np.unique(groups, return_inverse=True)
    return x, y, index, len(names)


def _is_constant(values):
    """Whether values differ by no more than the rounding of their mean."""
    return np.ptp(values) <= 1e-13 * np.max(np.abs(values))


def _standardise(values):
    centred = values - values.mean()
    return centred / np.max(np.abs(centred))


def _group_sums(x, y, index, count):
    """Sums of 1, x, y, x², y² and xy over each group, of the centred values: (groups, 6)."""
    x, y = _standardise(x), _standardise(y)
    terms = (np.ones_like(x), x, y, x * x, y * y, x * y)
    return np.stack([np.bincount(index, term, count) for term in terms], axis=1)


def draw_groups(rng, count, samples):
    """How often each of `count` groups was drawn in each bootstrap sample, in blocks of samples.

    Yields
    ------
    (block, count) int array
    """
    block = max(1, _BLOCK // count)
    for start in range(0, samples, block):
        size = min(block, samples - start)
        drawn = rng.integers(0, count, (size, count))
        drawn += np.arange(size)[:, None] * count
        yield np.bincount(drawn.ravel(), minlength=size * count).reshape(size, count)


def _weighted_r(draws, sums):
    """Correlation in each sample from the sums of its groups; NaN where it is not defined."""
    n, x, y, xx, yy, xy = (draws.astype(float) @ sums).T
    variance_x, variance_y = xx / n - (x / n) ** 2, yy / n - (y / n) ** 2
    # Standardised values lie in [-1, 1]: a variance of this size is rounding alone.
    defined = (variance_x > 1e-14) & (variance_y > 1e-14)
    r = np.full(len(n), np.nan)
    covariance = (xy / n - (x / n) * (y / n))[defined]
    r[defined] = covariance / np.sqrt(variance_x[defined] * variance_y[defined])
    return np.clip(r, -1.0, 1.0)


def _resampled(statistic, x, y, index, count, rng, samples):
    """The statistic of each bootstrap sample, one after another."""
    values = []
    for draws in draw_groups(rng, count, samples):
        for row in draws:
            chosen = np.repeat(np.arange(x.size), row[index])
            values.append(statistic(x[chosen], y[chosen]))
    return np.asarray(values, dtype=float)


def _percentiles(values, level):
    values = values[np.isfinite(values)]
    if values.size == 0:
        return float("nan"), float("nan")
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
