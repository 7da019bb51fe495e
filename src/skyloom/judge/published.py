"""Printed numbers beside ours: one long table for all arms, and when the two may be compared.

Of each arm, ``skyloom.arms.<arm>.published`` says which of our numbers stands beside a printed one:
`NEED`, the columns and sections that it reads, and `compare`, which gives the table.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import yaml
from astropy.table import MaskedColumn, Table

from skyloom.errors import InputError

_TEXTS, _NUMBERS = ("group", "quantity", "model", "unit"), ("ours", "low", "high", "printed")
#: A number that stands there because the document prints another side's.
NOT_PRINTED = "not printed"


def table(
    rows: Iterable[dict], document: dict, *, synthetic: bool, common: Sequence[str] = (), **meta
) -> Table:
    """Printed numbers with ours beside them, a row each.

    Parameters
    ----------
    rows : iterable of dict
        ``group`` (where they are printed), ``quantity``, ``model`` (which of ours: a network, an
        experiment, a snapshot), ``unit``, ``ours``, ``low`` and ``high`` (the interval of ours),
        ``printed``, ``why`` (reasons not to compare this row) and ``holds`` (of a printed sentence:
        'yes', 'no', 'undecided', 'not judged'). What is not told is empty.
    document : dict
        As `read_document` gives it: ``called``, and ``source``.
    synthetic : bool
    common : sequence of str, optional
        Why no number of this run may be compared.
    **meta
        Further entries of the table's meta, such as ``notes``.

    Returns
    -------
    Table
        group, quantity, model, unit, ours, low, high, printed, difference (ours less printed; each
        masked where there is none), holds, comparable, reason. A printed number that may not be
        compared stays, with the reasons: it is shown grey.
    """
    rows = list(rows)
    comparison = Table({name: _texts(rows, name) for name in _TEXTS})
    numbers = {name: np.array([_number(row.get(name)) for row in rows]) for name in _NUMBERS}
    numbers["difference"] = numbers["ours"] - numbers["printed"]
    for name, values in numbers.items():
        comparison[name] = MaskedColumn(values, mask=~np.isfinite(values), fill_value=np.nan)
    printed = np.isfinite(numbers["printed"]) | np.array([bool(row.get("holds")) for row in rows])
    why = [
        [*common, *row.get("why", ())] if one else [NOT_PRINTED]
        for row, one in zip(rows, printed, strict=True)
    ]
    comparison["holds"] = _texts(rows, "holds")
    comparison["comparable"] = [not row_reasons for row_reasons in why]
    comparison["reason"] = np.array(["; ".join(row_reasons) for row_reasons in why], dtype=str)
    comparison.meta.update(
        document=document["called"],
        source=document["source"],
        synthetic=bool(synthetic),
        not_comparable=list(common),
        **meta,
    )
    return comparison


def _texts(rows, name):
    return np.array([str(row.get(name, "")) for row in rows], dtype=str)


def _number(value):
    return np.nan if value is None or np.ma.is_masked(value) else float(value)


def ours(row, name: str):
    """A number of a table's row, with its interval where it has one, as `table` takes it.

    Parameters
    ----------
    row : astropy.table.Row or None
        None where nothing was trained.
    name : str
        A column; its interval is in ``<name>_low`` and ``<name>_high``.
    """
    if row is None:
        return {}
    columns = {"ours": name, "low": f"{name}_low", "high": f"{name}_high"}
    return {key: row[column] for key, column in columns.items() if column in row.colnames}


def of_run(document: dict, choices: dict, arm: str, *, synthetic: bool, **counts) -> list[str]:
    """Why no number of a run may stand beside the printed ones.

    Parameters
    ----------
    document : dict
        As `read_document` gives it; its ``comparable_when`` are the rules.
    choices : dict
        Dotted names of the config and their values.
    arm : str
    synthetic : bool
        Of the data, since a folder of synthetic files may be read as a local one.
    **counts
        What else the data say of themselves, by the rules' names, for example ``spectra_used``.

    Returns
    -------
    list of str
    """
    settings = choices | {f"{arm}.{name}": value for name, value in counts.items()}
    if synthetic:
        settings[f"{arm}.source"] = "synthetic"
    return reasons(document["comparable_when"], settings, prefix=f"{arm}.")


def read_document(path: str | Path, need: Sequence[str]):
    """Read a document's printed numbers, such as ``resources/published/xmm.yaml``.

    Parameters
    ----------
    path : str or Path
    need : sequence of str
        Sections that must be there, beside ``source`` and ``called`` (how a sentence names it).

    Raises
    ------
    InputError
        If the file is missing, is not YAML, or lacks a section.
    """
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}): restore it from git."
        ) from error
    except yaml.YAMLError as error:
        raise InputError(f"{path} is not YAML ({error}): restore it from git.") from error
    missing = [n for n in ("source", "called", *need) if n not in (content or {})]
    if missing:
        raise InputError(f"{path} lacks {', '.join(missing)}: restore it from git.")
    return content


def reasons(rules: Iterable[dict], choices: dict, *, prefix: str = "") -> list[str]:
    """Why numbers made under these choices may not stand beside the printed ones.

    Parameters
    ----------
    rules : iterable of dict
        ``key`` and one of ``equals``, ``near`` (within 0.2 %), ``any_of`` (a list), ``members``
        (a list in any order) and ``differs`` (from a value).
    choices : dict
        Dotted names of the config and their values, for example ``{"xmm.source": "local"}``.
    prefix : str, optional
        Of the names, left out of the reasons.

    Returns
    -------
    list of str
        One short reason a choice that differs or is not stated, such as ``split.by is lineage
        (published: random)``; empty when comparable.
    """
    sentences = (_reason(rule, choices, prefix) for rule in rules)
    return [reason for reason in sentences if reason]


def _reason(rule, choices, prefix):
    key = rule["key"]
    short = key.removeprefix(prefix)
    if key not in choices:
        return f"{short} is not stated"
    value = choices[key]
    if "differs" in rule:
        return f"{short} is {as_text(value)}" if same(value, rule["differs"]) else None
    allowed, met = _judge(rule, value)
    if met:
        return None
    if isinstance(value, dict):
        return f"{short} is not as in the document"
    return f"{short} is {as_text(value)} (published: {' or '.join(map(as_text, allowed))})"


def _judge(rule, value):
    """The values that a rule allows, and whether this is one of them."""
    if "near" in rule:
        met = _is_number(value) and bool(np.isclose(value, rule["near"], rtol=2e-3))
        return [rule["near"]], met
    if "members" in rule:
        met = isinstance(value, list | tuple) and same(sorted(value), sorted(rule["members"]))
        return [rule["members"]], met
    allowed = rule["any_of"] if "any_of" in rule else [rule["equals"]]
    return allowed, any(same(value, other) for other in allowed)


def same(ours, theirs):
    """Equality that takes 60 for 60.0 and a tuple for a list, but not True for 1."""
    if isinstance(ours, list | tuple) and isinstance(theirs, list | tuple):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(same(ours[key], theirs[key]) for key in ours)
    if _is_number(ours) and _is_number(theirs):
        return bool(np.isclose(ours, theirs, rtol=1e-6))
    return type(ours) is type(theirs) and ours == theirs


def as_text(value):
    """A value as the configuration writes it, a long list by its ends: a figure is narrow."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, list | tuple):
        shown = map(as_text, value)
        return f"{as_text(value[0])} … {as_text(value[-1])}" if len(value) > 3 else ", ".join(shown)
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)
