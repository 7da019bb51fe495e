"""Numbers in sentences: intervals, lists, durations."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skyloom.draw import style
from skyloom.draw.style import significant
from skyloom.io.columns import numbers, texts
from skyloom.io.files import read_table

if TYPE_CHECKING:
    from astropy.table import Table

#: Why an interval may be too narrow, in every section that has one.
OTHER_SEED = "Intervals know of the test side's scatter, not of what another training would give."


def maybe(path):
    """A table, or None where there is no such file."""
    return read_table(path) if path.is_file() else None


def predictions(folder: Path, summary: Table):
    """What each model of an arm's summary predicted: tables by its name, of those that are there.

    Parameters
    ----------
    folder : Path
        ``results/<run>/<arm>``.
    summary : Table
        With a column ``model``.
    """
    paths = {
        model: folder / "models" / model / "predictions.ecsv"
        for model in dict.fromkeys(texts(summary["model"]))
    }
    return {model: read_table(path) for model, path in paths.items() if path.is_file()}


def listed(words, last="and"):
    """'a', 'a and b', 'a, b and c'."""
    words = list(map(str, words))
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if len(words) > 1 else "".join(words)


def counted(number, thing, things=None):
    """'1 image', '2,000 images'; '1 galaxy', '12 galaxies' where the plural is told."""
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"


def rounded(value, digits=3):
    """So many significant digits without a power of ten, and a true minus; a dash for nothing."""
    if np.ma.is_masked(value) or not np.isfinite(value):
        return "–"
    text = significant(float(value), digits)
    # A whole number needs no zeros behind its point.
    return style.signed(text[:-2] if text.endswith(".0") and digits > 3 else text)


def plain(value):
    """A number as it is printed, without zeros at its end; a dash for nothing."""
    if np.ma.is_masked(value) or not np.isfinite(value):
        return "–"
    return style.signed(f"{float(value):.10g}")


def fixed(value, places=2, *, sign=False):
    """So many digits after the point, and a true minus; a dash for nothing."""
    if np.ma.is_masked(value) or not np.isfinite(value):
        return "–"
    # Adding nothing takes the sign from a zero.
    value = round(float(value), places) + 0.0
    return style.signed(f"{value:{'+' if sign else ''},.{places}f}")


def interval(value: float, low: float, high: float, write: Callable = fixed):
    """'0.62 (0.45 to 0.78)'; only the value where it has no interval.

    Parameters
    ----------
    value, low, high : float
    write : callable, optional
        Writes one number.
    """
    if np.ma.is_masked(low) or not np.all(np.isfinite([low, high])):
        return write(value)
    return f"{write(value)} ({write(low)} to {write(high)})"


def share(value, low, high):
    """'98 % (96 to 100 %)'."""
    if not np.all(np.isfinite([low, high])):
        return percent(value)
    return f"{percent(value)} ({100 * low:.0f} to {percent(high)})"


def ends(low, high, write=fixed):
    """'0.45 to 0.78'; a dash where there is no interval."""
    known = not np.ma.is_masked(low) and np.all(np.isfinite([low, high]))
    # Spaces that do not break: an interval stays in one line of its cell.
    return f"{write(low)}\u00a0to\u00a0{write(high)}" if known else "–"


def percent(share, places=0):
    """'72 %'."""
    return "–" if not np.isfinite(share) else f"{100 * share:.{places}f} %"


def level_of(table):
    """The level of a table's intervals in words: '95 % interval'."""
    return f"{percent(float(table.meta.get('level', 0.95)))} interval"


def duration(seconds):
    """'0.4 s', '12 s', '2 min 5 s', '3 h 12 min'."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600:,} h {whole % 3600 // 60} min"


def amount(count):
    """Bytes as a reader says them: '640 B', '12.3 MB'."""
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count:.0f} B"


def synthetic(*tables):
    """Whether any of the tables says that it was made from synthetic data."""
    return any(bool(table.meta.get("synthetic", True)) for table in tables if table is not None)


def column(table, name):
    """A column as floats, masked values NaN."""
    # A column of a table as a plain array: Bokeh takes it for more than it is.
    return np.array(numbers(table[name]))


def estimate(row, name):
    """A table's number ``name`` with ``name_low`` and ``name_high``; NaN where one is masked."""
    return tuple(float(np.ma.filled(row[f"{name}{end}"], np.nan)) for end in ("", "_low", "_high"))


def bracketed(row, name, form=".2f"):
    """'0.62 [0.45, 0.78]': a table's number ``name`` with ``name_low`` and ``name_high``."""
    value, low, high = estimate(row, name)
    if not np.isfinite(value):
        return "undefined"
    if not np.isfinite([low, high]).all():
        return f"{value:{form}} (no interval)"
    return f"{value:{form}} [{low:{form}}, {high:{form}}]"
