"""The first image of a FITS file, read as a stream.

Files are walked header by header rather than by `astropy.io.fits.open`: a file that ends early is
then recognised for certain, and a compressed event list of gigabytes is passed over without being
held. Only tile-compressed images go through astropy.
"""

from __future__ import annotations

import contextlib
import gzip
import stat
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from astropy.io import fits

from skyloom.errors import InputError

if TYPE_CHECKING:
    from astropy.io.fits import Header


#: FITS files consist of blocks of so many bytes.
BLOCK = 2880
_CARD = 80
_GZIP = b"\x1f\x8b"
# A header longer than this many blocks is no header (36,000 cards).
_MOST_BLOCKS = 1000
_PIECE = 1 << 20
# How tiles may be compressed. The standard's others, HCOMPRESS and PLIO, are rarely met, and
# astropy's code for them (version 8.0) ends the whole process on damaged data.
_TILES = ("RICE_1", "RICE_ONE", "GZIP_1", "GZIP_2", "NOCOMPRESS")
# Most columns that a table can have, by the standard.
_MOST_COLUMNS = 999
_NUMBERS = {8: "u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}


@contextlib.contextmanager
def opened(path):
    """The file's bytes as a stream, decompressed if they are gzip, whatever the name says."""
    try:
        state = Path(path).stat()
        if not stat.S_ISREG(state.st_mode):
            raise InputError(f"{path} is not a regular file: remove it from the folder.")
        plain = open(path, "rb")
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}): check its permissions, or remove it."
        ) from error
    with plain:
        if state.st_size == 0:
            raise InputError(f"{path} is empty (0 bytes): download it again.")
        if plain.peek(2)[:2] != _GZIP:
            yield plain
            return
        with gzip.GzipFile(fileobj=plain) as unpacked:
            yield unpacked


def _take(stream, size, path):
    """Exactly `size` bytes, in pieces: a header may promise more than the machine can hold."""
    content = bytearray()
    while len(content) < size:
        piece = stream.read(min(size - len(content), _PIECE))
        if not piece:
            raise InputError(
                f"{path} is truncated: it ends {size - len(content)} bytes before its data do; "
                "download it again."
            )
        content += piece
    return content


def _skip(stream, size, path):
    while size > 0:
        piece = stream.read(min(size, _PIECE))
        if not piece:
            raise InputError(
                f"{path} is truncated: it ends {size} bytes before its data do; download it again."
            )
        size -= len(piece)


def _header(stream, path, *, first):
    """The next header, or None at the end of the file."""
    content = stream.read(BLOCK)
    if first and not content.startswith(b"SIMPLE  ="):
        raise InputError(f"{path} is not a FITS file: its first bytes are not SIMPLE.")
    if not first and not content.startswith(b"XTENSION"):
        # The end of the file, or what FITS calls special records, which hold no image.
        return None
    start = 0
    while True:
        cards = (content[at : at + 8] for at in range(start, len(content), _CARD))
        if any(card == b"END     " for card in cards):
            return fits.Header.fromstring(content.decode("ascii", "replace"))
        block = stream.read(BLOCK)
        if not block or len(content) > _MOST_BLOCKS * BLOCK:
            raise InputError(f"{path} is truncated: a header has no end; download it again.")
        start = len(content)
        content += block


def _integer(header, key, path, default=None):
    value = header.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or (value < 0 and key != "BITPIX"):
        raise InputError(f"{path} has a damaged header ({key} is {value!r}): download it again.")
    return value


def _decoded(content, shape, bits, header):
    """Numbers as float64, scaled by BSCALE and BZERO, undefined integers as NaN."""
    stored = np.frombuffer(content, _NUMBERS[bits]).reshape(shape)
    values = stored.astype("f8")
    blank = header.get("BLANK")
    if header.get("BSCALE", 1) != 1 or header.get("BZERO", 0) != 0:
        values = values * header.get("BSCALE", 1) + header.get("BZERO", 0)
    if bits > 0 and isinstance(blank, int):
        values[stored == blank] = np.nan
    return values


