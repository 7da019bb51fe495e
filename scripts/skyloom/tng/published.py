"""The published numbers of the thesis beside ours, and when the two may be compared."""

import numpy as np
from astropy import units
from astropy.table import MaskedColumn, Table

from skyloom import comparable

_NEED = ("table_III_1", "pearson_r", "findings", "comparable_when")


def read(path):
    """The sections of ``resources/published/tng.yaml``; see `skyloom.comparable.read`."""
    return comparable.read(path, _NEED)


def reasons_not_comparable(choices, published, *, of="network"):
    """Why numbers made under these choices may not stand beside the printed ones.

    Parameters
    ----------
    choices : dict
        Dotted names of the config and their values, for example ``{"tng.ssfr.mass": "total"}``.
    published : dict
        As `read` gives it; ``comparable_when`` lists the thesis's choices.
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
    rules = published["comparable_when"]
    if of == "catalogue":
        rules = [rule for rule in rules if rule["of"] == "catalogue"]
    return comparable.reasons(rules, choices, prefix="tng.", document="thesis")


def with_header(choices, header):
    """Choices completed by what the data say of themselves.

    Parameters
    ----------
    choices : dict
    header : mapping
        ``box_size`` (ckpc/h) and ``synthetic`` of the simulation, as in a galaxies table's meta.

    Returns
    -------
    dict
        With ``tng.box_size``; ``tng.source`` is 'synthetic' wherever the data are, since a folder
        of synthetic files may also be read as a local one.
    """
    made = {**choices, "tng.box_size": float(header["box_size"])}
    return made | ({"tng.source": "synthetic"} if header["synthetic"] else {})


def compare_table(galaxy_tables, published, reasons):
    """Our galaxies and their sSFR per snapshot beside table III.1.

    Parameters
    ----------
    galaxy_tables : iterable of Table
        One a snapshot, with column `ssfr` (1/yr) and ``meta`` snapshot and redshift.
    published : dict
    reasons : list of str
        Why the printed columns are masked; empty when they are shown.

    Returns
    -------
    Table
        snapshot, redshift, galaxies, zero_sfr, ssfr_mean, ssfr_min (of those that form stars),
        ssfr_max, published_redshift, published_galaxies, published_ssfr_mean (1e-12 / yr).
        ``meta['not_comparable']`` holds the reasons.
    """
    printed = {row["snapshot"]: row for row in published["table_III_1"]["rows"]}
    ours = sorted((_describe(table) for table in galaxy_tables), key=lambda row: -row["snapshot"])
    table = Table()
    table["snapshot"] = [row["snapshot"] for row in ours]
    for name in ("redshift", "galaxies", "zero_sfr"):
        table[name] = [row[name] for row in ours]
    for name in ("ssfr_mean", "ssfr_min", "ssfr_max"):
        table[name] = _masked([row[name] for row in ours])
        table[name].unit = units.Unit("1e-12 / yr")
    for name in ("redshift", "galaxies", "ssfr_mean"):
        values = [printed.get(row["snapshot"], {}).get(name, np.nan) for row in ours]
        table[f"published_{name}"] = _masked([np.nan] * len(ours) if reasons else values)
    table["published_ssfr_mean"].unit = units.Unit("1e-12 / yr")
    table.meta["not_comparable"] = list(reasons)
    table.meta["published_source"] = published.get("source", "")
    return table


def add_published(summary, published, reasons):
    """Put the printed correlation beside ours: columns published_r, published_status.

    The status is 'printed', 'not printed' or 'not comparable'; a printed number stays in the
    table in the last case too, so that a figure can show it greyed; ``meta['not_comparable']``
    says why.
    """
    printed = [published["pearson_r"].get(str(name)) for name in summary["variant"]]
    summary["published_r"] = _masked([np.nan if r is None else r for r in printed])
    where = "not comparable" if reasons else "printed"
    summary["published_status"] = ["not printed" if r is None else where for r in printed]
    summary.meta["not_comparable"] = list(reasons)
    return summary


def findings(summary, differences, published, reasons):
    """The thesis's findings and whether our cases show them.

    Parameters
    ----------
    summary, differences : Table
        As `skyloom.networks.evaluation` makes them.
    published : dict
    reasons : list of str

    Returns
    -------
    Table
        finding, thesis, ours, holds ('yes', 'no', 'undecided'; 'not judged' where the run is not
        comparable), comparable (bool), reason.

    Notes
    -----
    A finding holds when the interval of every difference it speaks of lies on its side of zero,
    fails when one lies wholly on the other, and is undecided otherwise. Likeness holds when the
    interval lies within the margin and fails when it lies wholly outside.
    """
    judge = {"value": _judge_value, "above": _judge_above, "alike": _judge_alike}
    rows = [(f, *judge[f["kind"]](f, summary, differences)) for f in published["findings"]]
    table = Table()
    table["finding"] = [f["name"] for f, _, _ in rows]
    table["thesis"] = [f["says"] for f, _, _ in rows]
    table["ours"] = [ours for _, ours, _ in rows]
    # A verdict on other data and other choices would only be mistaken for one on the thesis.
    table["holds"] = ["not judged" if reasons else holds for _, _, holds in rows]
    table["comparable"] = [not reasons] * len(rows)
    table["reason"] = ["; ".join(reasons)] * len(rows)
    table.meta["not_comparable"] = list(reasons)
    return table


def _describe(table):
    ssfr = np.asarray(table["ssfr"], dtype=float)
    forming = ssfr[ssfr > 0]
    return {
        "snapshot": int(table.meta["snapshot"]),
        "redshift": float(table.meta["redshift"]),
        "galaxies": len(table),
        "zero_sfr": len(table) - len(forming),
        "ssfr_mean": ssfr.mean() * 1e12 if len(ssfr) else np.nan,
        "ssfr_min": forming.min() * 1e12 if len(forming) else np.nan,
        "ssfr_max": ssfr.max() * 1e12 if len(ssfr) else np.nan,
    }


def _masked(values):
    values = np.asarray(values, dtype=float)
    return MaskedColumn(values, mask=~np.isfinite(values), fill_value=np.nan)


def _row(summary, case):
    """The summary's row of a case, or None where it was not run."""
    found = np.flatnonzero(np.asarray(summary["variant"]).astype(str) == case)
    return summary[found[0]] if len(found) else None


