"""One EPIC image: a FITS file of counts, checked, and divided by its exposure.

Whatever is wrong with a file is an `skyloom.errors.InputError` of one sentence, so that a folder of
thousands can be read to its end and the sentence listed beside the file's name.

Files are read as a stream, header by header, rather than by `astropy.io.fits.open`: a file that
ends early is then recognised for certain, and a compressed event list of gigabytes is passed over
without being held. Only tile-compressed images go through astropy.
"""

import contextlib
import gzip
import re
import stat
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits

from skyloom.errors import InputError

#: Keyword by which the simulator marks its files (eight letters are all that FITS allows).
SYNTHETIC_KEYWORD = "SYNTHETI"

_NAMED_OBSERVATION = re.compile(r"(?<!\d)(\d{10})(?!\d)")
_RAW_OBSERVATION = re.compile(rb"OBS_ID  = *'? *(\d{1,10}) *['/ ]")
_GZIP = b"\x1f\x8b"
_BLOCK = 2880
_CARD = 80
#: A header longer than this many blocks is no header (36,000 cards).
_MOST_BLOCKS = 1000
_PIECE = 1 << 20
_NUMBERS = {8: "u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}


@dataclass(frozen=True)
class Image:
    """What a FITS file of counts holds."""

    counts: np.ndarray  # (H, W), float64
    observation: str  # ten digits, or "" where neither header nor name tells
    exposure: object  # EXPOSURE of the header, seconds; None where there is none
    instrument: str  # INSTRUME, for example EMOS2; "" where there is none
    synthetic: bool


def observation_id(value):
    """An observation's identifier as ten digits.

    Parameters
    ----------
    value : str, bytes, int or float
        As a header or a table gives it: tables read from CSV lose the leading zeros.

    Returns
    -------
    str
        Ten digits where `value` is a number of at most ten; otherwise the stripped text, and ``""``
        where there is none.
    """
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        value = int(value)
    text = str(value).strip()
    return text.zfill(10) if text.isdecimal() and len(text) <= 10 else text


def observation_of_name(path):
    """The ten digits of a file's name, as in ``P0098010101M2U009IMAGE_3000.FTZ``, or ``""``."""
    found = _NAMED_OBSERVATION.search(Path(path).name)
    return found[1] if found else ""


def claimed_observation(path):
    """The observation that a file seems to belong to, also where its FITS is beyond reading.

    Returns
    -------
    str
        From the first bytes' OBS_ID, else from the name, else ``""``.
    """
    found = None
    with contextlib.suppress(InputError, OSError, EOFError, zlib.error), _opened(path) as stream:
        found = _RAW_OBSERVATION.search(stream.read(20 * _BLOCK))
    return observation_id(found[1]) if found else observation_of_name(path)


@contextlib.contextmanager
def _opened(path):
    """The file's bytes as a stream, decompressed if they are gzip, whatever the name says."""
    try:
        found = Path(path).stat()
        if not stat.S_ISREG(found.st_mode):
            raise InputError(f"{path} is not a regular file: remove it from the folder.")
        plain = open(path, "rb")
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}): check its permissions, or remove it."
        ) from error
    with plain:
        if found.st_size == 0:
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
    content = stream.read(_BLOCK)
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
        block = stream.read(_BLOCK)
        if not block or len(content) > _MOST_BLOCKS * _BLOCK:
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
    found, packed, number = None, None, 0
    while header is not None:
        bits, axes = _integer(header, "BITPIX", path), _integer(header, "NAXIS", path)
        shape = [_integer(header, f"NAXIS{axis}", path) for axis in range(axes, 0, -1)]
        values = int(np.prod(shape, dtype=object)) if axes else 0
        size = _integer(header, "GCOUNT", path, 1) * (_integer(header, "PCOUNT", path, 0) + values)
        size *= abs(bits) // 8
        image = number == 0 or str(header.get("XTENSION")).strip() == "IMAGE"
        if found is None and image and values:
            if len(shape) != 2:
                raise InputError(
                    f"{path} has an image of {len(shape)} dimensions: EPIC images have two."
                )
            if bits not in _NUMBERS:
                raise InputError(f"{path} has a damaged header (BITPIX is {bits}).")
            found = header, _decoded(_take(stream, size, path), shape, bits, header)
        else:
            _skip(stream, size, path)
        if found is None and packed is None and header.get("ZIMAGE") is True:
            packed = number
        padding = len(stream.read(-size % _BLOCK))
        number += 1
        header = _header(stream, path, first=False) if padding == -size % _BLOCK else None
    while stream.read(_PIECE):
        pass
    if found is None and packed is None:
        raise InputError(f"{path} holds no image, only tables or empty HDUs: remove it.")
    return primary, found, packed


def _unpacked(path, number):
    """A tile-compressed image, by astropy."""
    with fits.open(path, memmap=False) as file:
        pixels = np.asarray(file[number].data, dtype="f8")
        if pixels.ndim != 2:
            raise InputError(f"{path} has an image of {pixels.ndim} dimensions, not of two.")
        return file[number].header, pixels


def _read(path):
    """Primary header, image header and pixels (H, W) of one file; every failure an InputError."""
    try:
        with _opened(path) as stream:
            primary, found, packed = _walk(stream, path)
        header, pixels = found or _unpacked(path, packed)
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


def _text(value):
    return "" if value is None or isinstance(value, fits.card.Undefined) else str(value).strip()


