"""The wavelength axis of a one-dimensional FITS image, by its header.

Only what is surely a wavelength, or its logarithm, is read; every other axis is refused by name.
Sources: FITS papers I and III (Greisen & Calabretta 2002, A&A 395, 1061; Greisen et al. 2006, A&A
446, 747); IRAF's ``specwcs`` page for LINEAR, DC-FLAG and the labels of WAT1_001.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skyloom.arms.spectra import table_columns
from skyloom.errors import InputError

if TYPE_CHECKING:
    from astropy.io.fits import Header

# A word of CTYPE1, or all of it without signs, by which an axis is a wavelength: LINEAR is IRAF's
# and ESO's, LOG-LINEAR APOGEE's, log(wavelength) HERMES'.
_WAVELENGTH = re.compile(r"WAVE|AWAV|LAMBDA|LAM$|^LAM|^WL|^WAV$|^ANG$|ANGSTR|MICROMET|VACUUM")
_LINEAR = ("", "A", "LINEAR", "LOG", "LOG10", "LOGLIN", "LOGLINEAR", "LINEARLOG", "NM", "AA")
_LINEAR += ("NANOMETER", "NANOMETERS", "NANOMETRE", "MICRON", "MICRONS", "UM")
# A word for a name that is not known says nothing.
_LINEAR += ("NONE", "UNKNOWN", "INDEF")
# Paper III, table 2: WAVE-F2W is even in frequency, WAVE-GRI on a grism, WAVE-TAB in a table; only
# LOG is known here. WAVE-AIR is no such code.
_CODED = re.compile(r"(WAVE|AWAV)-([FWVA]2[FWVA]|GRI|GRA|TAB)$")
_OTHER = re.compile(r"(LOG)?(PIX|INDEX|CHANNEL|VELO|VRAD|VOPT|FREQ|ENER|WAVN|WAVENUM)")
# Of a pixel, over the whole axis: what header numbers printed to seven digits differ by.
_TOLERANCE = 0.1


def wavelengths(
    own: Header, primary: Header, pixels: int, path: str | Path
) -> tuple[np.ndarray, bool]:
    """The wavelengths of an image's first axis.

    Parameters
    ----------
    own, primary : `astropy.io.fits.Header`
        Headers of the unit and of the file; the unit's words come first.
    pixels : int
    path : str or Path
        For messages.

    Returns
    -------
    wavelength : (pixels,) float64 array
        Å.
    has_unit : bool
        Whether the header states the unit.

    Raises
    ------
    InputError
        If there is no axis, it is no wavelength, or the header says two things about it.
    """
    header = merged(own, primary)
    unit = table_columns.bare_unit(stated_unit(header))
    _check_kind(header, unit, path)
    place = np.arange(pixels)
    first, slope = (_number(header, name) for name in ("COEFF0", "COEFF1"))
    step, stated = _step(own, primary, pixels, path)
    start = _number(header, "CRVAL1")
    if first is not None and slope is not None:
        made = 10 ** (first + slope * place)
        # COEFF0 and COEFF1 once more, without IRAF's flag for a logarithm, are no other axis.
        repeated = start is not None and abs(start - first) <= _TOLERANCE * abs(slope)
        if start is not None and step and not (repeated and _is_same(step, slope, pixels)):
            _check_same(made, _linear_or_log(header, start, step, place), (start, stated), path)
        return made, True
    if start is None or not step:
        raise InputError(
            f"{path} has no wavelength axis: CRVAL1 and CDELT1 (or CD1_1) are missing."
        )
    scale = table_columns.angstroms(unit, path)
    return _linear_or_log(header, start, step, place) * scale, bool(unit)


def check_counted(wavelength: np.ndarray, path: str | Path) -> None:
    """Refuse wavelengths without a unit that are the numbers of pixels or rows.

    Parameters
    ----------
    wavelength : (L,) array
        Increasing.
    path : str or Path
    """
    step = np.diff(wavelength)
    even = np.all(abs(step - step[0]) <= 1e-6 * step[0])
    if even and 0 <= wavelength[0] <= step[0] * (1 + 1e-6):
        raise InputError(
            f"{path} has no wavelengths: its axis counts from {wavelength[0]:g} in steps of "
            f"{step[0]:g} without a unit, as pixels or rows do: give every point a wavelength, "
            "or state the unit."
        )


def merged(own, primary):
    """The unit's header with what it leaves to the file's; an axis of its own is its own alone."""
    if own is primary:
        return own
    header = primary.copy()
    if "CRVAL1" in own:
        for name in ("CTYPE1", "CRPIX1", "COEFF0", "COEFF1", "WAT1_001"):
            header.remove(name, ignore_missing=True)
    header.update(own)
    return header


def _number(header, *names):
    for name in names:
        value = header.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    return None


def _step(own, primary, pixels, path):
    """The axis' step and what states it; both words of one header must agree.

    Paper I: a header has CDELT1 (times PC1_1, if there is one) or CD1_1; where a writer left both,
    CDELT1 is to be ignored, but a left-over CD1_1 is as likely as a left-over CDELT1.
    """
    for header in (own, primary):
        # No axis has a step of 0: some writers fill a keyword that they do not use with it.
        matrix, increment = _number(header, "CD1_1") or None, _number(header, "CDELT1") or None
        factor = _number(header, "PC1_1")
        # astropy's WCS writes a step as PC1_1 beside CDELT1 = 1.
        whole = None if increment is None else increment * (1.0 if factor is None else factor)
        if matrix is not None:
            if whole is not None and not _is_same(whole, matrix, pixels):
                raise InputError(
                    f"{path} has two steps of wavelength, CD1_1 = {matrix:g} and CDELT1 = "
                    f"{increment:g}: remove the wrong one from its header."
                )
            return matrix, f"CD1_1 = {matrix:g}"
        if whole is not None:
            return whole, f"CDELT1 = {increment:g}"
    return None, ""


def _is_same(step, other, pixels):
    """Whether two steps are one over the whole axis, but for rounding."""
    return abs(step - other) * pixels <= _TOLERANCE * abs(other)


def _check_same(made, other, said, path):
    limit = _TOLERANCE * abs(np.diff(made).mean())
    if not np.all(abs(made - other) <= limit):
        raise InputError(
            f"{path} has two wavelength axes, COEFF0 and COEFF1 from {made[0]:.8g} Å and CRVAL1 = "
            f"{said[0]:.8g} with {said[1]}: remove the wrong one from its header."
        )


def _linear_or_log(header, start, step, place):
    # IRAF leaves CRPIX1 out where it is 1; the standard's default of 0 is never meant.
    reference = _number(header, "CRPIX1")
    offset = (place + 1 - (1.0 if reference is None else reference)) * step
    said = str(header.get("CTYPE1", "")).upper() + str(header.get("WFITTYPE", "")).upper()
    if header.get("DC-FLAG") == 1 or ("LOG" in said and abs(start) < 10):
        # Base 10, as IRAF and many pipelines write it; no wavelength in Å is below 10.
        with np.errstate(over="ignore"):
            return 10 ** (start + offset)
    if "LOG" in said:
        # FITS paper III, equation 5: base e, step at CRVAL1.
        return start * np.exp(offset / start)
    return start + offset


def _check_kind(header, unit, path):
    """Refuse an axis that CTYPE1, or IRAF's label of it, calls something else."""
    if header.get("DC-FLAG") == -1:
        raise InputError(
            f"{path} has no wavelength axis (DC-FLAG is -1, not calibrated): calibrate it first."
        )
    label = re.search(r"label\s*=\s*(\"[^\"]*\"|\S+)", str(header.get("WAT1_001", "")))
    for name, stated in (("CTYPE1", header.get("CTYPE1", "")), ("WAT1_001", label and label[1])):
        kind = str(stated or "").strip().strip("\"'").upper()
        plain = re.sub(r"[^A-Z0-9]", "", kind)
        other = _CODED.match(kind) or _OTHER.match(plain)
        known = not other and (plain in _LINEAR or _WAVELENGTH.search(plain))
        # A length is a wavelength under any name that is not another quantity's.
        if known or (not other and (name == "WAT1_001" or (unit and _is_length(unit)))):
            continue
        raise InputError(
            f"{path} has an axis of {name} = {str(stated).strip()!r}, which is no wavelength: "
            "resample the spectrum to even steps of wavelength, or correct the header."
        )


def _is_length(unit):
    try:
        return bool(table_columns.angstroms(unit, ""))
    except InputError:
        return False


def stated_unit(header):
    """The unit of the first axis, from CUNIT1 or IRAF's WAT1_001; "" where none is stated."""
    if stated := str(header.get("CUNIT1", "")).strip():
        logarithm = re.fullmatch(r"log(?:10)?\((.*)\)", stated, re.IGNORECASE)
        return logarithm[1] if logarithm else stated
    found = re.search(r"units\s*=\s*(\"[^\"]*\"|\S+)", str(header.get("WAT1_001", "")))
    return found[1].strip('"') if found else ""
