"""When a number of ours may stand beside a printed one: rules on the choices behind both."""

from pathlib import Path

import numpy as np
import yaml

from skyloom.errors import InputError


def read(path, need):
    """Read a document's printed numbers, such as ``resources/published/xmm.yaml``.

    Parameters
    ----------
    path : str or Path
    need : sequence of str
        Sections that must be there.

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
    missing = [name for name in need if name not in (content or {})]
    if missing:
        raise InputError(f"{path} lacks {', '.join(missing)}: restore it from git.")
    return content


def reasons(rules, choices, *, prefix="", document="published"):
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
    document : str, optional
        What the reasons call the document: ``split.by is lineage (thesis: random)``.

    Returns
    -------
    list of str
        One short reason a choice that differs or is not stated; empty when comparable.
    """
    found = (_reason(rule, choices, prefix, document) for rule in rules)
    return [reason for reason in found if reason]


def _reason(rule, choices, prefix, document):
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
    return f"{short} is {as_text(value)} ({document}: {' or '.join(map(as_text, allowed))})"


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
