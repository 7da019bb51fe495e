"""Judging several cases trained on the same split: one row a case, one row a pair of cases."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from astropy.table import Table

from skyloom import split_tables
from skyloom.arms.tng.controls import RIDGE
from skyloom.errors import InputError
from skyloom.io.columns import masked
from skyloom.judge import bootstrap, metrics
from skyloom.progress import track

_READOUT = "predicted_epoch_"
#: Controls of a case, as columns of its table, and what the summary calls them.
CONTROLS = ("shuffled", "linear", "linear_maps", *RIDGE)
_FLOATS = (
    *("r", "r_low", "r_high", "rmse", "difference_std", "bias", "mae"),
    *("partial_r", "partial_low", "partial_high"),
    *(f"{name}_{end}" for name in CONTROLS for end in ("r", "low", "high", "rmse")),
    *(f"above_{name}{end}" for name in CONTROLS for end in ("", "_low", "_high")),
)
#: Of them, what is in dex.
_DEX = ("difference_std", "bias", "mae", "rmse", *(f"{name}_rmse" for name in CONTROLS))


def on_test_side(table: Table, name: str):
    """Rows of the test side, in the order of their id.

    Parameters
    ----------
    table : Table
        Predictions or controls: `id`, `part`, `component`, `true` and more.
    name : str
        What the table is, for the message.

    Raises
    ------
    InputError
        If no row belongs to the test side, or a label or prediction is not finite.
    """
    test = split_tables.check_predictions(
        name,
        table,
        remedy="raise tng.split.test_fraction",
        rate="tng.training.learning_rate",
        finite=[column for column in table.colnames if table[column].dtype.kind == "f"],
    )
    return test[np.argsort(np.asarray(test["id"]).astype(str), kind="stable")]


def readout_epochs(predictions):
    """Epochs at which a predictions table was read out, ascending."""
    names = [name for name in predictions.colnames if name.startswith(_READOUT)]
    return sorted(int(name.removeprefix(_READOUT)) for name in names)


def summarise(
    variants: Sequence[str],
    predictions: Sequence[Table],
    controls: Sequence[Table],
    *,
    samples,
    level,
    seed,
) -> Table:
    """One row a case: correlation, its controls, errors and rank, on the test side.

    Parameters
    ----------
    variants : sequence of str
    predictions, controls : sequence of Table
        One a variant, in the same order.
    samples, level, seed
        Bootstrap samples, coverage of the intervals, and seed.

    Returns
    -------
    Table
        Columns variant, n_test, n_groups, r, r_low, r_high, the same for the shuffled control, the
        linear regression on the images' totals (linear), that on the logarithms of the physical
        maps' totals (linear_maps) and ridge regressions on the images' radial profile, power
        spectrum and mean features, difference_std, bias, mae (dex), the root mean square errors of
        all (dex), how far the network's r is above each control's with its paired interval,
        the partial correlation of truth and prediction at a fixed prediction of linear_maps, rank,
        and r_epoch_<E> for every read-out epoch. Undefined numbers are masked; a case without r
        ranks last. Mind that r knows no amplitude: a network trained on shuffled labels
        can keep a faint, meaningless trend with brightness that correlates with the truth by
        chance, which its error gives away.
    """
    options = {"samples": samples, "level": level, "seed": seed}
    cases = list(zip(variants, predictions, controls, strict=True))
    rows = [
        _case(variant, on_test_side(p, f"predictions of {variant}"), c, options)
        for variant, p, c in track(cases, label="cases", unit="case")
    ]
    epochs = sorted({name for row in rows for name in row if name.startswith("r_epoch_")}, key=_end)
    summary = Table()
    for name in ("variant", "n_test", "n_groups"):
        summary[name] = [row[name] for row in rows]
    for name in (*_FLOATS, *epochs):
        summary[name] = masked([row.get(name, np.nan) for row in rows])
    order = np.argsort(-np.nan_to_num(summary["r"].filled(np.nan), nan=-2.0), kind="stable")
    summary["rank"] = np.empty(len(rows), dtype=int)
    summary["rank"][order] = np.arange(1, len(rows) + 1)
    for name in _DEX:
        summary[name].unit = "dex"
    summary.meta.update(level=float(level), samples=int(samples))
    return summary


def compare_pairs(variants, predictions, *, samples, level, seed) -> Table:
    """One row a pair of cases: the difference of their correlations on the same test images.

    Returns
    -------
    Table
        Columns a, b, difference (r of a minus r of b), low, high, fraction (two-sided share of
        resamples beyond zero). Undefined numbers are masked.

    Raises
    ------
    InputError
        If two cases were not tested on the same objects.
    """
    tests = {
        variant: on_test_side(table, f"predictions of {variant}")
        for variant, table in zip(variants, predictions, strict=True)
    }
    rows = []
    pairs = list(combinations(variants, 2))
    for a, b in track(pairs, label="pairs of cases", unit="pair"):
        if not np.array_equal(np.asarray(tests[a]["id"]), np.asarray(tests[b]["id"])):
            raise InputError(
                f"predictions of {a} and {b} have different test objects: "
                "train both on the same split."
            )
        rows.append(
            bootstrap.paired(
                *(np.asarray(tests[a]["true"]), np.asarray(tests[a]["predicted"])),
                np.asarray(tests[b]["predicted"]),
                np.asarray(tests[a]["component"]),
                **{"samples": samples, "level": level, "seed": seed},
            )
        )
    table = Table()
    table["a"] = np.array([a for a, _ in pairs], dtype=str)
    table["b"] = np.array([b for _, b in pairs], dtype=str)
    for number, name in enumerate(bootstrap.Difference._fields):
        table[name] = masked([row[number] for row in rows])
    table.meta.update(level=float(level), samples=int(samples))
    return table


def _beyond(known, *values):
    """What a straight line on something known leaves of values; NaN where it is not known."""
    design = np.column_stack([np.ones(len(known)), known])
    if not np.isfinite(known).all() or len(known) < 3:
        return [np.full(len(known), np.nan) for _ in values]
    return [value - design @ np.linalg.lstsq(design, value, rcond=None)[0] for value in values]


def _end(name):
    return int(name.rsplit("_", 1)[1])


def _case(variant, test, control, options):
    control = on_test_side(control, f"controls of {variant}")
    if not np.array_equal(np.asarray(control["id"]), np.asarray(test["id"])):
        raise InputError(
            f"controls of {variant} have other test objects than its predictions: "
            "train the case again."
        )
    true, groups = np.asarray(test["true"]), np.asarray(test["component"])
    predicted = np.asarray(test["predicted"])
    row = {"variant": variant, "n_test": len(test), "n_groups": len(np.unique(groups))}
    row["r"] = metrics.pearson_r(true, predicted)
    row["r_low"], row["r_high"] = bootstrap.interval(true, predicted, groups, **options)
    row["rmse"] = metrics.root_mean_square_error(true, predicted)
    for name in CONTROLS:
        values = np.asarray(control[name])
        row[f"{name}_r"] = metrics.pearson_r(true, values)
        row[f"{name}_low"], row[f"{name}_high"] = bootstrap.interval(
            true, values, groups, **options
        )
        row[f"{name}_rmse"] = metrics.root_mean_square_error(true, values)
        above = bootstrap.paired(true, predicted, values, groups, **options)
        row[f"above_{name}"] = above.difference
        row[f"above_{name}_low"], row[f"above_{name}_high"] = above.low, above.high
    left = _beyond(np.asarray(control["linear_maps"]), true, predicted)
    row["partial_r"] = metrics.pearson_r(*left)
    row["partial_low"], row["partial_high"] = bootstrap.interval(*left, groups, **options)
    row["difference_std"] = metrics.difference_std(true, predicted)
    row["bias"] = metrics.bias(true, predicted)
    row["mae"] = metrics.mean_absolute_error(true, predicted)
    for epoch in readout_epochs(test):
        values = np.asarray(test[f"{_READOUT}{epoch}"])
        row[f"r_epoch_{epoch}"] = metrics.pearson_r(true, values)
    return row
