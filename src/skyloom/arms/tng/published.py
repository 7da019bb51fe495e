"""Which of our numbers stands beside each that the thesis prints, and which findings hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from skyloom.judge import published

if TYPE_CHECKING:
    from astropy.table import Table

NEED = {
    "document": ("table_III_1", "pearson_r", "findings", "comparable_when"),
    "galaxies": ("ssfr",),
    "summary": ("variant", "r", "r_low", "r_high"),
    "differences": ("a", "b", "difference", "low", "high"),
}
#: The quantity of a case's printed correlation.
R = "Pearson r"
_TABLE = "Table III.1: galaxies"
_SSFR = {"ssfr_mean": "mean sSFR", "ssfr_min": "least sSFR", "ssfr_max": "greatest sSFR"}


def reasons_not_comparable(
    choices: dict, document: dict, header: Mapping, *, of: str = "network"
) -> list[str]:
    """Why numbers made under these choices may not stand beside the printed ones.

    Parameters
    ----------
    choices : dict
        Dotted names of the config and their values, for example ``{"tng.ssfr.mass": "total"}``.
    document : dict
        ``resources/published/tng.yaml``; ``comparable_when`` lists the thesis's choices.
    header : mapping
        ``box_size`` (ckpc/h) and ``synthetic`` of the simulation, as in a galaxies table's meta.
    of : {'network', 'catalogue'}
        What is compared: correlations depend on every choice, the catalogue of galaxies on its
        selection and definitions only.

    Returns
    -------
    list of str
        One short reason a choice that differs or is not stated; empty when comparable.
    """
    if of not in ("network", "catalogue"):
        raise ValueError(f"of must be 'network' or 'catalogue': {of!r}")
    rules = document["comparable_when"]
    if of == "catalogue":
        rules = [rule for rule in rules if rule["of"] == "catalogue"]
    size, synthetic = float(header["box_size"]), header["synthetic"]
    document = {"comparable_when": rules}
    return published.of_run(document, choices, "tng", synthetic=synthetic, box_size=size)


def compare(
    document: dict, choices: dict, *, galaxies: Sequence[Table], summary: Table, differences: Table
) -> Table:
    """Table III.1 and the thesis's findings with our numbers beside them.

    Parameters
    ----------
    document : dict
    choices : dict
        As `reasons_not_comparable` has it.
    galaxies : sequence of Table
        One a snapshot, with column `ssfr` (1/yr) and ``meta`` snapshot, redshift, box_size and
        synthetic.
    summary, differences : Table
        As `skyloom.arms.tng.evaluation` makes them.

    Returns
    -------
    Table
        As `skyloom.judge.published.table` makes it. Of table III.1 the model is a snapshot; sSFR is
        in 1e-12 / yr, the least that of galaxies which form stars. Of a finding, which is the
        group, it is the case that it speaks of, and a row is its r or the difference of its r to
        another case's; what `holds` says is of the whole finding.

    Notes
    -----
    A finding holds when the interval of every difference it speaks of lies on its side of zero,
    fails when one lies wholly on the other, and is undecided otherwise. Likeness holds when the
    interval lies within the margin and fails when it lies wholly outside.
    """
    header = galaxies[0].meta
    why = {
        of: reasons_not_comparable(choices, document, header, of=of)
        for of in ("catalogue", "network")
    }
    rows = list(_snapshots(galaxies, document["table_III_1"]["rows"], why["catalogue"]))
    for finding in document["findings"]:
        rows += _finding(finding, summary, differences, document["pearson_r"], why["network"])
    return published.table(
        rows,
        document,
        synthetic=header["synthetic"],
        level=float(summary.meta.get("level", 0.95)),
        notes=[document["table_III_1"]["note"]],
    )


def _snapshots(galaxies, rows, why):
    printed = {row["snapshot"]: row for row in rows}
    ours = sorted(map(_describe, galaxies), key=lambda row: -row["snapshot"])
    for own in ours:
        said = printed.get(own["snapshot"], {})
        head = {"group": _TABLE, "model": f"snapshot {own.pop('snapshot')}", "why": why}
        for name, value in own.items():
            yield {
                **head,
                "quantity": _SSFR.get(name, name),
                "unit": "1e-12 / yr" if name in _SSFR else "",
                "ours": value,
                "printed": said.get(name),
            }


def _describe(table):
    ssfr = np.asarray(table["ssfr"], dtype=float)
    forming = ssfr[ssfr > 0]
    return {
        "snapshot": int(table.meta["snapshot"]),
        "redshift": float(table.meta["redshift"]),
        "galaxies": len(table),
        "without star formation": len(table) - len(forming),
        "ssfr_mean": ssfr.mean() * 1e12 if len(ssfr) else np.nan,
        "ssfr_min": forming.min() * 1e12 if len(forming) else np.nan,
        "ssfr_max": ssfr.max() * 1e12 if len(ssfr) else np.nan,
    }


def _finding(finding, summary, differences, printed, why):
    """The rows of one finding, each with what it says of the whole."""
    case, kind = finding["case"], finding["kind"]
    run = {str(row["variant"]): row for row in summary}
    rows = [{"quantity": R, **published.ours(run.get(case), "r"), "printed": printed[case]}]
    if kind != "value":
        rows = [
            {"quantity": f"r less that of {other}", **_difference(differences, case, other)}
            for other in finding["over"]
        ]
    yes, no = _judges(kind, finding.get("margin"), printed[case])
    ends = [(row.get("low"), row.get("high")) for row in rows]
    known = [pair for pair in ends if not (None in pair or np.ma.is_masked(pair[0]))]
    holds = "undecided"
    if any(no(*pair) for pair in known):
        holds = "no"
    elif len(known) == len(rows) and all(yes(*pair) for pair in known):
        holds = "yes"
    missing = [
        f"{name} was not run" for name in (case, *finding.get("over", ())) if name not in run
    ]
    # A verdict on other data and other choices would only be mistaken for one on the thesis.
    head = {"group": finding["says"], "model": case, "holds": "not judged" if why else holds}
    return [{**head, **row, "why": [*why, *missing]} for row in rows]


def _judges(kind, margin, printed):
    """Whether an interval says yes to a finding of a kind, and whether it says no."""
    return {
        "value": (
            lambda low, high: low <= printed <= high,
            lambda low, high: not low <= printed <= high,
        ),
        "above": (lambda low, high: low > 0, lambda low, high: high < 0),
        "alike": (
            lambda low, high: -margin < low and high < margin,
            lambda low, high: low > margin or high < -margin,
        ),
    }[kind]


def _difference(differences, a, b):
    """How far r of a is above that of b, with its interval, whichever way round it is listed."""
    first = np.asarray(differences["a"]).astype(str)
    second = np.asarray(differences["b"]).astype(str)
    names = ("difference", "low", "high")
    for one, other, order, sign in ((a, b, (0, 1, 2), 1), (b, a, (0, 2, 1), -1)):
        found = np.flatnonzero((first == one) & (second == other))
        if len(found):
            values = [differences[found[0]][names[place]] for place in order]
            if any(np.ma.is_masked(value) for value in values):
                return {}
            return dict(
                zip(("ours", "low", "high"), (sign * float(v) for v in values), strict=True)
            )
    return {}
