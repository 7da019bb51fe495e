"""Whether a probability means what it says, and how to put it right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from astropy.table import Table, vstack
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, logit
from scipy.stats import norm

from skyloom.judge import bootstrap
from skyloom.judge.roc import pair

#: Bins of a calibration error; Guo et al. 2017 have 15 for test sides of thousands.
BINS = 10
# Probabilities of exactly 0 or 1 have no logit; these are the nearest that do.
_LEAST, _MOST = np.finfo(float).tiny, np.nextafter(1.0, 0.0)
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
    positive: np.ndarray, score: np.ndarray, *, bins: int = BINS, level: float = 0.95
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
    index = _bin(score, bins)
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


def _bin(score, bins):
    return np.minimum((score * bins).astype(int), bins - 1)


def _gaps(positive, score):
    """One for each, and its positive minus its score in the row of its bin: (1 + bins, N)."""
    rows = np.zeros((1 + BINS, len(score)))
    rows[0] = 1
    rows[1 + _bin(score, BINS), np.arange(len(score))] = positive - score
    return rows


def _error(sums):
    sums = np.asarray(sums, dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.abs(sums[..., 1:]).sum(axis=-1) / sums[..., 0]


#: The calibration error, for intervals by `skyloom.judge.bootstrap.interval`.
CALIBRATION_ERROR = bootstrap.Statistic(_gaps, _error)


def calibration_error(positive: np.ndarray, score: np.ndarray) -> float:
    """Expected calibration error: mean |share of positives - mean score| of `BINS` equal bins.

    Parameters
    ----------
    positive : (N,) bool array
        Whether it is so; of more classes than two, whether the likeliest is the true one.
    score : (N,) array
        The probability of that.

    Returns
    -------
    float
        Each bin counts by its number; NaN of none.

    Notes
    -----
    Naeini, Cooper & Hauskrecht 2015; Guo et al. 2017, equation 3. It is never negative: few
    objects have one by chance, see `chance_error`, and the percentiles of its bootstrap lie too
    high.
    """
    positive, score = _pair(positive, score)
    return float(_error(_gaps(positive, score).sum(axis=1)))


def chance_error(score, *, samples, seed) -> float:
    """Mean calibration error of as many objects if their probabilities were all true.

    Parameters
    ----------
    score : (N,) array
        Probability of each.
    samples : int
        Outcomes that are drawn.
    seed : int or sequence of int

    Notes
    -----
    The consistency resampling of Bröcker & Smith 2007, Weather and Forecasting 22, 651.
    """
    score = np.asarray(score, dtype=float)
    rng = np.random.default_rng(seed)
    drawn = (rng.random((samples, len(score))) < score) - score
    sums = np.stack([drawn[:, _bin(score, BINS) == one].sum(axis=1) for one in range(BINS)])
    return float(np.abs(sums).sum(axis=0).mean() / len(score)) if len(score) else float("nan")


def calibrated(probabilities: np.ndarray, temperature: float | None) -> np.ndarray:
    """Probabilities with their logits divided by a temperature.

    Parameters
    ----------
    probabilities : (N, K) array or (N,) array
        Of K classes, or of one of two.
    temperature : float or None
        Above 1 for a network that is too sure; None leaves all as it is. 1 / T undoes T.

    Returns
    -------
    array
        Of the same shape. The likeliest class, and of two the order of all, stay.

    Notes
    -----
    Equation 9 of Guo et al. 2017 (arXiv 1706.04599): softmax(z / T). The logits z of a softmax p
    are log p, but for a constant that the softmax does not see.
    """
    probabilities = np.asarray(probabilities, dtype=float)
    if temperature is None:
        return probabilities
    scaled = np.exp(log_softmax(_logits(probabilities) / temperature, axis=1))
    return scaled[:, 1] if probabilities.ndim == 1 else scaled


def fit(truth: np.ndarray, probabilities: np.ndarray) -> dict:
    """The one temperature that makes probabilities fit the truth best.

    Parameters
    ----------
    truth : (N,) int or bool array
        Of the validation side: the class of each, or whether it is so.
    probabilities : (N, K) array or (N,) array
        As the network gives them.

    Returns
    -------
    dict
        ``temperature``, within 0.05 to 20; ``objects``, their number; ``nll_before`` and
        ``nll_after``, their mean negative log-likelihood in nats. All but the number are null
        without objects.

    Raises
    ------
    ValueError
        If the two differ in length, or what should be a probability is none.

    Notes
    -----
    Least negative log-likelihood (Guo et al. 2017, section 4.2), of truths that are not quite sure:
    the true class has 1 - 0.5 / (N + 1), the others share the rest. That is the share of right
    answers that Jeffreys' prior expects where all N are right (Brown, Cai & DasGupta 2001,
    Statistical Science 16, 101); else a few objects without a mistake would ask for T = 0, which is
    certainty. Platt 1999 does so with his targets; the half is our choice.
    """
    truth, probabilities = np.asarray(truth).astype(int), np.asarray(probabilities, dtype=float)
    if truth.shape != probabilities.shape[:1]:
        raise ValueError(f"{truth.shape} of truth and {probabilities.shape} of probabilities")
    if not ((probabilities >= 0) & (probabilities <= 1)).all():
        raise ValueError("a probability is none")
    count = len(truth)
    if not count:
        return {"temperature": None, "objects": 0, "nll_before": None, "nll_after": None}
    logits = _logits(probabilities)
    wrong = 0.5 / (count + 1)
    right = truth[:, None] == np.arange(logits.shape[1])
    wanted = np.where(right, 1 - wrong, wrong / (logits.shape[1] - 1))

    def loss(log_temperature, wanted):
        return -np.sum(wanted * log_softmax(logits / np.exp(log_temperature), axis=1)) / count

    best = minimize_scalar(
        loss, bounds=_RANGE, args=(wanted,), method="bounded", options={"xatol": 1e-8}
    ).x
    return {
        "temperature": float(np.exp(best)),
        "objects": count,
        "nll_before": float(loss(0.0, right)),
        "nll_after": float(loss(best, right)),
    }


def temperature(metrics: Mapping, name: str = "calibration") -> float | None:
    """The temperature in a model's metrics, where `fit` left its answer; None without one."""
    return (metrics.get(name) or {}).get("temperature")


