"""Columns of tables as arrays, and arrays as columns."""

import numpy as np
from astropy.table import MaskedColumn


def numbers(column):
    """A column as float64, NaN where it is masked or a file has nothing."""
    return np.ma.filled(np.ma.asarray(column, dtype=float), np.nan)


def masked(values):
    """A float column in which what is None or not finite is masked."""
    values = np.asarray(values, dtype=float)
    return MaskedColumn(values, mask=~np.isfinite(values), fill_value=np.nan)