def _walk(stream, path):
    """The first image of a stream: its primary header, its own header, its pixels.

    The rest of the stream is passed over, not ignored: what follows must be whole too, and gzip's
    checksum comes last.
    """
    primary = header = _header(stream, path, first=True)
    plain_image, packed, number = None, None, 0
    while header is not None:
        bits, axes = _integer(header, "BITPIX", path), _integer(header, "NAXIS", path)
        shape = [_integer(header, f"NAXIS{axis}", path) for axis in range(axes, 0, -1)]
        values = int(np.prod(shape, dtype=object)) if axes else 0
        size = _integer(header, "GCOUNT", path, 1) * (_integer(header, "PCOUNT", path, 0) + values)
        size *= abs(bits) // 8
        image = number == 0 or str(header.get("XTENSION")).strip() == "IMAGE"
        if plain_image is None and packed is None and image and values:
            if len(shape) != 2:
                raise InputError(
                    f"{path} has an image of {len(shape)} dimensions: EPIC images have two."
                )
            if bits not in _NUMBERS:
                raise InputError(f"{path} has a damaged header (BITPIX is {bits}).")
            plain_image = header, _decoded(_take(stream, size, path), shape, bits, header)
        else:
            _skip(stream, size, path)
        if (columns := _integer(header, "TFIELDS", path, 0)) > _MOST_COLUMNS:
            raise InputError(
                f"{path} has a damaged header (TFIELDS is {columns}): download it again."
            )
        if plain_image is None and packed is None and header.get("ZIMAGE") is True:
            _check_tiles(header, path)
            packed = number
        padding = len(stream.read(-size % BLOCK))
        number += 1
        header = _header(stream, path, first=False) if padding == -size % BLOCK else None
    while stream.read(_PIECE):
        pass
    if plain_image is None and packed is None:
        raise InputError(f"{path} holds no image, only tables or empty HDUs: remove it.")
    return primary, plain_image, packed


def _check_tiles(header, path):
    """Refuse a tile-compressed image that astropy should not be asked to unpack."""
    kind = str(header.get("ZCMPTYPE", "")).strip().upper()
    if kind not in _TILES:
        raise InputError(
            f"{path} has an image in tiles compressed by {kind[:20] or 'nothing'}: unpack "
            "it with funpack."
        )


def _unpacked(path, number):
    """A tile-compressed image, by astropy."""
    with fits.open(path, memmap=False) as file:
        pixels = np.asarray(file[number].data, dtype="f8")
        if pixels.ndim != 2 or not pixels.size:
            raise InputError(f"{path} has an image of {pixels.ndim} dimensions, not of two.")
        return file[number].header, pixels


def read_image(path: str | Path) -> tuple[Header, Header, np.ndarray]:
    """Read the first image of a file.

    Parameters
    ----------
    path : str or Path
        Plain or gzip-compressed FITS. The image is in the primary HDU or, where that is empty, in
        the first image extension, with any number type and scaling.

    Returns
    -------
    primary, header : astropy.io.fits.Header
        Of the primary HDU and of the image.
    pixels : (H, W) float64 array
        Scaled; undefined integers are NaN.

    Raises
    ------
    InputError
        One sentence, whatever is wrong.
    """
    try:
        with opened(path) as stream:
            primary, plain_image, packed = _walk(stream, path)
        header, pixels = plain_image or _unpacked(path, packed)
    except InputError:
        raise
    except (EOFError, zlib.error) as error:
        raise InputError(
            f"{path} is truncated or damaged (gzip: {error}): download it again."
        ) from error
    except MemoryError as error:
        raise InputError(f"{path} needs more memory than there is: remove it.") from error
    except Exception as error:
        # Headers can be damaged in more ways than can be foreseen, and one file must not stop all.
        raise InputError(f"{path} is not readable FITS ({error}): download it again.") from error
    return primary, header, pixels
