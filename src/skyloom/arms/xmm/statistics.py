"""Shape of the distribution of an image's pixels, and whether it tells good images from bad."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from astropy.table import Table, vstack

from skyloom import split_tables
from skyloom.arms.xmm.classes import FIRST_BAD
from skyloom.errors import InputError
from skyloom.io.columns import or_none
from skyloom.judge import roc

#: What is measured of each image.
COLUMNS = ("sigma", "skewness", "kurtosis")

# Pixels worked on at a time: 256 KiB as float64, which a core's cache holds.
_PIECE = 32768
# Iterations of Newton's method; it needs about ten.
_ITERATIONS = 100
# Weight of the squared coefficients against the log-likelihood: keeps them finite where a line
# separates the classes, and changes nothing that can be seen elsewhere.
_RIDGE = 1e-6


def moments(image: np.ndarray) -> tuple[float, float, float]:
    """Standard deviation, skewness and excess kurtosis of an image's pixels.

    Parameters
    ----------
    image : (H, W) array

    Returns
    -------
    sigma, skewness, kurtosis : float
        Sigma with N - 1 (equation 1 of the degree project); the other two are those of
        ``scipy.stats.skew`` and ``kurtosis`` (Fisher, biased; equations 2 and 3), whose own sigma
        divides by N. NaN, as there, where all pixels are equal to rounding.
    """
    values = np.asarray(image, np.float64).ravel()
    n, mean = values.size, float(values.mean())
    sums = np.zeros(3)
    buffer = np.empty((2, min(n, _PIECE)))
    for start in range(0, n, _PIECE):
        piece = values[start : start + _PIECE]
        d, d2 = buffer[:, : piece.size]
        np.subtract(piece, mean, out=d)
        np.multiply(d, d, out=d2)
        sums += d2.sum(), d2 @ d, d2 @ d2
    m2, m3, m4 = sums / n
    sigma = float(np.sqrt(sums[0] / (n - 1))) if n > 1 else float("nan")
    if m2 <= (np.finfo(np.float64).eps * mean) ** 2:
        return sigma, float("nan"), float("nan")
    return sigma, float(m3 / m2**1.5), float(m4 / m2**2 - 3.0)


def table(rows: Table, measured: Iterable[tuple[float, float, float]]) -> Table:
    """The statistics of some observations.

    Parameters
    ----------
    rows : astropy.table.Table
        Of the inventory.
    measured : iterable of (float, float, float)
        From `moments`, one a row.

    Returns
    -------
    astropy.table.Table
        obs_id, obs_class, sigma (counts/s), skewness, kurtosis.
    """
    values = np.array(list(measured), dtype=np.float64).reshape(-1, len(COLUMNS))
    made = Table(
        {
            "obs_id": np.asarray(rows["obs_id"]).astype("U10" if not len(rows) else str),
            "obs_class": np.asarray(rows["obs_class"], np.int64),
            **dict(zip(COLUMNS, values.T, strict=True)),
        }
    )
    made["sigma"].unit = "ct / s"
    made.meta["synthetic"] = bool(rows.meta.get("synthetic", False))
    return made


def merge(tables):
    """The blocks' tables as one, in their order."""
    merged = vstack(list(tables), metadata_conflicts="silent")
    if not len(merged):
        raise InputError(
            "The inventory lists no good image, so there are no statistics: see rejects.ecsv "
            "beside it for the reasons."
        )
    return merged


def features(statistics: Table) -> np.ndarray:
    """What the regression looks at: the three statistics on logarithmic scales, as in figure 17.

    Parameters
    ----------
    statistics : astropy.table.Table

    Returns
    -------
    (N, 3) float64 array
        log10 sigma, and sign(x) log10(1 + abs(x)) of skewness and kurtosis, which a negative value
        or zero does not end. Not finite where a statistic is not.
    """
    sigma, *others = (np.asarray(statistics[name], np.float64) for name in COLUMNS)
    with np.errstate(divide="ignore", invalid="ignore"):
        logarithms = [np.log10(sigma), *(np.sign(x) * np.log10(1.0 + np.abs(x)) for x in others)]
    return np.stack(logarithms, axis=1)


