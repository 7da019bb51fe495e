"""Cases ranked over several seeds, with the scatter of the galaxies and that of the seeds.

Two things make a correlation uncertain: which galaxies were tested, and which seed the training
began with. The first is resampled, in whole groups (`skyloom.judge.bootstrap`). The second
cannot be: with M seeds a bootstrap of them has (M - 1) / M of the variance, two thirds for three,
and no tails. Their mean follows Student's t instead, with M - 1 degrees of freedom. What neither
knows is how the result would change with other galaxies to learn from.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from astropy.table import Table

from skyloom.arms.tng.evaluation import on_test_side
from skyloom.errors import InputError
from skyloom.io.columns import masked
from skyloom.judge import bootstrap, metrics
from skyloom.judge.resampling import Test, draw

if TYPE_CHECKING:
    from skyloom.judge.resampling import Drawn

#: Columns of members' predictions, numbered from 1.
PREFIX = "member_"


class Ranking(NamedTuple):
    """Ranks that the differences of all pairs leave open."""

    low: np.ndarray  # (C,) the best rank that a case may have
    high: np.ndarray  # (C,) the worst
    resolved: np.ndarray  # (P,) whether a pair's order is settled


def member_columns(table):
    """Names of the columns that hold members' predictions, in their order."""
    names = [name for name in table.colnames if name.startswith(PREFIX)]
    return sorted(names, key=lambda name: int(name.removeprefix(PREFIX)))


def read_test(table, name):
    """Truth and members' predictions of a table's test side.

    Parameters
    ----------
    table : Table
        id, part, component, true and ``member_1`` and so on.
    name : str
        What the table is, for a message.

    Returns
    -------
    skyloom.judge.resampling.Test

    Raises
    ------
    InputError
        If there is no test side, or a value is not finite.
    """
    test = on_test_side(table, name)
    predicted = np.stack([np.asarray(test[column]) for column in member_columns(test)])
    return Test(
        id=np.asarray(test["id"]).astype(str),
        true=np.asarray(test["true"], dtype=float),
        predicted=predicted.astype(float),
        groups=np.asarray(test["component"]),
    )


def read_cases(cases, tables):
    """`read_test` of several cases, which must agree in their galaxies and their seeds."""
    tests = [read_test(t, f"members of {c}") for c, t in zip(cases, tables, strict=True)]
    for case, test, table in zip(cases, tests, tables, strict=True):
        if not np.array_equal(test.id, tests[0].id):
            raise InputError(
                f"members of {cases[0]} and {case} have different test objects: "
                "train both on the same split."
            )
        if list(table.meta["seeds"]) != list(tables[0].meta["seeds"]):
            raise InputError(
                f"members of {cases[0]} and {case} were trained with different seeds: "
                "train both again."
            )
    return tests


def summarise(
    cases: Sequence[str], tables: Sequence[Table], *, samples, level, seed
) -> tuple[Table, Table]:
    """Cases over seeds, and pairs of them.

    Parameters
    ----------
    cases : sequence of str
    tables : sequence of Table
        Members' predictions of each, on one split and with the same seeds.
    samples, level, seed
        Draws, coverage of all intervals, and seed.

    Returns
    -------
    ensemble : Table
        One row a case: case, members, n_test, n_groups; r (mean over the seeds by way of Fisher's
        z), r_low, r_high; seed_std (of a single training's r); galaxies_low, galaxies_high (the
        interval without the seeds' scatter); average_r, average_low, average_high (of the mean of
        the members' predictions); rank, rank_low, rank_high (`ranks`), best (share of draws in
        which the case is the best). Undefined numbers are masked.
    pairs : Table
        One row a pair: a, b, difference (r of a minus r of b), low, high; probability (share of
        draws in which a beats b, on average over seeds), probability_single (one training of each
        with the same new seed), resolved (whether the order holds with all pairs taken together).
    """
    tests = read_cases(cases, tables)
    drawn = draw([[test] for test in tests], samples=samples, seed=seed)
    options = {"samples": samples, "level": level, "seed": seed}
    ranked = ranks(drawn, level=level)
    meta = {
        "level": float(level),
        "samples": int(samples),
        "members": len(tests[0].predicted),
        "seeds": list(tables[0].meta["seeds"]),
        "synthetic": any(bool(table.meta.get("synthetic", False)) for table in tables),
    }
    ensemble = _cases(cases, tests, drawn, ranked, options)
    pairs = _pairs(cases, drawn, ranked, level)
    for table in (ensemble, pairs):
        table.meta.update(meta)
    return ensemble, pairs


