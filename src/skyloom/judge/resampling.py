"""Draws of what several trained networks score: galaxies resampled in groups, seeds by Student's t.

Scores are Fisher's z = artanh r, whose spread hardly depends on r (Fisher 1921), or the natural
logarithm of the root mean square error.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from skyloom.judge import bootstrap
from skyloom.judge.bootstrap import CORRELATION, Statistic

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


def _fisher_z(sums):
    return np.arctanh(np.clip(CORRELATION.of(sums), -_LARGEST, _LARGEST))


def _log_error(sums):
    n, square = np.moveaxis(np.asarray(sums, dtype=float), -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.log(square / n) / 2
    return np.where((n > 0) & (square > 0), value, np.nan)


#: Fisher's z; NaN where truth or prediction is constant.
FISHER_Z = Statistic(CORRELATION.terms, _fisher_z)
#: Natural logarithm of the root mean square error.
LOG_ERROR = Statistic(lambda x, y: np.stack([np.ones_like(x), (y - x) ** 2]), _log_error)


def draw(
    arms: Sequence[Sequence[Test]], *, samples: int, seed: int, score: Statistic = FISHER_Z
) -> Drawn:
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
    score : Statistic, optional
        `FISHER_Z` or `LOG_ERROR`.

    Returns
    -------
    Drawn
        The seeds' scatter is unknown, and left out, where there is one network only; of one group
        all draws are NaN.
    """
    names = np.unique(np.concatenate([test.groups for arm in arms for test in arm]))
    sums = [[_group_sums(test, names, score) for test in arm] for arm in arms]
    members = np.array([np.mean([score.of(s.sum(axis=0)) for s in arm], axis=0) for arm in sums])
    resampled = bootstrap.resample(
        lambda counts: np.stack([_resample(counts.astype(float), s, score) for s in sums], axis=1),
        len(names),
        samples=samples,
        seed=[seed, 0],
    )
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
            bootstrap.group_sums(score.terms(test.true, predicted), index, len(names))
            for predicted in test.predicted
        ],
        axis=1,
    )


def _resample(counts, sums, score):
    """Mean over networks and test sides of the score in each resample: (block,)."""
    values = [
        score.of((counts @ s.reshape(len(s), -1)).reshape(len(counts), *s.shape[1:])).mean(axis=1)
        for s in sums
    ]
    return np.mean(values, axis=0)


def seed_scatter(
    members: np.ndarray, *, samples: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
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