def fit(x: np.ndarray, bad: np.ndarray) -> tuple[float, np.ndarray]:
    """Logistic regression by Newton's method (iteratively reweighted least squares).

    Parameters
    ----------
    x : (N, K) array
    bad : (N,) bool array

    Returns
    -------
    intercept : float
    weights : (K,) array
        Of `x` as it is.
    """
    mean, scale = x.mean(axis=0), x.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    design = np.column_stack([np.ones(len(x)), (x - mean) / scale])
    penalty = np.diag([0.0, *np.full(x.shape[1], _RIDGE * len(x))])
    weights = np.zeros(design.shape[1])
    for _ in range(_ITERATIONS):
        probability = 1.0 / (1.0 + np.exp(-np.clip(design @ weights, -30, 30)))
        slope = design.T @ (bad - probability) - penalty @ weights
        curvature = (design * (probability * (1 - probability))[:, None]).T @ design + penalty
        step = np.linalg.solve(curvature, slope)
        # Far from the optimum a full step may overshoot.
        weights += step / max(1.0, np.abs(step).max() / 2.0)
        if np.abs(step).max() < 1e-10:
            break
    return float(weights[0] - weights[1:] @ (mean / scale)), weights[1:] / scale


def separation(statistics: Table, split: Table, *, samples, level, seed) -> dict:
    """How well the three statistics separate good from bad images (the question of figure 17).

    A logistic regression on `features`, fitted to the training side alone.

    Parameters
    ----------
    statistics, split : astropy.table.Table
        From `merge` and `skyloom.arms.xmm.splits.split`.
    samples, level, seed
        Bootstrap samples, coverage of the intervals, and seed.

    Returns
    -------
    dict
        Ready for JSON: ``auc``, a part with value, interval and numbers of images each (None where
        a part lacks a class); ``intercept`` and ``weights`` of the regression; ``left_out``, the
        number of images without a statistic.

    Raises
    ------
    InputError
        If the tables list other observations, or the training side lacks good or bad images.
    """
    order = np.argsort(np.asarray(statistics["obs_id"]).astype(str), kind="stable")
    rows = statistics[order]
    if not np.array_equal(np.asarray(rows["obs_id"]).astype(str), np.asarray(split["id"])):
        raise InputError(
            "The split and the table of statistics list other observations: remove both and run "
            "again."
        )
    x, bad = features(rows), np.asarray(rows["obs_class"]) >= FIRST_BAD
    known, part = np.isfinite(x).all(axis=1), np.asarray(split["part"]).astype(str)
    training = known & (part == "train")
    if len(np.unique(bad[training])) < 2:
        raise InputError(
            "The training side lacks good images (OBS_CLASS 0, 1) or bad ones (2 to 5), so that "
            "nothing can tell them apart: point xmm.images to a folder with both."
        )
    intercept, weights = fit(x[training], bad[training])
    found = {}
    for name in split_tables.PARTS:
        chosen = known & (part == name)
        truth, score = bad[chosen], intercept + x[chosen] @ weights
        low, high = roc.auc_interval(
            truth, score, samples=samples, level=level, seed=[seed, len(found)]
        )
        found[name] = {
            "auc": or_none(roc.auc(truth, score)),
            "low": or_none(low),
            "high": or_none(high),
            "good": int((~truth).sum()),
            "bad": int(truth.sum()),
        }
    return {
        "auc": found,
        "features": ["log10 sigma", "signed log10(1 + |skewness|)", "signed log10(1 + |kurtosis|)"],
        "intercept": intercept,
        "weights": dict(zip(COLUMNS, weights.tolist(), strict=True)),
        "left_out": int((~known).sum()),
        "level": float(level),
        "samples": int(samples),
        "synthetic": bool(statistics.meta.get("synthetic", False)),
    }
