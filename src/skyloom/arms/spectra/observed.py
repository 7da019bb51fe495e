"""Observed spectra as archives and observers keep them: text, ECSV, FITS tables, 1D FITS images.

Whatever is wrong with a file is an `skyloom.errors.InputError` of one sentence.
"""

from __future__ import annotations

import codecs
import gzip
import re
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skyloom.arms.spectra import observed_fits, observed_text, wavelength_axes
from skyloom.errors import InputError
from skyloom.io.folders import name_of
from skyloom.registries import Readers

if TYPE_CHECKING:
    from skyloom.arms.spectra.table_columns import Raw


#: Readers of observed spectra by their formats; each gives a
#: `skyloom.arms.spectra.table_columns.Raw`.
READERS = Readers("observed spectra")

_GZIP = b"\x1f\x8b"
_FITS = b"SIMPLE  ="
# The names that label their star: the helium paper's files, our stellar ones, and MILES'.
_NUMBER = r"([+-]?\d+(?:\.\d+)?)"
_MILES = re.compile(rf"lt{_NUMBER}_lg{_NUMBER}_fe{_NUMBER}", re.IGNORECASE)
_HELIUM = re.compile(r"(?:^|_)t(\d{4,6})g(\d{2})v(\d+)(?!\d)", re.IGNORECASE)
_STELLAR = re.compile(r"(?:^|_)t(\d{4,6})g(\d{2})m([+-]\d{2})v(\d+)(?!\d)", re.IGNORECASE)


@dataclass(frozen=True)
class Spectrum:
    """One observed spectrum, as its file has it but in Å and by increasing wavelength."""

    wavelength: np.ndarray  # (L,) float64, Å, in the file's medium
    flux: np.ndarray  # (L,) float64, any unit; NaN where the file has none
    uncertainty: np.ndarray | None  # (L,) standard deviations; NaN where there is no valid flux
    medium: str | None  # "air" or "vacuum" where the file says so
    name: str  # the file's name without its endings
    known: dict = field(default_factory=dict)  # label: value, where name or header tell
    path: str = ""
    medium_from: str = ""  # what in the file says so: `skyloom.arms.spectra.medium.Medium.why`


def read_spectrum(path: str | Path) -> Spectrum:
    """Read one spectrum.

    Parameters
    ----------
    path : str or Path
        What one of `READERS` reads, of which the library has three: text of two or more columns
        (separated by blanks, tabs, commas or semicolons; comments and header lines are passed over,
        names in the last of them are used), ECSV, or FITS: a table with columns of wavelength (or
        its logarithm to base 10) and flux, one row a pixel or all in one row, or an image of one
        dimension with a linear or logarithmic wavelength axis. Any of them may be gzip-compressed.

    Returns
    -------
    Spectrum

    Raises
    ------
    InputError
        One sentence: missing, empty, truncated, no such columns, wavelengths that are unsorted,
        occur twice, are numbers of pixels or rows, or are not in Å (a unit in the file is
        converted).
    """
    path = Path(path)
    return READERS.read(path, lambda raw: _spectrum(raw, path))


@READERS.register("FITS", identify=lambda path, start: start.startswith(_FITS), priority=-1)
def read_fits(path: Path) -> Raw:
    """What a FITS file holds."""
    return observed_fits.read_fits(_content(path), path)


@READERS.register("ECSV", identify=lambda path, start: _is_ecsv(start), priority=-1)
def read_ecsv(path: Path) -> Raw:
    """What an ECSV table holds."""
    return observed_text.read_text(_content(path), path)


@READERS.register(
    "text",
    identify=lambda path, start: not (start.startswith(_FITS) or _is_ecsv(start) or b"\0" in start),
    priority=-1,
)
def read_text(path: Path) -> Raw:
    """What text in columns holds."""
    return observed_text.read_text(_content(path), path)


def _spectrum(raw, path):
    wavelength, flux, uncertainty = _checked(raw, path)
    name = name_of(path)
    known = labels_of_name(name) | raw.known
    said = raw.medium
    return Spectrum(wavelength, flux, uncertainty, said.name, name, known, str(path), said.why)


def _is_ecsv(start):
    return start.removeprefix(codecs.BOM_UTF8).startswith(b"# %ECSV")


def labels_of_name(name: str) -> dict[str, float]:
    """The labels that a file's name states: {label: value}, empty where it states none."""
    if found := _MILES.search(name):
        logarithm, log_g, m_h = map(float, found.groups())
        return {"teff": 10**logarithm, "log_g": log_g, "m_h": m_h}
    if found := _STELLAR.search(name):
        teff, log_g, m_h, velocity = map(float, found.groups())
        return {"teff": teff, "log_g": log_g / 10, "m_h": m_h / 10, "v_sin_i": velocity}
    if found := _HELIUM.search(name):
        teff, log_g, velocity = map(float, found.groups())
        return {"teff": teff, "log_g": log_g / 10, "v_rot": velocity}
    return {}


def _content(path):
    try:
        if not path.exists():
            raise InputError(f"{path} does not exist: check the path.")
        if not path.is_file():
            raise InputError(f"{path} is not a regular file: name a file or a folder of spectra.")
        content = path.read_bytes()
        if content.startswith(_GZIP):
            content = gzip.decompress(content)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(
            f"{path} is truncated or damaged gzip ({error}): download it again."
        ) from error
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}): check its permissions, or remove it."
        ) from error
    if not content:
        raise InputError(f"{path} is empty (0 bytes): download it again.")
    return content


def _checked(raw, path):
    """Increasing wavelengths in Å, or one sentence about what is wrong with them."""
    wavelength, flux, uncertainty = raw.wavelength, raw.flux, raw.uncertainty
    if len(wavelength) < 2 or not np.isfinite(wavelength).all():
        raise InputError(
            f"{path} has wavelengths that are NaN or infinite, or fewer than two of them: "
            "remove those points."
        )
    step = np.diff(wavelength)
    if np.all(step < 0):
        wavelength, flux = wavelength[::-1], flux[::-1]
        uncertainty = None if uncertainty is None else uncertainty[::-1]
    elif not np.all(step > 0):
        place = int(np.argmax(step <= 0))
        what = "occurs twice" if (step == 0).any() else "is followed by a smaller one"
        place = int(np.argmax(step == 0)) if (step == 0).any() else place
        raise InputError(
            f"{path}: the wavelength {wavelength[place]:.10g} {what}: sort the points, and merge "
            "orders that overlap."
        )
    if not raw.has_unit:
        wavelength_axes.check_counted(wavelength, path)
    _check_angstrom(wavelength, path)
    if not np.isfinite(flux).any():
        raise InputError(f"{path} has no flux: all its values are NaN or infinite.")
    return wavelength, flux, uncertainty


def _check_angstrom(wavelength, path):
    low, high = wavelength[0], wavelength[-1]
    if high > 1000 and low > 0 and high < 1e6:
        return
    guesses = (("m", 1e-7, 1e-4), ("µm", 0.09, 30), ("nm", 90, 1000))
    guess = next((unit for unit, least, most in guesses if least < high < most), None)
    remedy = f"they look like {guess}; " if guess else ""
    raise InputError(
        f"{path} has wavelengths from {low:g} to {high:g}, which are not Å: {remedy}state the unit "
        "in the file, or convert them to Å."
    )
