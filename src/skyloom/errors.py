"""The one kind of error a user is meant to read."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any


class InputError(ValueError):
    """Something outside the program is wrong and a person can put it right.

    Its message is one sentence that names the file, the field and the remedy; steps print it
    as the last line of their log, without a traceback.
    """


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The member of `known` most like `name`, or None when none comes close.

    Parameters
    ----------
    name : str
    known : iterable of str
    """
    import difflib

    found = difflib.get_close_matches(str(name), sorted(map(str, known)), n=1, cutoff=0.4)
    return found[0] if found else None


def meant(name: str, known: Iterable[str]) -> str:
    """How a sentence on an unknown name ends: with the nearest that is known, or with all.

    Parameters
    ----------
    name : str
    known : iterable of str
    """
    known = sorted(map(str, known))
    if near := nearest(name, known):
        return f"did you mean {near!r}?"
    return f"write one of {', '.join(known)}." if known else "define it there."


def check_one_of(key: str, value: Any, allowed: Collection[str]) -> None:
    """Refuse a value that is none of those allowed; names the key and what it may be.

    Parameters
    ----------
    key : str
    value : object
    allowed : iterable of str

    Raises
    ------
    InputError
    """
    if value not in allowed:
        raise InputError(
            f"{key} is {value!r}{_near(value, allowed)}: choose one of {', '.join(allowed)}."
        )


def check_keys(section: str, keys: Iterable[str], known: Collection[str]) -> None:
    """Refuse keys of a section of the configuration that it does not know.

    Raises
    ------
    InputError
    """
    for key in keys:
        if key not in known:
            raise InputError(
                f"{section} has the key {key!r}{_near(key, known)}: correct or remove it."
            )


def _near(name, known):
    near = nearest(name, known)
    return f", nearest is {near!r}" if near else ""
