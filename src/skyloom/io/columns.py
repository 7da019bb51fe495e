"""Columns and cells of tables as arrays and numbers, and arrays as columns."""

import numpy as np
from astropy.table import MaskedColumn, Table


def numbers(column):
    """A column as float64, NaN where it is masked or a file has nothing."""
    return np.ma.filled(np.ma.asarray(column, dtype=float), np.nan)


def number(value):
    """A value of a table as a float, NaN where it is masked."""
    return np.nan if np.ma.is_masked(value) else float(value)


def texts(column):
    """A column as an array of str; masked values, and the ``-`` of tables, are empty."""
    words = ["" if np.ma.is_masked(value) else str(value) for value in column]
    return np.array([text if text != "-" else "" for text in words], dtype=str)


def where(table, **texts):
    """Rows of a table in whose columns these texts stand."""
    keep = np.ones(len(table), bool)
    for name, text in texts.items():
        keep &= np.asarray(table[name]).astype(str) == text
    return table[keep]


def or_none(value):
    """A number as JSON can hold it, which has no NaN: what is undefined becomes null."""
    return float(value) if np.isfinite(value) else None


def of_rows(rows):
    """A table of dicts with the same keys; a float that is None or not finite is masked."""
    table = Table()
    for name in rows[0]:
        values = [row[name] for row in rows]
        table[name] = values if isinstance(values[0], str | int) else masked(values)
    return table


def masked(values):
    """A float column in which what is None or not finite is masked."""
    values = np.asarray(values, dtype=float)
    return MaskedColumn(values, mask=~np.isfinite(values), fill_value=np.nan)
