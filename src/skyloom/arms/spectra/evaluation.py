"""Judging trained networks of spectra on the test side: errors, noise, and stated uncertainties.

Spectra of one model that differ by rotation only are not independent, so intervals resample models
(all labels but the velocity), not spectra.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from astropy.table import Table
from scipy.stats import norm

from skyloom import split_tables
from skyloom.io.columns import masked, numbers, where
from skyloom.judge import bootstrap
from skyloom.judge import metrics as statistics
from skyloom.progress import track
from skyloom.registries import Registry

#: Shares of spectra that stated uncertainties are asked to cover.
LEVELS = (*(round(0.1 * n, 1) for n in range(1, 10)), 0.95, 0.99)
#: Share of a Gaussian within one standard deviation.
ONE_SIGMA = 2 * norm.cdf(1) - 1
#: Columns of the summary, each a function of true and predicted labels.
STATISTICS = Registry("statistic")
STATISTICS["rmse"] = statistics.root_mean_square_error
STATISTICS["bias"] = statistics.bias
STATISTICS["pearson_r"] = statistics.pearson_r
_VELOCITIES = ("v_rot", "v_sin_i")
_HISTORY = ("loss", "mae", "argmax_agreement")


def summarise(
    predictions: Sequence[Table], metrics: Sequence[dict], *, samples, level, seed
) -> Table:
    """One row a model and label, on the test side.

    Parameters
    ----------
    predictions : sequence of Table
        As training writes them.
    metrics : sequence of dict
        Of the same models.
    samples, level, seed
        Bootstrap samples, coverage and seed of the intervals of the MAE; models are drawn.

    Returns
    -------
    Table
        model, dataset, network, label, unit; mae, mae_low, mae_high (in the unit), `STATISTICS`,
        mae_mean (of always predicting the mean of the training side), ratio (mae_mean / mae),
        ratio_low and ratio_high (of the MAE's interval). What is undefined is masked.
    """
    rows = []
    pairs = list(zip(predictions, metrics, strict=True))
    for table, known in track(pairs, label="models", unit="model"):
        test = split_tables.check_predictions(
            f"predictions of {known['model']}",
            table,
            remedy=f"raise {known['arm']}.split.test",
            rate=f"{known['arm']}.training.learning_rate",
            finite=[f"{label}_predicted" for label in known["labels"]],
        )
        groups = _groups(test, known["labels"])
        for label, unit in zip(known["labels"], known["units"], strict=True):
            true, predicted = _pair(test, label)
            usual = float(np.mean(numbers(where(table, part="train")[label])))
            low, high = bootstrap.interval(
                *(true, predicted, groups),
                **{"samples": samples, "level": level, "seed": seed},
                statistic=bootstrap.MEAN_ABSOLUTE_ERROR,
            )
            error = statistics.mean_absolute_error(true, predicted)
            of_the_mean = float(np.mean(np.abs(true - usual)))
            ratios = [of_the_mean / value if value > 0 else np.nan for value in (error, high, low)]
            rows.append(
                (
                    *(known["model"], known["dataset"], known["network"], label, unit),
                    *(error, low, high),
                    *(of(true, predicted) for of in STATISTICS.values()),
                    *(of_the_mean, *ratios),
                )
            )
    names = ["model", "dataset", "network", "label", "unit", "mae", "mae_low", "mae_high"]
    names += [*STATISTICS, "mae_mean", "ratio", "ratio_low", "ratio_high"]
    table = _table(rows, names, texts=5)
    table.meta.update(level=float(level), samples=int(samples), **_meta(metrics))
    return table


def members(metrics) -> Table:
    """One row a model, member and side: each network alone, as the documents report theirs.

    Returns
    -------
    Table
        model, dataset, network, member, part; spectra; loss, mae_standardised and
        argmax_agreement with the weights kept; mixed_mae (mean over the labels in their own units,
        K, dex and km/s together, which is dominated by the temperature); mae_of_the_mean (of the
        scaled labels) and ratio; mae_<label>; history_loss, history_mae and
        history_argmax_agreement as recorded in the epoch whose weights were kept (those of the
        training side while learning; masked for the test side); epochs, best_epoch.
    """
    rows = []
    labels = metrics[0]["labels"]
    for known in metrics:
        for one in known["per_member"]:
            for part, side in one["sides"].items():
                if side["spectra"]:
                    rows.append((*_member_row(known, one, part, side, labels),))
    names = "model dataset network part member epochs best_epoch spectra loss mae_standardised "
    names += "argmax_agreement mixed_mae mae_of_the_mean ratio"
    names = [*names.split(), *(f"mae_{label}" for label in labels)]
    names += [f"history_{name}" for name in _HISTORY]
    table = _table(rows, names, texts=4)
    for name in ("member", "epochs", "best_epoch", "spectra"):
        table[name] = np.asarray(table[name]).astype(int)
    for label, unit in zip(labels, metrics[0]["units"], strict=True):
        table[f"mae_{label}"].unit = unit
    table.meta.update(_meta(metrics))
    return table


def _member_row(known, one, part, side, labels):
    prefix = {"train": "", "validation": "val_"}.get(part)
    of_the_mean, error = side["mae_of_the_mean_standardised"], side["mae_standardised"]
    return (
        *(known["model"], known["dataset"], known["network"], part),
        *(one["member"], one["epochs"], one["best_epoch"], side["spectra"]),
        *(side["loss"], error, side["argmax_agreement"], side["mixed_mae"]),
        *(of_the_mean, of_the_mean / error if error > 0 else np.nan),
        *(side["labels"][label]["mae"] for label in labels),
        *(np.nan if prefix is None else one["chosen"][f"{prefix}{name}"] for name in _HISTORY),
    )


def noise(predictions: Sequence[Table], noisy: Sequence[Table], metrics: Sequence[dict]) -> Table:
    """Errors of the test side with noise: one row a model, signal to noise ratio and label.

    Parameters
    ----------
    predictions, noisy : sequence of Table
        As training writes them.
    metrics : sequence of dict

    Returns
    -------
    Table
        model, label, snr (0: the spectra as they are in the dataset), mae, bias, rmse.
    """
    rows = []
    for table, other, known in zip(predictions, noisy, metrics, strict=True):
        test = where(table, part="test")
        place = {name: row for row, name in enumerate(np.asarray(test["id"]).astype(str))}
        snr = numbers(other["snr"])
        for label in known["labels"]:
            true, predicted = _pair(test, label)
            cases = [(0.0, true, predicted)]
            for value in np.unique(snr):
                here = other[snr == value]
                order = [place[name] for name in np.asarray(here["id"]).astype(str)]
                cases.append((value, true[order], numbers(here[f"{label}_predicted"])))
            rows += [(known["model"], label, value, *_errors(*pair)) for value, *pair in cases]
    table = _table(rows, ["model", "label", "snr", "mae", "bias", "rmse"], texts=2)
    table.meta.update(_meta(metrics))
    return table


def calibration(predictions, metrics) -> Table:
    """Whether stated uncertainties cover what they say, as they are and recalibrated.

    Returns
    -------
    Table
        model, label, level, coverage (share of the test side whose error is within the central
        interval of a Gaussian at that level), coverage_recalibrated (with uncertainties times
        `factor`), factor. Without rows where no model states uncertainties.
    """
    rows = []
    for table, known in zip(predictions, metrics, strict=True):
        for label in known["labels"]:
            if f"{label}_uncertainty" not in table.colnames:
                continue
            factor = recalibration(_deviations(where(table, part="validation"), label))
            z = _deviations(where(table, part="test"), label)
            for level in LEVELS:
                shares = coverage(z, level), coverage(z / factor, level)
                rows.append((known["model"], label, level, *shares, factor))
    names = ["model", "label", "level", "coverage", "coverage_recalibrated", "factor"]
    table = _table(rows, names, texts=2)
    table.meta.update(_meta(metrics))
    return table


def coverage(z, level):
    """Share of |error| / uncertainty within the central Gaussian interval of a level."""
    return float(np.mean(z <= norm.ppf((1 + level) / 2))) if len(z) else np.nan


def recalibration(z: np.ndarray) -> float:
    """The one number that makes uncertainties cover 68.27 % of the validation side.

    Parameters
    ----------
    z : (n,) array
        |error| / uncertainty of the validation side.

    Returns
    -------
    float
        Above 1 for networks that are too sure; NaN without spectra or where it is not finite.

    Notes
    -----
    One factor on all uncertainties of a label, as in Levi et al. 2022, who take the root mean
    square of z (the maximum of the Gaussian likelihood). Here it is the 68.27 % quantile of |z|,
    the same for Gaussian z: the spread among M members has M - 1 degrees of freedom, for M of two
    or three the mean square of such z does not exist, and its estimate follows a few spectra.
    """
    factor = float(np.quantile(z, ONE_SIGMA)) if len(z) else np.nan
    return factor if np.isfinite(factor) and factor > 0 else np.nan


def factors(predictions: Table, labels: Sequence[str]) -> np.ndarray:
    """`recalibration` of every label on one model's validation side.

    Parameters
    ----------
    predictions : Table
        Of one model.
    labels : sequence of str

    Returns
    -------
    (labels,) float64 array
        1 where the model states no uncertainty or the validation side gives none.
    """
    validation = where(predictions, part="validation")
    found = [
        recalibration(_deviations(validation, label))
        if f"{label}_uncertainty" in predictions.colnames
        else np.nan
        for label in labels
    ]
    return np.nan_to_num(np.array(found, dtype=float), nan=1.0)


def _deviations(rows, label):
    """|error| / uncertainty; infinite where the uncertainty is zero and the error is not."""
    true, predicted = _pair(rows, label)
    error, sigma = np.abs(predicted - true), numbers(rows[f"{label}_uncertainty"])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(error > 0, error / sigma, 0.0)


def _errors(true, predicted):
    return (
        statistics.mean_absolute_error(true, predicted),
        statistics.bias(true, predicted),
        statistics.root_mean_square_error(true, predicted),
    )


def _groups(rows, labels):
    """A number for every model: spectra that differ by their velocity only have the same."""
    own = [label for label in labels if label not in _VELOCITIES] or labels
    values = np.stack([numbers(rows[label]) for label in own], axis=1)
    return np.unique(values, axis=0, return_inverse=True)[1].ravel()


def _pair(rows, label):
    return numbers(rows[label]), numbers(rows[f"{label}_predicted"])


def _meta(metrics):
    """What every table carries on."""
    return {
        "synthetic": any(bool(known["synthetic"]) for known in metrics),
        "arm": metrics[0]["arm"],
        "spectra": max(_count(known) for known in metrics),
    }


def _count(known):
    return sum(side["spectra"] for side in known["sides"].values())


def _table(rows, names, *, texts):
    """Columns of which the first are texts; numbers that are not finite are masked."""
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    table = Table()
    for place, (name, values) in enumerate(zip(names, columns, strict=True)):
        if place < texts:
            table[name] = np.array(values, dtype=str)
            continue
        table[name] = masked(values)
    return table
