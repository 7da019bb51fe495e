"""One EPIC image: a FITS file of counts, checked, and divided by its exposure.

Whatever is wrong with a file is an `skyloom.errors.InputError` of one sentence, so that a folder of
thousands can be read to its end and the sentence listed beside the file's name.
"""

from __future__ import annotations

import contextlib
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.io import fits

from skyloom.arms.xmm import products
from skyloom.errors import InputError
from skyloom.io import fits_stream
from skyloom.registries import Readers

if TYPE_CHECKING:
    from skyloom.arms.xmm.products import Stated

#: Readers of counts by their formats; each gives two FITS headers, of a file and of its image, or
#: one for both twice, with the keywords that an image of EPIC has, and counts, (H, W) float64.
READERS = Readers("EPIC images")
READERS.register("FITS", identify=lambda path, start: start.startswith(b"SIMPLE  ="), priority=-1)(
    fits_stream.read_image
)
#: Keyword by which the simulator marks its files (eight letters are all that FITS allows).
SYNTHETIC_KEYWORD = "SYNTHETI"

_NAMED_OBSERVATION = re.compile(r"(?<!\d)(\d{10})(?!\d)")
_RAW_OBSERVATION = re.compile(rb"OBS_ID  = *'? *(\d{1,10}) *['/ ]")


@dataclass(frozen=True)
class Image:
    """What a FITS file of counts holds."""

    counts: np.ndarray  # (H, W), float64
    observation: str  # ten digits, or "" where neither header nor name tells
    exposure: object  # EXPOSURE of the header, seconds; None where there is none
    instrument: str  # INSTRUME, for example EMOS2; "" where there is none
    synthetic: bool
    stated: products.Stated  # of which camera, exposure, band and pixels it says that it is


def observation_id(value: str | bytes | float) -> str:
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


def observation_of_name(path: str | Path) -> str:
    """The ten digits of a file's name, as in ``P0098010101M2U009IMAGE_3000.FTZ``, or ``""``."""
    found = _NAMED_OBSERVATION.search(Path(path).name)
    return found[1] if found else ""


def claimed_observation(path: str | Path) -> str:
    """The observation that a file seems to belong to, also where its FITS is beyond reading.

    Returns
    -------
    str
        From the first bytes' OBS_ID, else from the name, else ``""``.
    """
    found = None
    with (
        contextlib.suppress(InputError, OSError, EOFError, zlib.error),
        fits_stream.opened(path) as stream,
    ):
        found = _RAW_OBSERVATION.search(stream.read(20 * fits_stream.BLOCK))
    return observation_id(found[1]) if found else observation_of_name(path)


def _text(value):
    return "" if value is None or isinstance(value, fits.card.Undefined) else str(value).strip()


def read_image(path: str | Path) -> Image:
    """Read the counts of one FITS file and the keywords that the arm needs.

    Parameters
    ----------
    path : str or Path
        What one of `READERS` reads; first of all FITS, plain or gzip-compressed. The image is in
        the primary HDU or, where that is empty, in the first image extension, with any number type
        and scaling.

    Returns
    -------
    Image

    Raises
    ------
    InputError
        One sentence: unreadable, empty, not FITS, truncated, no image, not of two dimensions, NaN
        or infinite or negative counts, no counts at all, and whatever a header says that is not
        counts of EPIC: a map, a mask, a rate, another instrument.
    """
    return READERS.read(path, lambda read: _checked(path, *read))


def _checked(path, primary, header, counts):
    keyword = _needed(header, primary, path)
    products.check_counts(keyword, path)
    least, most = counts.min(), counts.max()
    if not (np.isfinite(least) and np.isfinite(most)):
        undefined = counts.size - int(np.isfinite(counts).sum())
        raise InputError(f"{path} has {undefined} pixels that are NaN or infinite.")
    if least < 0:
        raise InputError(f"{path} has negative counts (down to {least:g}).")
    if most == 0:
        raise InputError(f"{path} has no counts: all its pixels are 0.")
    stated = _stated(header, primary, path)
    return Image(
        counts=counts,
        observation=str(stated.observation),
        exposure=keyword("EXPOSURE"),
        instrument=_text(keyword("INSTRUME")),
        synthetic=keyword(SYNTHETIC_KEYWORD) is True,
        stated=stated,
    )


def _needed(header, primary, path):
    """The keywords of an image or its file; a damaged one is an InputError."""

    def keyword(name):
        try:
            return header.get(name, primary.get(name))
        except fits.VerifyError as error:
            raise InputError(f"{path} has a damaged header ({name}): download it again.") from error

    return keyword


def _stated(header, primary, path):
    """What a file says of itself; see `skyloom.arms.xmm.products.Stated`."""
    given = _text(_needed(header, primary, path)("OBS_ID"))
    observation = products.Said(observation_id(given), observation_of_name(path))
    keyword, own = products.lenient(header, primary), products.lenient(header)
    return products.stated(keyword, own, path, observation)


def seconds(value: Any, what: str | Path) -> float:
    """A positive, finite exposure in seconds.

    Raises
    ------
    InputError
        If there is none, or it is not a positive number; the sentence begins with `what`.
    """
    if value is None or value is np.ma.masked or isinstance(value, fits.card.Undefined):
        raise InputError(f"{what} has no exposure: give one, or set xmm.exposure otherwise.")
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    # As a float: NumPy knows no integer as long as a damaged header may hold.
    if not number or not np.isfinite(float(value)) or value <= 0:
        raise InputError(f"{what} has the exposure {value!r}, not a positive number of seconds.")
    return float(value)


def read_map(path: str | Path) -> np.ndarray:
    """An exposure map: (H, W) float64 seconds, where 0, NaN and negative mean not exposed.

    Raises
    ------
    InputError
        If the file cannot be read, is in another unit than seconds, or no pixel is exposed.
    """
    return read_stated_map(path)[0]


def read_stated_map(path: str | Path) -> tuple[np.ndarray, Stated]:
    """An exposure map as `read_map`, and what its file says of itself.

    Returns
    -------
    exposed : (H, W) float64 array
        Seconds.
    stated : `skyloom.arms.xmm.products.Stated`
    """
    primary, header, exposed = fits_stream.read_image(path)
    products.check_seconds(_needed(header, primary, path), path)
    exposed = np.where(np.isfinite(exposed) & (exposed > 0), exposed, 0.0)
    if not exposed.any():
        raise InputError(f"{path} is an exposure map without a pixel above 0.")
    return exposed, _stated(header, primary, path)


def divide_by_map(counts: np.ndarray, exposed: np.ndarray, *, name: str | Path) -> np.ndarray:
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


def framed(
    image: np.ndarray, frame: tuple[int, int] | None, *, smaller: str, name: str | Path
) -> np.ndarray:
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


def check_frame(
    shape: tuple[int, int], frame: tuple[int, int], *, smaller: str, name: str | Path
) -> None:
    """Raise the InputError of `framed` if an image of this shape does not fit the frame."""
    size, wanted = "{}x{}".format(*shape), "{}x{}".format(*frame)
    if any(own > side for own, side in zip(shape, frame, strict=True)):
        raise InputError(f"{name} has {size} pixels, more than the frame of {wanted}.")
    if smaller != "pad" and tuple(shape) != tuple(frame):
        raise InputError(
            f"{name} has {size} pixels, less than the frame of {wanted}: "
            "set xmm.frame.smaller to pad if it shall be filled with zeros."
        )


def read_rate(
    path: str | Path,
    exposure: float,
    *,
    frame: tuple[int, int] | None = None,
    smaller: str = "reject",
    exposure_map: str | Path | None = None,
) -> np.ndarray:
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