def ranks(drawn: Drawn, *, level: float) -> Ranking:
    """Ranks with the coverage `level` for all cases at once.

    Parameters
    ----------
    drawn : skyloom.judge.resampling.Drawn
        Of C cases.
    level : float

    Returns
    -------
    Ranking

    Notes
    -----
    A rank's percentile interval covers too little where cases lie close together. Here a case may
    have every rank that the pairs leave open: 1 plus the number of cases that are better beyond
    doubt, to C less the number of those that are worse beyond doubt (Mogstad, Romano,
    Shaikh & Wilhelm 2024, Review of Economic Studies 91, 476, as their package csranks has it).
    Beyond doubt: the difference of Fisher's z, over its scale, exceeds the `level` quantile of the
    largest of all pairs in the draws. The scale is half the width of the middle 68.27 %, for
    Student's t of two degrees of freedom has no variance. A case without r ranks last.
    """
    value = drawn.value
    count = len(value)
    pairs = list(combinations(range(count), 2))
    low, high = np.ones(count, int), np.full(count, count)
    defined, drawn_too = np.isfinite(value), np.isfinite(drawn.mean).any(axis=0)
    compared = defined & drawn_too
    known = [n for n, (a, b) in enumerate(pairs) if compared[a] and compared[b]]
    resolved = np.zeros(len(pairs), bool)
    if known:
        a, b = np.array([pairs[n] for n in known]).T
        # One pair after another: all draws of all pairs of many cases would fill the memory.
        scale, largest = np.empty(len(known)), np.zeros(len(drawn.mean))
        for n, (left, right) in enumerate(zip(a, b, strict=True)):
            spread = drawn.mean[:, left] - drawn.mean[:, right]
            bounds = np.nanquantile(spread, [0.158655, 0.841345])
            scale[n] = max(float(np.ptp(bounds)) / 2, 1e-12)
            off = np.abs(spread - (value[left] - value[right])) / scale[n]
            np.fmax(largest, off, out=largest)
        resolved[known] = np.abs(value[a] - value[b]) > np.quantile(largest, level) * scale
    for n in np.flatnonzero(resolved):
        a, b = pairs[n]
        winner, loser = (a, b) if value[a] > value[b] else (b, a)
        low[loser] += 1
        high[winner] -= 1
    low[~defined] = np.count_nonzero(defined) + 1
    high[defined] -= np.count_nonzero(~defined)
    return Ranking(low, high, resolved)


def _cases(cases, tests, drawn, ranked, options):
    level = options["level"]
    table = Table({"case": np.array(cases, dtype=str)})
    table["members"] = [len(test.predicted) for test in tests]
    table["n_test"] = [len(test.true) for test in tests]
    table["n_groups"] = [len(np.unique(test.groups)) for test in tests]
    table["r"] = masked(np.tanh(drawn.value))
    table["r_low"], table["r_high"] = _interval(np.tanh(drawn.mean), level)
    table["seed_std"] = masked(np.std(np.tanh(drawn.members), axis=1, ddof=1))
    table["galaxies_low"], table["galaxies_high"] = _interval(np.tanh(drawn.resampled), level)
    rows = []
    for test in tests:
        average = test.predicted.mean(axis=0)
        limits = bootstrap.interval(test.true, average, test.groups, **options)
        rows.append((metrics.pearson_r(test.true, average), *limits))
    for name, values in zip(("r", "low", "high"), np.transpose(rows), strict=True):
        table[f"average_{name}"] = masked(values)
    order = np.argsort(-np.nan_to_num(drawn.value, nan=-np.inf), kind="stable")
    table["rank"] = np.argsort(order) + 1
    table["rank_low"], table["rank_high"] = ranked.low, ranked.high
    table["best"] = _share_best(drawn)
    return table


def _share_best(drawn):
    """Share of draws in which each case is the best."""
    values = np.where(np.isfinite(drawn.mean), drawn.mean, -np.inf)
    some = np.isfinite(values).any(axis=1)
    return np.bincount(values[some].argmax(axis=1), minlength=values.shape[1]) / max(1, some.sum())


def _pairs(cases, drawn, ranked, level):
    pairs = list(combinations(range(len(cases)), 2))
    a, b = np.array(pairs, dtype=int).reshape(-1, 2).T
    table = Table({"a": np.array(cases, dtype=str)[a], "b": np.array(cases, dtype=str)[b]})
    r, mean = np.tanh(drawn.value), np.tanh(drawn.mean)
    table["difference"] = masked(r[a] - r[b])
    spans = [bootstrap.percentiles(mean[:, i] - mean[:, j], level) for i, j in pairs]
    for number, name in enumerate(("low", "high")):
        table[name] = masked([span[number] for span in spans])
    for name, values in (("probability", drawn.mean), ("probability_single", drawn.single)):
        table[name] = masked([share_above(values[:, i], values[:, j]) for i, j in pairs])
    table["resolved"] = ranked.resolved
    return table


def share_above(one, other):
    """Share of draws in which `one` exceeds `other`, ties by halves; NaN if there is no draw."""
    known = np.isfinite(one) & np.isfinite(other)
    if not known.any():
        return float("nan")
    difference = one[known] - other[known]
    return float(np.mean(difference > 0) + np.mean(difference == 0) / 2)


def _interval(values, level):
    """Percentile interval of each column; masked where nothing is defined."""
    return tuple(masked(limit) for limit in bootstrap.percentiles(values, level))
