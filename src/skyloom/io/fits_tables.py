"""Binary tables of FITS files, read column by column.

`astropy.io.fits` describes all columns of a table before it gives one, 40 ms for a spectrum of SDSS
with its table of 236 columns; an archive has 300,000 of them. Here the headers are walked by the
rules of the standard (FITS 4.0, sections 3.3, 4 and 7.3), a file that ends early is recognised for
certain, and only the columns asked for are looked at.
"""

from __future__ import annotations

import functools
import math
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from skyloom.errors import InputError

#: FITS files consist of blocks of so many bytes.
BLOCK = 2880
_CARD = 80
_END = b"END     "
# A header longer than this many blocks is no header (36,000 cards).
_MOST_BLOCKS = 1000
_TEXT = re.compile(rb" *'((?:[^']|'')*)'")
_FORMAT = re.compile(r"(\d*)([LXBIJKAEDCMPQ])")
_BYTES = {"L": 1, "B": 1, "I": 2, "J": 4, "K": 8, "A": 1, "E": 4, "D": 8, "C": 8, "M": 16}
_BYTES |= {"P": 8, "Q": 16}
_NUMBERS = {"L": "S1", "B": "u1", "I": ">i2", "J": ">i4", "K": ">i8", "E": ">f4", "D": ">f8"}


class Header:
    """The cards of one header; values are parsed when asked for.

    Parameters
    ----------
    content : bytes
        From the first card to the end of the block with END.
    path : str or Path
        For messages.
    """

    def __init__(self, content: bytes, path: str | Path) -> None:
        self.content, self.path = content, path
        keys = [content[at : at + 8] for at in range(0, len(content), _CARD)]
        # Of a keyword that occurs twice, the first counts.
        self._places = dict(zip(reversed(keys), range(len(keys) - 1, -1, -1), strict=True))

    def get(self, key, default=None):
        """The value of a keyword: str, bool, int or float; `default` where it has none."""
        place = self._places.get(key.encode("ascii").ljust(8))
        if place is None:
            return default
        card = self.content[place * _CARD : (place + 1) * _CARD]
        return _value(card[10:], default) if card[8:10] == b"= " else default

    def integer(self, key, default=None):
        """The value of a keyword that must be a whole number, not negative."""
        value = self.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise InputError(
                f"{self.path} has a damaged header ({key} is {value!r}): download it again."
            )
        return value


def _value(text, default):
    if match := _TEXT.match(text):
        return match[1].decode("ascii", "replace").replace("''", "'").rstrip()
    token = text.split(b"/", 1)[0].strip().decode("ascii", "replace")
    if token in ("T", "F"):
        return token == "T"
    for kind in (int, float):
        try:
            return kind(token.replace("D", "E") if kind is float else token)
        except ValueError:
            continue
    return default


@dataclass(frozen=True)
class Column:
    """One column: its number from 1, where it starts in a row, how many values of which type."""

    number: int
    offset: int
    count: int
    code: str


@dataclass
class Unit:
    """One header and where its data lie.

    Attributes
    ----------
    position : int
        0 for the primary, 1 for the first extension.
    header : Header
    start, size : int
        Of the data, in bytes, without the padding.
    """

    position: int
    header: Header
    start: int
    size: int
    path: object
    _columns: dict | None = field(default=None, repr=False)

    @property
    def is_table(self):
        """Whether it is a binary table."""
        return self.position > 0 and self.header.get("XTENSION") == "BINTABLE"

    @property
    def name(self):
        """EXTNAME in upper case, "" where there is none."""
        return str(self.header.get("EXTNAME", "")).strip().upper()

    @property
    def rows(self):
        """The number of the table's rows."""
        return self.header.integer("NAXIS2")

    @property
    def row_bytes(self):
        """The length of a row in bytes."""
        return self.header.integer("NAXIS1")

    @property
    def columns(self):
        """`Column` by name in upper case; none where it is no table."""
        if self._columns is None:
            self._columns = _layout(self) if self.is_table else {}
        return self._columns

    def read(
        self,
        name: str,
        buffer,
        *,
        start: int | None = None,
        rows: int | None = None,
        only=slice(None),
    ) -> np.ndarray:
        """One column's values.

        Parameters
        ----------
        name : str
            In upper case.
        buffer : bytes-like
            The file, or some whole rows of it.
        start : int, optional
            Where the first row lies in the buffer; the data's own place unless told.
        rows : int, optional
            How many rows; all unless told.
        only : slice or int array, optional
            Which of these rows; all unless told.

        Returns
        -------
        (R,) or (R, count) array
            Numbers in the machine's byte order, with TSCAL and TZERO applied; texts stripped.
        """
        column = self.columns[name]
        rows = self.rows if rows is None else rows
        start = self.start if start is None else start
        texts = column.code == "A"
        if not texts and column.code not in _NUMBERS:
            raise InputError(
                f"{self.path} has values of an unknown type in {name} ({column.code}): "
                "download it again."
            )
        if rows == 0 or column.count == 0:
            return (np.zeros(rows, "U1") if texts else np.zeros((rows, column.count)))[only]
        kind = f"S{column.count}" if texts else _NUMBERS[column.code]
        shape = (rows,) if texts else (rows, column.count)
        strides = (self.row_bytes, np.dtype(kind).itemsize)[: len(shape)]
        values = np.ndarray(shape, kind, buffer, start + column.offset, strides)[only]
        if column.code in "AL":
            return np.char.strip(np.char.decode(values, "ascii", "replace"))
        values = values.astype(values.dtype.newbyteorder("="))
        return self._scaled(values[:, 0] if column.count == 1 else values, column)

    def _scaled(self, values, column):
        scale = self.header.get(f"TSCAL{column.number}", 1)
        zero = self.header.get(f"TZERO{column.number}", 0)
        if scale == 1 and zero == 0:
            return values
        if scale == 1 and column.code == "K" and zero == 2**63:
            # How FITS stores unsigned numbers of 64 bits: the first bit is turned round.
            return values.view(np.uint64) ^ np.uint64(2**63)
        if scale == 1 and values.dtype.kind in "iu" and float(zero).is_integer():
            return values.astype(np.int64) + int(zero)
        return values * float(scale) + float(zero)