def _describe_r(summary, case):
    row = _row(summary, case)
    if row is None:
        return f"{case} was not run"
    if np.ma.is_masked(row["r"]):
        return f"{case} r undefined (constant prediction), rank {row['rank']} of {len(summary)}"
    interval = _interval(row["r"], row["r_low"], row["r_high"])
    return f"{case} r = {interval}, rank {row['rank']} of {len(summary)}"


def _interval(value, low, high):
    if np.ma.is_masked(low):
        return f"{value:.2f}"
    return f"{value:.2f} [{low:.2f}, {high:.2f}]"


def _difference(differences, a, b):
    """(difference, low, high) of r of a minus r of b whichever way round it is listed, or None."""
    first = np.asarray(differences["a"]).astype(str)
    second = np.asarray(differences["b"]).astype(str)
    for one, other, sign in ((a, b, 1), (b, a, -1)):
        found = np.flatnonzero((first == one) & (second == other))
        if len(found):
            row = differences[found[0]]
            values = [row["difference"], row["low"], row["high"]]
            if any(np.ma.is_masked(value) for value in values):
                return None
            values = [sign * float(value) for value in values]
            return values if sign > 0 else [values[0], values[2], values[1]]
    return None


def _judge_value(finding, summary, differences):
    row = _row(summary, finding["case"])
    ours = _describe_r(summary, finding["case"])
    if row is None or np.ma.is_masked(row["r_low"]):
        return ours, "undecided"
    return ours, "yes" if row["r_low"] <= finding["r"] <= row["r_high"] else "no"


def _judge_above(finding, summary, differences):
    """All intervals above zero: yes; one wholly below: no."""
    return _judge(
        finding, summary, differences, yes=lambda low, high: low > 0, no=lambda low, high: high < 0
    )


def _judge_alike(finding, summary, differences):
    """All intervals within the margin: yes; one wholly outside: no."""
    margin = finding["margin"]
    return _judge(
        finding,
        summary,
        differences,
        yes=lambda low, high: -margin < low and high < margin,
        no=lambda low, high: low > margin or high < -margin,
    )


def _judge(finding, summary, differences, *, yes, no):
    case = finding["case"]
    found = {other: _difference(differences, case, other) for other in finding["over"]}
    parts = [_describe_r(summary, case)]
    for other, values in found.items():
        text = "undefined" if values is None else _interval(*values)
        parts.append(f"minus {other}: {text}")
    known = [values[1:] for values in found.values() if values is not None]
    if any(no(low, high) for low, high in known):
        holds = "no"
    elif len(known) == len(found) and all(yes(low, high) for low, high in known):
        holds = "yes"
    else:
        holds = "undecided"
    return "; ".join(parts), holds
