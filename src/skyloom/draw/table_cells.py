"""Cells of tables as figures show them: texts, numbers, and numbers as text."""

import numpy as np

from skyloom.io.columns import numbers  # noqa: F401 - a cell is asked for by one name


def texts(column):
    """A column as an array of str; masked values, and the ``-`` of tables, are empty."""
    found = ["" if np.ma.is_masked(value) else str(value) for value in column]
    return np.array([text if text != "-" else "" for text in found], dtype=str)


def number(value):
    """A value of a table as a float, NaN where it is masked."""
    return np.nan if np.ma.is_masked(value) else float(value)


def significant(value, digits=3, *, sign=False):
    """A number with so many significant digits, never with a power of ten: '1230', '0.00415'."""
    if value == 0 or not np.isfinite(value):
        return "0" if value == 0 else "undefined"
    places = digits - 1 - int(np.floor(np.log10(abs(value))))
    rounded = round(value, places)
    return f"{rounded:{'+' if sign else ''}.{max(0, places)}f}"