def read_image(path):
    """Read the counts of one FITS file and the keywords that the arm needs.

    Parameters
    ----------
    path : str or Path
        Plain or gzip-compressed FITS. The image is in the primary HDU or, where that is empty, in
        the first image extension, with any number type and scaling.

    Returns
    -------
    Image

    Raises
    ------
    InputError
        One sentence: unreadable, empty, not FITS, truncated, no image, not of two dimensions, NaN
        or infinite or negative counts, no counts at all, a map instead of counts.
    """
    primary, header, counts = _read(path)

    def keyword(name):
        return header.get(name, primary.get(name))

    content = _text(keyword("CONTENT"))
    if re.search(r"\bMAP\b", content.upper()):
        raise InputError(f"{path} is a map (CONTENT is {content!r}), not an image of counts.")
    undefined = counts.size - int(np.isfinite(counts).sum())
    if undefined:
        raise InputError(f"{path} has {undefined} pixels that are NaN or infinite.")
    if counts.min() < 0:
        raise InputError(f"{path} has negative counts (down to {counts.min():g}).")
    if not counts.any():
        raise InputError(f"{path} has no counts: all its pixels are 0.")
    return Image(
        counts=counts,
        observation=observation_id(_text(keyword("OBS_ID"))) or observation_of_name(path),
        exposure=keyword("EXPOSURE"),
        instrument=_text(keyword("INSTRUME")),
        synthetic=keyword(SYNTHETIC_KEYWORD) is True,
    )


def seconds(value, what):
    """A positive, finite exposure in seconds.

    Raises
    ------
    InputError
        If there is none, or it is not a positive number; the sentence begins with `what`.
    """
    if value is None or value is np.ma.masked or isinstance(value, fits.card.Undefined):
        raise InputError(f"{what} has no exposure: give one, or set xmm.exposure otherwise.")
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not number or not np.isfinite(value) or value <= 0:
        raise InputError(f"{what} has the exposure {value!r}, not a positive number of seconds.")
    return float(value)


def read_map(path):
    """An exposure map: (H, W) float64 seconds, where 0, NaN and negative mean not exposed.

    Raises
    ------
    InputError
        If the file cannot be read or no pixel is exposed.
    """
    _, _, exposed = _read(path)
    exposed = np.where(np.isfinite(exposed) & (exposed > 0), exposed, 0.0)
    if not exposed.any():
        raise InputError(f"{path} is an exposure map without a pixel above 0.")
    return exposed


def divide_by_map(counts, exposed, *, name):
    """Counts/s where the map is above 0, and 0 elsewhere.

    Parameters
    ----------
    counts, exposed : (H, W) array
    name : str or Path
        Of the map, for the message.

    Raises
    ------
    InputError
        If the shapes differ, or no counted photon lies where the map is above 0.
    """
    if exposed.shape != counts.shape:
        raise InputError(
            f"{name} has {exposed.shape[0]}x{exposed.shape[1]} pixels, its image "
            f"{counts.shape[0]}x{counts.shape[1]}: they must be on one grid."
        )
    rate = np.divide(counts, exposed, out=np.zeros_like(counts), where=exposed > 0)
    if not rate.any():
        raise InputError(f"{name} is 0 wherever its image has counts: it is another field's map.")
    return rate


def framed(image, frame, *, smaller, name):
    """An image of exactly the frame's size.

    Parameters
    ----------
    image : (H, W) array
    frame : (int, int) or None
        Height and width; None leaves the image as it is.
    smaller : 'reject' or 'pad'
        Padding puts the image in the middle of zeros (an odd row or column more goes at the end).
    name : str or Path
        Of the image, for the message.

    Raises
    ------
    InputError
        If the image is larger, or smaller and `smaller` is 'reject'.
    """
    if frame is None or image.shape == tuple(frame):
        return image
    check_frame(image.shape, frame, smaller=smaller, name=name)
    missing = [size - own for size, own in zip(frame, image.shape, strict=True)]
    return np.pad(image, [(total // 2, total - total // 2) for total in missing])


def check_frame(shape, frame, *, smaller, name):
    """Raise the InputError of `framed` if an image of this shape does not fit the frame."""
    size, wanted = "{}x{}".format(*shape), "{}x{}".format(*frame)
    if any(own > side for own, side in zip(shape, frame, strict=True)):
        raise InputError(f"{name} has {size} pixels, more than the frame of {wanted}.")
    if smaller != "pad" and tuple(shape) != tuple(frame):
        raise InputError(
            f"{name} has {size} pixels, less than the frame of {wanted}: "
            "set xmm.frame.smaller to pad if it shall be filled with zeros."
        )


def read_rate(path, exposure, *, frame=None, smaller="reject", exposure_map=None):
    """The count rate image of one row of the inventory.

    Parameters
    ----------
    path : str or Path
        The image: the configured folder joined with the inventory's ``file``.
    exposure : float
        The inventory's ``exposure``, in seconds.
    frame : (int, int), optional
        Height and width that the image must have: the inventory's ``meta["frame"]``. Any without.
    smaller : 'reject' or 'pad'
        What happens to an image smaller than the frame; padding puts it in the middle of zeros (the
        odd row or column at the end).
    exposure_map : str or Path, optional
        A map of exposure times in seconds, to divide by pixel by pixel instead of `exposure`: the
        folder joined with the inventory's ``exposure_map``, a column that exists where maps are
        used.

    Returns
    -------
    (H, W) float64 array
        Counts/s; 0 where the map is 0.

    Raises
    ------
    InputError
        As `read_image`; or if the image does not have the frame's size, the exposure is not
        positive and finite, or the map is unusable.
    """
    counts = read_image(path).counts
    if exposure_map:
        rate = divide_by_map(counts, read_map(exposure_map), name=exposure_map)
    else:
        rate = counts / seconds(exposure, path)
    return framed(rate, frame, smaller=smaller, name=path)
