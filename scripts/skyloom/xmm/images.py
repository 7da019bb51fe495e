"""One EPIC image: a FITS file of counts, checked, and divided by its exposure.

Whatever is wrong with a file is an `skyloom.errors.InputError` of one sentence, so that a folder of
thousands can be read to its end and the sentence listed beside the file's name.
"""

import gzip
import re
import stat
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits

from skyloom.errors import InputError

#: Endings of file names that may be images, in lower case; ``.ftz`` is the pipeline's ``.fits.gz``.
SUFFIXES = (".fits", ".fit", ".fts", ".ftz", ".fits.gz", ".fit.gz", ".fts.gz")
#: Keyword by which the simulator marks its files (eight letters are all that FITS allows).
SYNTHETIC_KEYWORD = "SYNTHETI"

_NAMED_OBSERVATION = re.compile(r"(?<!\d)(\d{10})(?!\d)")
_RAW_OBSERVATION = re.compile(rb"OBS_ID  = *'? *(\d{1,10}) *'?")
_GZIP = b"\x1f\x8b"
# Unread rest of a compressed file is taken in pieces, so that an event list of gigabytes is not
# held at once.
_PIECE = 1 << 20


@dataclass(frozen=True)
class Image:
    """What a FITS file of counts holds."""

    counts: np.ndarray  # (H, W), float64
    observation: str  # ten digits, or "" where neither header nor name tells
    exposure: float | None  # of the header, in seconds; None where the header has none
    exposure_text: str  # the keyword as the header has it, for messages
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
    try:
        with _opened(path) as stream:
            found = _RAW_OBSERVATION.search(stream.read(1 << 16))
    except (InputError, OSError, EOFError, zlib.error):
        found = None
    return observation_id(found[1]) if found else observation_of_name(path)


def _opened(path):
    """The file's bytes as a stream, decompressed if they are gzip, whatever the name says."""
    try:
        found = Path(path).stat()
        if not stat.S_ISREG(found.st_mode):
            raise InputError(f"{path} is not a regular file: remove it from the folder.")
        stream = open(path, "rb")  # noqa: SIM115 - closed by the caller
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}): check its permissions, or remove it."
        ) from error
    if found.st_size == 0:
        stream.close()
        raise InputError(f"{path} is empty: download it again.")
    head = stream.peek(2)[:2]
    return gzip.GzipFile(fileobj=stream) if head == _GZIP else stream


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
    raise NotImplementedError


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
        folder joined with the inventory's ``exposure_map``, which is ``""`` for none.

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
    raise NotImplementedError
