"""Judging what was measured: encoders and classical fits against the truth, on the test side.

The paper's numbers are kept as it took them: the dispersion of an angle is of linear differences
(179 degrees for 1 degree is an error of 178) of the images with 10 < angle < 170 degrees. Since a
position angle is an axis, every number stands there a second time with differences folded to
(-90, 90] degrees, of all images.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from astropy.table import Table

from skyloom import split_tables
from skyloom.io.columns import numbers
from skyloom.judge import bootstrap
from skyloom.judge import metrics as statistics
from skyloom.progress import track

#: The parameter that is an axis: equal to itself after half a turn.
ANGLE = "angle"
#: Degrees between which the paper takes the dispersion of the angle (section 3.2).
ANGLE_LIMITS = (10.0, 170.0)
#: Standard deviations per median absolute deviation of a Gaussian.
MAD_TO_SIGMA = 1.4826022185056018
_TEXTS = ("method", "model", "dataset", "network", "angle_form", "optimizer", "parameter")


def folded(difference):
    """Differences of axes: degrees folded to [-90, 90)."""
    return (np.asarray(difference, dtype=float) + 90.0) % 180.0 - 90.0


def differences(
    parameter: str, true: np.ndarray, predicted: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Linear and folded differences, predicted minus true.

    Parameters
    ----------
    parameter : str
    true, predicted : (n,) array

    Returns
    -------
    linear, fold : (n,) float64 array
        Equal but for the angle.
    """
    linear = np.asarray(predicted, dtype=float) - np.asarray(true, dtype=float)
    return linear, folded(linear) if parameter == ANGLE else linear


def summarise(encoders, fits, *, bootstrap_samples, level, failed, seed, **_):
    """One row a method, model and parameter.

    Parameters
    ----------
    encoders : sequence of (Table, dict)
        Predictions and metrics of each trained model; the test side is judged.
    fits : sequence of Table
        As `skyloom.arms.semantic.least_squares.fit_dataset` makes them; the encoders' bounds are of
        the same dataset's.
    bootstrap_samples, level, seed
        Of the interval of sigma; images are drawn.
    failed : float
        Degrees of error from which an angle has failed.

    Returns
    -------
    Table
        method (encoder, least_squares), model (a fit has its dataset's name), dataset, network,
        angle_form, optimizer, weights, epochs, noise, half_width (of the images, in the unit of
        lengths), parameter; n, bias (median), sigma, with
        its interval sigma_low, sigma_high, robust_sigma (1.4826 times the median absolute
        deviation), mae: of linear differences and, for the angle, within `ANGLE_LIMITS`, as
        published; sigma_folded (of all images); failed and failed_folded (shares of all images,
        angle only); bound and bound_rms (median and root mean square of the Cramér-Rao bounds of
        the images that were fitted), pull (root mean square of error / bound over those images: 1
        for an estimator that reaches the bound); the last two leave out images that determine
        nothing, of infinite bound; published (NaN: see
        `skyloom.arms.semantic.published.add`). NaN where undefined.
    """
    bounds = {str(table.meta["dataset"]): table for table in fits}
    options = {"samples": bootstrap_samples, "level": level, "seed": seed}
    rows, results = [], list(_results(encoders, fits))
    for head, table, parameters, _ranges in track(results, label="results", unit="result"):
        own = _bounds(bounds.get(head["dataset"]), table["id"], parameters)
        for parameter in parameters:
            pair = _pair(table, parameter)
            judged = judge(parameter, *pair, failed=failed, **options)
            judged |= _against_bound(parameter, *pair, own[parameter])
            rows.append({**head, "parameter": parameter, **judged, "published": np.nan})
    summary = Table()
    for name in rows[0] if rows else ():
        values = [row[name] for row in rows]
        summary[name] = np.array(values, dtype=str) if name in _TEXTS else values
    summary.meta.update(
        level=float(level),
        bootstrap_samples=int(bootstrap_samples),
        failed=float(failed),
        angle_limits=list(ANGLE_LIMITS),
        synthetic=_synthetic(encoders, fits),
    )
    return summary


def judge(parameter, true, predicted, *, failed, samples, level, seed) -> dict:
    """The errors of one parameter: the numbers of `summarise` but the bounds.

    Returns
    -------
    dict
    """
    linear, fold = differences(parameter, true, predicted)
    angle = parameter == ANGLE
    inside = (true > ANGLE_LIMITS[0]) & (true < ANGLE_LIMITS[1]) if angle else np.isfinite(true)
    error, n = linear[inside], int(inside.sum())
    zero = np.zeros(n)
    low, high = bootstrap.interval(
        *(zero, error, np.arange(n)),
        **{"samples": samples, "level": level, "seed": seed},
        statistic=bootstrap.DIFFERENCE_STD,
    )
    middle = float(np.median(error)) if n else np.nan
    spread = float(np.median(np.abs(error - middle))) if n else np.nan
    return {
        "n": n,
        "bias": middle,
        "sigma": statistics.difference_std(zero, error),
        "sigma_low": low,
        "sigma_high": high,
        "robust_sigma": MAD_TO_SIGMA * spread,
        "mae": statistics.mean_absolute_error(zero, error),
        "sigma_folded": statistics.difference_std(np.zeros(len(fold)), fold),
        "failed": float(np.mean(np.abs(linear) > failed)) if angle and len(fold) else np.nan,
        "failed_folded": float(np.mean(np.abs(fold) > failed)) if angle and len(fold) else np.nan,
    }


