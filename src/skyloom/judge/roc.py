"""Receiver operating characteristic, and how far its area can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import rankdata

from skyloom.judge import bootstrap


class Curve(NamedTuple):
    """A ROC: rates of false and true positives, from none called positive to all."""

    false_positive_rate: np.ndarray
    true_positive_rate: np.ndarray
    threshold: np.ndarray


def curve(positive, score):
    """Rates when everything at or above a threshold is called positive.

    Parameters
    ----------
    positive : (N,) bool array
        The truth.
    score : (N,) array
        Larger is more likely positive.

    Returns
    -------
    Curve
        One point a distinct score, highest first, after a first point at (0, 0) whose threshold
        is infinite. A rate is NaN throughout where its side of the truth is empty.

    Raises
    ------
    ValueError
        If the arrays differ in shape or a score is NaN.
    """
    positive, score = pair(positive, score)
    order = np.argsort(-score, kind="stable")
    # Equal scores cannot be told apart: only the last of each run is a point.
    last = np.flatnonzero(np.append(np.diff(score[order]) != 0, True)) if score.size else []
    hits, misses = np.cumsum(positive[order])[last], np.cumsum(~positive[order])[last]
    rates = []
    for counts, total in ((misses, np.sum(~positive)), (hits, np.sum(positive))):
        counts = np.concatenate([[0], counts]).astype(float)
        rates.append(counts / total if total else np.full(len(counts), np.nan))
    return Curve(*rates, np.concatenate([[np.inf], score[order][last]]))


def auc(positive, score) -> float:
    """Area under the ROC: the chance that a positive scores above a negative, ties by half.

    Returns
    -------
    float
        NaN where one side of the truth is empty.

    Notes
    -----
    The Mann-Whitney statistic (Hanley & McNeil 1982), by ranks.
    """
    positive, score = pair(positive, score)
    ones = int(positive.sum())
    zeros = positive.size - ones
    if not ones or not zeros:
        return float("nan")
    ranks = rankdata(score)[positive].sum()
    return float((ranks - ones * (ones + 1) / 2) / (ones * zeros))


def auc_interval(
    positive: np.ndarray,
    score: np.ndarray,
    *,
    samples: int,
    level: float,
    seed: int | Sequence[int],
) -> tuple[float, float]:
    """Percentile bootstrap interval of the AUC, resampling observations with replacement.

    Parameters
    ----------
    positive : (N,) bool array
    score : (N,) array
    samples : int
    level : float
        Coverage, for example 0.95.
    seed : int or sequence of int

    Returns
    -------
    low, high : float
        NaN where the AUC is; resamples with one side of the truth empty are left out.

    Raises
    ------
    ValueError
        As `curve`, or if `level` is outside (0, 1) or `samples` below one.
    """
    positive, score = pair(positive, score)
    bootstrap.check_options(samples, level)
    if not positive.any() or positive.all():
        return float("nan"), float("nan")
    # By truth among equals, so that the order given does not matter.
    order = np.lexsort((positive, score))
    positive, score = positive[order], score[order]
    starts = np.flatnonzero(np.append(True, np.diff(score) != 0))
    values = bootstrap.resample(
        lambda times: _weighted_auc(times, positive, starts),
        score.size,
        samples=samples,
        seed=seed,
    )
    return tuple(bootstrap.percentiles(values, level).tolist())


def _weighted_auc(times, positive, starts):
    """AUC of each row of `times`: how often each value (rising, equal runs at `starts`) counts."""
    ones = np.add.reduceat(times * positive, starts, axis=1).astype(float)
    zeros = np.add.reduceat(times * ~positive, starts, axis=1).astype(float)
    below = np.cumsum(zeros, axis=1) - zeros / 2
    pairs = ones.sum(axis=1) * zeros.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.sum(ones * below, axis=1) / pairs


def pair(positive, score):
    """Truth and scores as equally long vectors, checked."""
    positive, score = np.asarray(positive), np.asarray(score, dtype=float)
    if positive.ndim != 1 or positive.shape != score.shape:
        raise ValueError(
            f"truth and score must be equally long vectors: {positive.shape}, {score.shape}"
        )
    if np.isnan(score).any():
        raise ValueError("a score is NaN")
    return positive.astype(bool), score


def told_from_chance(low: float, high: float):
    """Whether the interval of an area leaves out 0.5, that of guessing.

    Parameters
    ----------
    low, high : float
        Ends of the interval; NaN or masked where there is none, which tells nothing.
    """
    low, high = (
        float(np.ma.filled(np.ma.asarray(end, dtype=float), np.nan)) for end in (low, high)
    )
    return low > 0.5 or high < 0.5
