"""Whether a probability means what it says, and how to put it right."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit
from scipy.stats import norm

from skyloom.judge.roc import pair

# Scores of exactly 0 or 1 have no logit; these are the nearest that do.
_LEAST = 1e-12
_RANGE = np.log(0.05), np.log(20.0)


class Reliability(NamedTuple):
    """One value a bin of equal width: edges, images, mean score, share of positives, interval."""

    low: np.ndarray
    high: np.ndarray
    count: np.ndarray  # type: ignore[assignment] # nobody counts in it as in a tuple
    score: np.ndarray
    fraction: np.ndarray
    fraction_low: np.ndarray
    fraction_high: np.ndarray


def reliability(
    positive: np.ndarray, score: np.ndarray, *, bins: int = 10, level: float = 0.95
) -> Reliability:
    """How many are positive among those that a score says so.

    Parameters
    ----------
    positive : (N,) bool array
    score : (N,) array
        Probabilities, 0 to 1.
    bins : int
        Of equal width; a score of 1 belongs to the last.
    level : float
        Coverage of the intervals (Wilson 1927).

    Returns
    -------
    Reliability
        NaN in bins without an image.

    Raises
    ------
    ValueError
        If a score is not a probability.
    """
    positive, score = _pair(positive, score)
    index = np.minimum((score * bins).astype(int), bins - 1)
    count = np.bincount(index, minlength=bins)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(index, score, bins) / count
        share = np.bincount(index, positive, bins) / count
        z2 = norm.ppf((1 + level) / 2) ** 2
        middle = (share + z2 / (2 * count)) / (1 + z2 / count)
        half = np.sqrt(z2 * share * (1 - share) / count + z2**2 / (4 * count**2))
        half /= 1 + z2 / count
    edges = np.linspace(0, 1, bins + 1)
    return Reliability(edges[:-1], edges[1:], count, mean, share, middle - half, middle + half)


def calibration_error(positive, score, *, bins=10):
    """Expected calibration error: mean |share of positives - mean score|, weighted by images.

    Notes
    -----
    Naeini, Cooper & Hauskrecht 2015, for the probability of the positive side. NaN without images.
    """
    found = reliability(positive, score, bins=bins)
    some = found.count > 0
    if not some.any():
        return float("nan")
    gaps = np.abs(found.fraction - found.score)[some]
    return float(np.sum(gaps * found.count[some]) / found.count.sum())


def temperature(positive: np.ndarray, score: np.ndarray) -> float:
    """The one number by which logits are divided so that the scores fit the truth best.

    Parameters
    ----------
    positive : (N,) bool array
        Of the validation side.
    score : (N,) array

    Returns
    -------
    float
        Least negative log-likelihood within 0.05 to 20 (Guo et al. 2017, section 4.2); above 1
        for a network that is too sure. NaN where the truth has one side only.
    """
    positive, score = _pair(positive, score)
    if not positive.any() or positive.all():
        return float("nan")
    logits = _logit(score)
    signs = np.where(positive, -1.0, 1.0)

    def loss(log_temperature):
        return np.mean(np.logaddexp(0.0, signs * logits / np.exp(log_temperature)))

    return float(np.exp(minimize_scalar(loss, bounds=_RANGE, method="bounded").x))


def soften(score, temperature):
    """Scores with their logits divided by a temperature; as they are where it is NaN."""
    score = np.asarray(score, dtype=float)
    return score if np.isnan(temperature) else expit(_logit(score) / temperature)


def _logit(score):
    return logit(np.clip(score, _LEAST, 1 - _LEAST))


def _pair(positive, score):
    positive, score = pair(positive, score)
    if score.size and not (score.min() >= 0 and score.max() <= 1):
        raise ValueError("a score is not a probability")
    return positive, score
