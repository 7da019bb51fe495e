"""The paper's files: two columns, wavelength and normalised flux, a space between them."""

from __future__ import annotations

import stat
from pathlib import Path

import numpy as np

from skyloom.arms.spectra import normalisation
from skyloom.errors import InputError

# Part of a step by which a file's wavelengths may differ from the window's.
_TOLERANCE = 0.01
# A file of 201 points has 4 kB.
_MOST_BYTES = 1 << 28


def writer(wavelength: np.ndarray):
    """A function from a flux, (L,) array, to the bytes of its file: Å to 1e-4, flux to 1e-6.

    Parameters
    ----------
    wavelength : (L,) array
        Formatted once for all files.
    """
    text = "".join(f"{value:.4f} %.6f\n" for value in wavelength)
    return lambda flux: (text % tuple(flux.tolist())).encode()


def read_spectrum(
    path: str | Path, wavelength: np.ndarray, *, name: str | None = None
) -> np.ndarray:
    """Flux of one file.

    Parameters
    ----------
    path : str or Path
    wavelength : (L,) array
        What its wavelengths must be, to a hundredth of a step, in Å.
    name : str, optional
        What the file is called in messages.

    Returns
    -------
    (L,) float64 array

    Raises
    ------
    InputError
        If it cannot be read, is not two columns of finite numbers, has another number of points,
        is not sorted, has other wavelengths, or a flux that is not over the continuum; the first
        that is wrong.
    """
    name = name or str(path)
    try:
        found = Path(path).stat()
        if not stat.S_ISREG(found.st_mode):
            raise InputError(
                f"{name} cannot be read (it is not a regular file): remove it from the folder."
            )
        if found.st_size > _MOST_BYTES:
            raise InputError(f"{name} is larger than any spectrum: remove it from the folder.")
        text = Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{name} cannot be read ({error.strerror}).") from error
    found, flux = _columns(text, name)
    if len(found) != len(wavelength):
        raise InputError(f"{name} has {len(found)} points instead of {len(wavelength)}.")
    for column, what in ((found, "wavelength"), (flux, "flux")):
        if not np.isfinite(column).all():
            line = int(np.argmin(np.isfinite(column))) + 1
            raise InputError(f"{name}: the {what} of point {line} is NaN or infinite.")
    rising = np.diff(found) > 0
    if not rising.all():
        line = int(np.argmin(rising)) + 2
        raise InputError(f"{name}: the wavelengths are not sorted (point {line}).")
    off = abs(found - wavelength)
    if off.max() > _TOLERANCE * np.diff(wavelength).min():
        raise InputError(
            f"{name}: its wavelengths run from {found[0]:g} to {found[-1]:g} Å and differ from the "
            f"window's ({wavelength[0]:g} to {wavelength[-1]:g} Å in even steps) by up to "
            f"{off.max():.3g} Å."
        )
    if not normalisation.is_normalised(flux):
        raise InputError(
            f"{name} has a flux of about {np.median(flux):.3g}, not about 1: divide it by its "
            "continuum."
        )
    return flux


def _columns(text, name):
    """Two columns of a file's bytes as float64 arrays."""
    lines = text.splitlines()
    rows = [row for row in map(bytes.split, lines) if row]
    if not rows:
        raise InputError(f"{name} is empty.")
    wrong = next((number for number, row in enumerate(rows, 1) if len(row) != 2), None)
    if wrong is not None:
        raise InputError(
            f"{name} does not have two columns in line {wrong} ({len(rows[wrong - 1])} instead)."
        )
    try:
        return np.array(rows).astype(np.float64).T
    except ValueError as error:
        raise InputError(f"{name}: {_not_a_number(rows)}.") from error


def _not_a_number(rows):
    """Where the first text stands that is no number."""
    for number, row in enumerate(rows, 1):
        for word in row:
            try:
                float(word)
            except ValueError:
                return f"line {number} has {word.decode(errors='replace')!r} instead of a number"
    return "a line has text instead of a number"
