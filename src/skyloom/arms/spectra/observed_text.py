"""Spectra in text: ECSV, and columns of numbers under whatever header."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from astropy.table import Table

from skyloom.arms.spectra import medium, table_columns
from skyloom.errors import InputError

if TYPE_CHECKING:
    from skyloom.arms.spectra.table_columns import Raw

_COMMENT = ("#", "%", ";", "!", "//")
# A column's name, with its unit in brackets if there is one: "wavelength (Å)".
_NAME = re.compile(r"[^\s(\[]+(?:\s*[(\[][^)\]]*[)\]])?")
# What else an axis may be: names without signs between words.
_NO_WAVELENGTH = ("pixel", "pixels", "pix", "index", "channel", "velocity", "vel", "rv")
_NO_WAVELENGTH += ("frequency", "freq", "nu", "wavenumber", "wavenumbers", "energy")
# Of these, what no title of a star begins with, as "nu Peg" does: sure beside any other name.
_SURELY_NONE = ("pixel", "pixels", "pix", "channel", "frequency", "wavenumber", "wavenumbers")
# Words of a sentence, which names no columns.
_PROSE = {"and", "of", "the", "vs", "vs.", "versus", "against", "with", "in", "for", "from", "over"}


def read_text(content: bytes, path: str | Path) -> Raw:
    """Find the spectrum in a text file.

    Parameters
    ----------
    content : bytes
        The whole file, decompressed.
    path : str or Path
        For messages.

    Returns
    -------
    `skyloom.arms.spectra.table_columns.Raw`

    Raises
    ------
    InputError
        If there are no two columns of numbers, a line is unlike the others, the header has fewer
        names than there are columns, or names no wavelength.
    """
    if b"\0" in content:
        raise InputError(f"{path} is neither text nor FITS: export it as one of them.")
    text = content.decode("utf-8-sig", "replace")
    if text.startswith("# %ECSV"):
        return _read_ecsv(text, path)
    return _read_columns(text, path)


def _read_ecsv(text, path):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table = Table.read(text, format="ascii.ecsv")
    except Exception as error:
        raise InputError(
            f"{path} is not a readable ECSV table ({error}): remove it and make it again."
        ) from error
    units = {name: str(table[name].unit or "") for name in table.colnames}
    # As floating-point numbers first: integers have none that stands for a missing cell.
    values = {
        name: np.ma.filled(np.ma.asarray(table[name]).astype(np.float64), np.nan)
        for name in table.colnames
        if table[name].dtype.kind in "fiu" and table[name].ndim == 1
    }
    remarks = table.meta.get("comments", [])
    stated, hints = medium.of_remarks(remarks if isinstance(remarks, list) else [str(remarks)])
    stated = medium.of_header(table.meta) + stated

    def said(name):
        remark, words = table[name].info.description, table[name].meta or {}
        ucd = words.get("ucd")
        own = [*medium.of_header(words), (f"ucd = {ucd!r}", medium.of_ucd(ucd))]
        return own + stated, [(repr(remark), medium.of_text(remark)), *hints]

    return table_columns.pick(values, units, path, said=said, meta=table.meta)


def _read_columns(text, path):
    """Text without a description: the first line of two numbers tells how it is separated."""
    header, remarks, rows, separator = "", [], [], None
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line:
            continue
        values = None
        if not line.startswith(_COMMENT):
            separator = separator or _separator(line)
            values = separator and _numbers(line, separator)
        if separator is None or line.startswith(_COMMENT):
            # A remark between or below the points names no column.
            header = header if rows else line
            remarks.append(line)
            continue
        if values is None or (rows and len(values) != len(rows[0])):
            raise InputError(
                f"{path}: line {number} is not like the lines before it ({line[:40]!r}): "
                "correct or remove it."
            )
        rows.append(values)
    if not rows:
        raise InputError(
            f"{path} has no two columns of numbers: it should give wavelength and flux, "
            "one point a line."
        )
    stated, hints = medium.of_remarks(remarks)
    table, units = _named(np.array(rows, np.float64), header, separator, path)
    return table_columns.pick(table, units, path, said=lambda _: (stated, hints))


def _separator(line):
    """What parts the numbers of a line: ``None`` where there are not two of them."""
    for separator in (",", ";", "\t", " "):
        values = _numbers(line, separator)
        if values is not None and len(values) > 1:
            return separator
    return None


def _numbers(line, separator):
    parts = line.split() if separator == " " else line.rstrip(separator).split(separator)
    try:
        # R quotes the names of rows, which are numbers unless they were given.
        return [float(part.strip(' "')) for part in parts]
    except ValueError:
        return None


def _named(values, header, separator, path):
    """Columns under the names of the header line, and their units; or the first two unnamed."""
    line = header.lstrip("#%;!/ ")
    words = _NAME.findall(line) if separator == " " else line.split(separator)
    names = [re.sub(r"\s*[(\[].*", "", word).strip().strip("\"'") for word in words]
    units = [re.search(r"[(\[](.*?)[)\]]", word) for word in words]
    # A number in brackets counts columns.
    units = [unit[1] if unit and not unit[1].strip().isdigit() else "" for unit in units]
    wave, flux = table_columns.wavelength_column(names), table_columns.flux_column(names)
    count = values.shape[1]
    prose = not _PROSE.isdisjoint(name.lower() for name in names)
    if wave and flux and len(names) < count and not prose:
        values = _without_row_numbers(values, names, path)
        count = len(names)
    if len(names) == count and len(set(names)) == count:
        if wave and flux:
            return dict(zip(names, values.T, strict=True)), dict(zip(names, units, strict=True))
        plain = "".join(sign for sign in names[0].lower() if sign.isalpha())
        if plain in _SURELY_NONE or (flux and plain in _NO_WAVELENGTH):
            raise InputError(
                f"{path} has a column {names[0]!r} where wavelengths should stand: "
                "convert it to wavelengths, and name it so."
            )
    _check_unnamed(values, path)
    return {"wavelength": values[:, 0], "flux": values[:, 1]}, {}


def _check_unnamed(values, path):
    """Refuse a first column that counts rows, from wherever a table was cut, before wavelengths."""
    steps = np.diff(values[:, :2], axis=0)
    # No measured flux rises or falls from point to point all along, none over a continuum is as
    # large as a wavelength in Å or nm.
    ordered = np.all(steps[:, 1] > 0) or np.all(steps[:, 1] < 0)
    ordered &= values[:, 1].min() > 90
    if values.shape[1] > 2 and len(values) > 2 and np.all(abs(steps[:, 0]) == 1) and ordered:
        raise InputError(
            f"{path} counts its points in the first column, from {values[0, 0]:g}, and no header "
            "names the columns: name them wavelength and flux, or remove the first."
        )


def _without_row_numbers(values, names, path):
    """The columns that the names are of, where a first one counts the rows, as R and pandas do."""
    first = values[:, 0]
    counts = len(first) > 1 and first[0] in (0, 1) and np.all(np.diff(first) == 1)
    if len(names) != values.shape[1] - 1 or not counts:
        raise InputError(
            f"{path} has {values.shape[1]} columns, but its header names {len(names)} "
            f"({', '.join(names)}): name every column."
        )
    return values[:, 1:]
