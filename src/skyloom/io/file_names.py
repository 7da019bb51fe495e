"""Names of files as tables and messages can hold them: one line of text."""

from __future__ import annotations

from skyloom.errors import InputError


def shown(name: str):
    """A name with what is no printable text written as Python's escapes.

    Parameters
    ----------
    name : str
        As the system gives it: bytes that are no text in its encoding come as lone surrogates.
    """
    return "".join(sign if sign.isprintable() else _escaped(sign) for sign in name)


def _escaped(sign):
    if 0xDC80 <= ord(sign) <= 0xDCFF:
        return f"\\x{ord(sign) - 0xDC00:02x}"
    return sign.encode("unicode_escape").decode("ascii")


def check_name(name: str) -> None:
    """Raise an InputError for a name that cannot be listed in a table and read back.

    Parameters
    ----------
    name : str
        Of a file, with or without folders.
    """
    if shown(name) != name or name != name.strip():
        raise InputError(
            f"{shown(name)} has signs in its name that are no text of one line: rename it."
        )