def ways(probabilities: np.ndarray, metrics: Mapping) -> dict[bool, np.ndarray]:
    """Probabilities as the network gave them (False) and calibrated (True).

    Parameters
    ----------
    probabilities : (N, K) array or (N,) array
        As training writes them.
    metrics : mapping
        Of the model; without a temperature in them, nothing was calibrated, and nothing is True.

    Returns
    -------
    dict of bool to array
    """
    warmth = temperature(metrics)
    if warmth is None:
        return {False: probabilities}
    return {False: calibrated(probabilities, 1 / warmth), True: probabilities}


def summary(
    positive: np.ndarray,
    scores: Mapping[bool, np.ndarray],
    groups: np.ndarray,
    *,
    samples: int,
    level: float,
    seed: int | Sequence[int],
) -> dict:
    """Calibration errors of one side, with intervals.

    Parameters
    ----------
    positive : (N,) bool array
    scores : mapping of bool to (N,) array
        See `ways`.
    groups : (N,) array
        Label of the independent group of each.
    samples, level, seed
        See `skyloom.judge.bootstrap.interval`.

    Returns
    -------
    dict
        calibration_error, and calibration_error_calibrated (NaN where nothing was), each with _low
        and _high; calibration_error_chance, see `chance_error`, of the latter where there is one.
    """
    row, groups = {}, np.asarray(groups)
    for way, name in ((False, "calibration_error"), (True, "calibration_error_calibrated")):
        values = [float("nan")] * 3
        if (score := scores.get(way)) is not None:
            ends = bootstrap.interval(
                *(positive, score, groups),
                samples=samples,
                level=level,
                seed=seed,
                statistic=CALIBRATION_ERROR,
            )
            values = [calibration_error(positive, score), *ends]
        row |= {f"{name}{end}": v for end, v in zip(("", "_low", "_high"), values, strict=True)}
    last = scores.get(True, scores[False])
    return row | {"calibration_error_chance": chance_error(last, samples=samples, seed=seed)}


def table(positive: np.ndarray, scores: Mapping[bool, np.ndarray], *, level, count, fraction):
    """The bins of `reliability` that are not empty, for all ways.

    Parameters
    ----------
    positive, scores
        As `summary` has them.
    level : float
        Of the intervals.
    count, fraction : str
        Names of the columns of how many there are, and of the share of positives.

    Returns
    -------
    Table
        calibrated (bool), low, high (edges of the bin), `count`, score (mean), `fraction` with its
        interval.
    """
    parts = []
    for way, score in scores.items():
        bins = reliability(positive, score, level=level)
        some, part = bins.count > 0, Table()
        part["calibrated"] = [way] * int(some.sum())
        names = ("low", "high", count, "score", *(f"{fraction}{e}" for e in ("", "_low", "_high")))
        for name, values in zip(names, bins, strict=True):
            part[name] = values[some]
        parts.append(part)
    return vstack(parts)


def _logits(probabilities):
    if probabilities.ndim == 1:
        of_one = logit(np.clip(probabilities, _LEAST, _MOST))
        return np.stack([np.zeros_like(of_one), of_one], axis=1)
    return np.log(np.maximum(probabilities, _LEAST))


def _pair(positive, score):
    positive, score = pair(positive, score)
    if score.size and not (score.min() >= 0 and score.max() <= 1):
        raise ValueError("a score is not a probability")
    return positive, score