def _layout(unit):
    try:
        columns, length = _layout_of(unit.header.content, unit.header.integer("TFIELDS"))
    except ValueError as error:
        raise InputError(
            f"{unit.path} has a damaged header ({error}): download it again."
        ) from error
    if length > unit.row_bytes:
        raise InputError(
            f"{unit.path} has a damaged header (NAXIS1 is {unit.row_bytes}, its columns take "
            f"{length} bytes): download it again."
        )
    return columns


# The tables of most files have the same header, to the byte.
@functools.lru_cache(maxsize=16)
def _layout_of(content, fields):
    """The columns of a table by name, and the bytes that they take in a row."""
    header, columns, offset = Header(content, None), {}, 0
    for number in range(1, fields + 1):
        stated = header.get(f"TFORM{number}")
        form = _FORMAT.match(str(stated).strip().upper())
        if form is None:
            raise ValueError(f"TFORM{number} is {stated!r}")
        count, code = int(form[1] or 1), form[2]
        name = str(header.get(f"TTYPE{number}", "")).strip().upper()
        columns.setdefault(name, Column(number, offset, count, code))
        offset += -(-count // 8) if code == "X" else count * _BYTES[code]
    return columns, offset


def units(stream, path: str | Path, *, length: int | None = None) -> Iterator[Unit]:
    """Walk the headers of a file.

    Parameters
    ----------
    stream : binary file
        At its beginning; can be seeked forward.
    path : str or Path
        For messages.
    length : int, optional
        Of the whole file in bytes, decompressed; where it is known, every unit's data are checked
        to be there.

    Yields
    ------
    Unit
        In order. The stream stands at the beginning of its data.

    Raises
    ------
    InputError
        If it is not FITS, ends early, or a header is damaged.
    """
    at, position = 0, 0
    while (content := _header(stream, path, first=position == 0)) is not None:
        header = Header(content, path)
        at += len(content)
        size = _size(header)
        # As far as a file can be sought in.
        if at + size > sys.maxsize - BLOCK:
            raise InputError(
                f"{path} has a damaged header (its data would take {size} bytes): download it "
                "again."
            )
        if length is not None and at + size > length:
            raise InputError(
                f"{path} is truncated: it ends {at + size - length} bytes before its data do; "
                "download it again."
            )
        yield Unit(position, header, at, size, path)
        at += size + -size % BLOCK
        stream.seek(at)
        position += 1


def _size(header):
    bits = header.get("BITPIX")
    if bits not in (8, 16, 32, 64, -32, -64):
        raise InputError(
            f"{header.path} has a damaged header (BITPIX is {bits!r}): download it again."
        )
    axes = header.integer("NAXIS")
    if axes > 999:
        raise InputError(
            f"{header.path} has a damaged header (NAXIS is {axes}): download it again."
        )
    values = math.prod(header.integer(f"NAXIS{axis + 1}") for axis in range(axes)) if axes else 0
    heap = header.integer("PCOUNT", 0)
    return abs(bits) // 8 * header.integer("GCOUNT", 1) * (heap + values)


def _header(stream, path, *, first):
    """The bytes of the next header, or None at the end of the file."""
    content = stream.read(BLOCK)
    start = b"SIMPLE  =" if first else b"XTENSION="
    if not first and not content.strip(b"\0 "):
        return None
    if not content.startswith(start):
        if first:
            raise InputError(f"{path} is not a FITS file: its first bytes are not SIMPLE.")
        raise InputError(
            f"{path} is truncated or damaged: where an extension should begin there is none; "
            "download it again."
        )
    parts = []
    while len(content) == BLOCK and len(parts) < _MOST_BLOCKS:
        parts.append(content)
        if any(content.startswith(_END, at) for at in range(0, BLOCK, _CARD)):
            return b"".join(parts)
        content = stream.read(BLOCK)
    raise InputError(f"{path} is truncated: a header has no end; download it again.")
