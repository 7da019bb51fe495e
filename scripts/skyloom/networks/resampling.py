"""Draws of what several trained networks score: galaxies resampled in groups, seeds by Student's t.

Scores are Fisher's z = artanh r, whose spread hardly depends on r (Fisher 1921), or the natural
logarithm of the root mean square error.
"""

from typing import NamedTuple

import numpy as np

from skyloom.networks import metrics

# r = 1 has no finite z: correlations are kept this far from it.
_LARGEST = 1 - 1e-12


class Test(NamedTuple):
    """One test side.

    Attributes
    ----------
    id : (n,) str array
    true : (n,) array
    predicted : (M, n) array
        Of M networks.
    groups : (n,) array
        Independent group of each.
    """

    # Not one of pytest's.
    __test__ = False

    id: np.ndarray
    true: np.ndarray
    predicted: np.ndarray
    groups: np.ndarray


class Drawn(NamedTuple):
    """Scores of A arms (cases, or ways to train one), and draws of them.

    Attributes
    ----------
    members : (A, M) array
        Score of each network.
    value : (A,) array
        Their mean.
    resampled : (S, A) array
        The mean in each resample of the galaxies.
    mean : (S, A) array
        The same, with the scatter of a mean over M seeds.
    single : (S, A) array
        The same, with that of one further training.
    """

    members: np.ndarray
    value: np.ndarray
    resampled: np.ndarray
    mean: np.ndarray
    single: np.ndarray

    @staticmethod
    def interval(values, level):
        """Percentile interval of each column: two (A,) arrays, NaN where nothing is defined."""
        limits = np.full((2, values.shape[1]), np.nan)
        for column in range(values.shape[1]):
            known = values[np.isfinite(values[:, column]), column]
            if known.size:
                limits[:, column] = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
        return limits


def fisher_z(sums):
    """Fisher's z of weighted sums.

    Parameters
    ----------
    sums : (..., 6) array
        Of 1, x, y, x², y² and xy, for x and y within [-1, 1].

    Returns
    -------
    (...) array
        NaN where x or y is constant.
    """
    n, x, y, xx, yy, xy = np.moveaxis(np.asarray(sums, dtype=float), -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        variance_x, variance_y = xx / n - (x / n) ** 2, yy / n - (y / n) ** 2
        # Values within [-1, 1]: a variance of this size is rounding alone.
        defined = (variance_x > 1e-14) & (variance_y > 1e-14)
        r = (xy / n - (x / n) * (y / n)) / np.sqrt(variance_x * variance_y)
    return np.where(
        defined, np.arctanh(np.clip(np.where(defined, r, 0), -_LARGEST, _LARGEST)), np.nan
    )


def log_error(sums):
    """Natural logarithm of the root mean square error, of sums of 1 and (y - x)²: (..., 2)."""
    n, square = np.moveaxis(np.asarray(sums, dtype=float), -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.log(square / n) / 2
    return np.where((n > 0) & (square > 0), value, np.nan)


def _terms(true, predicted, score):
    if score is log_error:
        return np.stack([np.ones_like(true), (predicted - true) ** 2])
    x, y = _standardised(true), _standardised(predicted)
    return np.stack([np.ones_like(x), x, y, x * x, y * y, x * y])


def _standardised(values):
    centred = values - values.mean()
    largest = np.max(np.abs(centred))
    constant = largest <= 1e-13 * np.max(np.abs(values), initial=0)
    return np.zeros_like(centred) if constant else centred / largest


def draw(arms, *, samples, seed, score=fisher_z):
    """Scores of several arms and `samples` draws of them, all from the same resamples.

    Parameters
    ----------
    arms : sequence of sequence of Test
        Each arm is one test side, or several whose scores are averaged. All have M networks, the
        m-th of each trained with the same seed. Groups of one name are the same group in all: they
        are drawn once, from those of all arms together.
    samples : int
    seed : int
        Equal seeds give equal draws.
    score : callable, optional
        `fisher_z` or `log_error`.

    Returns
    -------
    Drawn
        The seeds' scatter is unknown, and left out, where there is one network only; of one group
        all draws are NaN.
    """
    names = np.unique(np.concatenate([test.groups for arm in arms for test in arm]))
    rng = np.random.default_rng([seed, 0])
    sums = [[_group_sums(test, names, score) for test in arm] for arm in arms]
    members = np.array([np.mean([score(s.sum(axis=0)) for s in arm], axis=0) for arm in sums])
    blocks = []
    for counts in metrics.draw_groups(rng, len(names), samples):
        counts = counts.astype(float)
        blocks.append([_resample(counts, arm, score) for arm in sums])
    resampled = np.concatenate([np.stack(block, axis=1) for block in blocks])
    value = members.mean(axis=1)
    # Of one group every resample is the same, which says nothing about others.
    resampled[:, ~np.isfinite(value) | (len(names) < 2)] = np.nan
    rng = np.random.default_rng([seed, 1])
    mean, single = seed_scatter(members, samples=samples, rng=rng)
    return Drawn(members, value, resampled, resampled + mean, resampled + single)


def _group_sums(test, names, score):
    """Sums of each group and network: (groups, M, terms); nothing of groups it does not have."""
    index = np.searchsorted(names, test.groups)
    return np.stack(
        [
            np.stack(
                [np.bincount(index, t, len(names)) for t in _terms(test.true, predicted, score)], -1
            )
            for predicted in test.predicted
        ],
        axis=1,
    )


def _resample(counts, sums, score):
    """Mean over networks and test sides of the score in each resample: (block,)."""
    values = [
        score((counts @ s.reshape(len(s), -1)).reshape(len(counts), *s.shape[1:])).mean(axis=1)
        for s in sums
    ]
    return np.mean(values, axis=0)


def seed_scatter(members, *, samples, rng):
    """Draws of how far the mean over seeds, and one further training, lie from what they estimate.

    Parameters
    ----------
    members : (A, M) array
        Scores; column m has the same seed in all rows.
    samples : int
    rng : numpy.random.Generator

    Returns
    -------
    mean, single : (samples, A) array
        Zero where M = 1.

    Notes
    -----
    Multivariate Student's t of M - 1 degrees of freedom: with E (A, M - 1) the residuals in
    orthonormal contrasts, z standard normal and u chi-square of M - 1 degrees of freedom,
    E z / sqrt(M u). Every difference of two rows then has exactly the t distribution of the paired
    t test; seeds that are good or bad for all rows alike cancel. One further training has
    sqrt(1 + 1 / M) in place of sqrt(1 / M), as prediction intervals have.
    """
    count = members.shape[1]
    if count == 1:
        nothing = np.zeros((samples, len(members)))
        return nothing, nothing
    z, u = rng.standard_normal((samples, count - 1)), rng.chisquare(count - 1, samples)
    residual = members - members.mean(axis=1, keepdims=True)
    # Columns orthonormal and orthogonal to (1, ..., 1): Helmert's.
    contrasts = np.linalg.qr(np.eye(count) - 1 / count)[0][:, : count - 1]
    off = (z / np.sqrt(u)[:, None]) @ (residual @ contrasts).T
    return off / np.sqrt(count), off * np.sqrt(1 + 1 / count)
