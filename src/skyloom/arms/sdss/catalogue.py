"""The archive's catalogue of spectra: ``spAll`` or ``specObj``, read in columns and chunks.

Its rows are thousands of bytes long and there are millions, so that no more than a chunk of bytes
and the rows that are asked for are ever held.
"""

from __future__ import annotations

import functools
import gzip
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from skyloom.arms.sdss import spectrum
from skyloom.errors import InputError
from skyloom.io import fits_tables

#: Columns without which a table is no catalogue.
NEED = ("PLATE", "MJD", "FIBERID", "CLASS", "Z")
#: Bytes read at once.
CHUNK = 1 << 24


def key(plate, mjd, fiber) -> np.ndarray:
    """Plate, MJD and fibre as one whole number each: sorts like the names of the spectra.

    Parameters
    ----------
    plate, mjd, fiber : array_like of int

    Returns
    -------
    int64 array
    """
    plate, mjd, fiber = (np.asarray(part, np.int64) for part in (plate, mjd, fiber))
    return (plate * 1_000_000 + mjd) * 100_000 + fiber


def keys_of(names):
    """`key` of spectra by their names, such as "0266-51602-0013": (N,) int64 array."""
    parts = [[int(part) for part in name.split("-")] for name in names]
    return key(*np.array(parts, np.int64).reshape(-1, 3).T)


def _opened(path):
    """The catalogue's bytes as a stream and their number, None where they are compressed."""
    remedy = "point sdss.catalogue to spAll or specObj FITS, or set it to null"
    try:
        file = open(path, "rb")
        first = file.peek(6)[:6]
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}): {remedy}.") from error
    if first[:2] == b"\x1f\x8b":
        return gzip.GzipFile(fileobj=file), None
    if first != b"SIMPLE":
        raise InputError(f"{path} is not a FITS file (its first bytes are {first!r}): {remedy}.")
    return file, os.fstat(file.fileno()).st_size


def _table(stream, path, length):
    """The first table that is a catalogue; the stream stands at its first row."""
    tables = []
    for unit in fits_tables.units(stream, path, length=length):
        missing = [name for name in NEED if name not in unit.columns]
        if unit.is_table and not missing:
            return unit
        if unit.is_table:
            tables.append(", ".join(missing))
    if tables:
        raise InputError(
            f"{path} is no catalogue of spectra: its table lacks {tables[0]}; point sdss.catalogue "
            "to spAll or specObj FITS."
        )
    raise InputError(
        f"{path} is no catalogue of spectra: it has no table; point sdss.catalogue to spAll or "
        "specObj FITS."
    )


def chunks(path: str | Path, *, chunk: int = CHUNK) -> Iterator[Callable]:
    """Walk a catalogue.

    Parameters
    ----------
    path : str or Path
        FITS, plain or gzip-compressed.
    chunk : int, optional
        Bytes held at once, at least one row.

    Yields
    ------
    callable
        Of some rows, in the catalogue's order: gives a column by its name in upper case, of all
        these rows or of those that ``only`` names, and None where the catalogue lacks it.

    Raises
    ------
    InputError
        If the file is missing, damaged or no catalogue.
    """
    stream, length = _opened(path)
    with stream:
        try:
            unit = _table(stream, path, length)
            most = max(1, chunk // max(1, unit.row_bytes))
            for first in range(0, unit.rows, most):
                rows = min(most, unit.rows - first)
                content = stream.read(rows * unit.row_bytes)
                if len(content) < rows * unit.row_bytes:
                    raise InputError(
                        f"{path} is truncated in row {first + len(content) // unit.row_bytes} of "
                        f"{unit.rows}: download it again."
                    )
                yield functools.partial(_column, unit, content, rows)
        except (OSError, EOFError, zlib.error, OverflowError, MemoryError) as error:
            raise InputError(
                f"{path} is truncated or damaged ({error}): download it again."
            ) from error


def _column(unit, content, rows, name, only=slice(None)):
    if name not in unit.columns:
        return None
    try:
        values = unit.read(name, content, start=0, rows=rows, only=only)
    except (ValueError, TypeError, OverflowError, MemoryError) as error:
        raise InputError(
            f"{unit.path} has a damaged column {name} ({error}): download it again."
        ) from error
    if name in ("PLATE", "MJD", "FIBERID") and (values.dtype.kind not in "iu" or values.ndim != 1):
        raise InputError(
            f"{unit.path} has no whole numbers in {name}: download it again, or point "
            "sdss.catalogue to spAll or specObj FITS."
        )
    return values


def _wanted(names):
    """Keys of names in order, each once, and the names at the same places."""
    names = np.unique(np.asarray(list(names), str))
    keys = keys_of(names)
    order = np.argsort(keys, kind="stable")
    return keys[order], names[order]


def _places(wanted, part):
    """For each row of a chunk its place in the wanted keys, -1 where it is not wanted."""
    found = key(part("PLATE"), part("MJD"), part("FIBERID"))
    if not len(wanted):
        return np.full(len(found), -1)
    places = np.minimum(np.searchsorted(wanted, found), len(wanted) - 1)
    return np.where(wanted[places] == found, places, -1)


def rows(path: str | Path, names: Iterable[str], *, chunk: int = CHUNK) -> dict[str, dict]:
    """The rows of some spectra.

    Parameters
    ----------
    path : str or Path
        See `chunks`.
    names : iterable of str
        Of the spectra: "0266-51602-0013".
    chunk : int, optional

    Returns
    -------
    dict of str to dict
        Of each spectrum that the catalogue has, its columns (see
        `skyloom.arms.sdss.spectrum.COLUMNS`). Where it has one twice, reduced by two versions of
        the pipeline, the first row counts.
    """
    wanted, names = _wanted(names)
    found = {}
    for part in chunks(path, chunk=chunk):
        places = _places(wanted, part)
        matched = np.flatnonzero(places >= 0)
        columns = {column: part(column, only=matched) for column in spectrum.COLUMNS}
        columns = {column: values for column, values in columns.items() if values is not None}
        for row, place in enumerate(places[matched]):
            name = str(names[place])
            if name not in found:
                found[name] = {column: values[row] for column, values in columns.items()}
    return found


def without_file(
    path: str | Path, names: Iterable[str], *, chunk: int = CHUNK
) -> tuple[int, int, str | None]:
    """How many rows of a catalogue belong to none of some spectra.

    Parameters
    ----------
    path : str or Path
    names : iterable of str
    chunk : int, optional

    Returns
    -------
    missing, total : int
    first : str or None
        The name of the first missing one.
    """
    wanted, _ = _wanted(names)
    missing, total, first = 0, 0, None
    for part in chunks(path, chunk=chunk):
        lost = _places(wanted, part) < 0
        missing, total = missing + int(lost.sum()), total + len(lost)
        if first is None and lost.any():
            row = int(np.argmax(lost))
            parts = (part(name)[row] for name in ("PLATE", "MJD", "FIBERID"))
            first = spectrum.identity(*parts)
    return missing, total, first


def reject_of(path, names):
    """One line for all rows of a catalogue without a file, or None: (file, reason)."""
    missing, total, first = without_file(path, names)
    if not missing:
        return None
    which = f"{first}" if missing == 1 else f"{first} is the first"
    return Path(path).name, (
        f"{missing:,} of the {total:,} rows of {Path(path).name} have no file ({which}): put the "
        "files below sdss.spectra, or leave it so."
    )