def _against_bound(parameter, true, predicted, bound):
    """How the errors compare with the Cramér-Rao bounds of the images that have one."""
    fold = differences(parameter, true, predicted)[1]
    known, has = bound > 0, np.isfinite(bound) & (bound > 0)
    if not has.any():
        return {"bound": np.nan, "bound_rms": np.nan, "pull": np.nan}
    return {
        "bound": float(np.median(bound[known])),
        "bound_rms": float(np.sqrt(np.mean(bound[has] ** 2))),
        "pull": float(np.sqrt(np.mean((fold[has] / bound[has]) ** 2))),
    }


def binned(encoders, fits, *, bins: int, **_) -> Table:
    """Median and dispersion of the errors against the true value (the paper's figures 3 and 4).

    Parameters
    ----------
    encoders, fits
        As in `summarise`.
    bins : int
        Of equal width between the ends of the trained range, or of the true values where the
        tables do not tell it.

    Returns
    -------
    Table
        method, model, parameter, bin_low, bin_high, n, median, sigma (of linear differences, as
        published), median_folded, sigma_folded (the same but for the angle). NaN in an empty bin;
        a single image has no sigma.
    """
    rows = []
    for head, table, parameters, ranges in _results(encoders, fits):
        for parameter in parameters:
            true, predicted = _pair(table, parameter)
            linear, fold = differences(parameter, true, predicted)
            edges = _edges(parameter, true, bins, ranges)
            place = np.clip(np.searchsorted(edges, true, side="right") - 1, 0, bins - 1)
            for number in range(bins):
                here = place == number
                names = (head["method"], head["model"], parameter)
                span = (float(edges[number]), float(edges[number + 1]), int(here.sum()))
                rows.append((*names, *span, *_middle(linear[here]), *_middle(fold[here])))
    names = "method model parameter bin_low bin_high n median sigma median_folded sigma_folded"
    table = Table(rows=rows, names=names.split()) if rows else Table(names=names.split())
    table.meta["synthetic"] = _synthetic(encoders, fits)
    return table


def _middle(values):
    if not len(values):
        return np.nan, np.nan
    spread = float(np.std(values, ddof=1)) if len(values) > 1 else np.nan
    return float(np.median(values)), spread


def _edges(parameter, true, bins, ranges):
    if parameter == ANGLE:
        low, high = 0.0, 180.0
    else:
        low, high = ranges.get(parameter) or (np.min(true), np.max(true))
    if not high > low:
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, bins + 1)


class _Result(NamedTuple):
    """One method on one dataset: what names it, its test images, their free parameters."""

    head: dict
    table: Table
    parameters: list
    ranges: dict


def _results(encoders, fits):
    """What there is to judge, one result after another."""
    of_dataset = {str(table.meta["dataset"]): table.meta.get("ranges") for table in fits}
    for table, known in encoders:
        head = {
            "method": "encoder",
            **{name: str(known[name]) for name in ("model", "dataset", "network")},
            "angle_form": str(known["angle"]),
            "optimizer": str(known["optimizer"]),
            "weights": int(known["weights"]),
            "epochs": int(known["epochs"]),
            "noise": float(known["noise"]),
            "half_width": float(known.get("half_width", 1.0)),
        }
        ranges = known.get("ranges") or of_dataset.get(head["dataset"]) or {}
        parameters = parameters_of(table)
        test = split_tables.check_predictions(
            f"predictions of {known['model']}",
            table,
            remedy="raise images.test of its dataset",
            rate="semantic.training.learning_rate",
            finite=[f"{name}_predicted" for name in parameters],
        )
        yield _Result(head, test, parameters, ranges)
    for table in fits:
        name = str(table.meta["dataset"])
        head = {
            **{"method": "least_squares", "model": name, "dataset": name, "network": ""},
            **{"angle_form": "", "optimizer": "trust region", "weights": 0, "epochs": 0},
            "noise": float(table.meta["noise"]),
            "half_width": float(table.meta.get("half_width", 1.0)),
        }
        yield _Result(head, table, parameters_of(table), table.meta.get("ranges") or {})


def parameters_of(table):
    """The parameters that a table has both true and predicted, in its order."""
    names = table.colnames
    return [name for name in names if f"{name}_predicted" in names]


def _bounds(table, ids, parameters):
    """The Cramér-Rao bounds of these images, from the fits of their dataset; NaN without."""
    found = {name: np.full(len(ids), np.nan) for name in parameters}
    if table is None:
        return found
    place = {name: row for row, name in enumerate(np.asarray(table["id"]).astype(str))}
    rows = [place.get(name, -1) for name in np.asarray(ids).astype(str)]
    known = np.array(rows) >= 0
    for name in parameters:
        if f"bound_{name}" in table.colnames:
            found[name][known] = numbers(table[f"bound_{name}"])[np.array(rows)[known]]
    return found


def _pair(table, name):
    return numbers(table[name]), numbers(table[f"{name}_predicted"])


def _synthetic(encoders, fits):
    return any(bool(known["synthetic"]) for _, known in encoders) or any(
        bool(table.meta.get("synthetic")) for table in fits
    )
