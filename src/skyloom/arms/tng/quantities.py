"""Masses and sizes with a unit, as a configuration writes them; imports nothing that costs time."""

import math
import re

from skyloom.errors import InputError

_MASS = re.compile(r"\s*([0-9.eE+-]+)\s*Msun\s*(/\s*h)?\s*")
_SIZE = re.compile(r"\s*([0-9.eE+-]+)\s*(pixel|ckpc/h|ckpc|kpc)\s*")


def catalogue_mass(value, hubble):
    """A mass in the catalogue's unit, 10^10 Msun/h.

    Parameters
    ----------
    value : float or str
        A number is in the catalogue's unit already; a string carries its own, ``"2e12 Msun"`` or
        ``"2e12 Msun/h"``.
    hubble : float
        The simulation's h.

    Raises
    ------
    InputError
        If the unit is another one.
    """
    if isinstance(value, int | float):
        return float(value)
    match = _MASS.fullmatch(str(value))
    try:
        number = float(match[1])
    except (TypeError, ValueError) as error:
        raise InputError(
            f"The mass {value!r} in tng.selection has no unit known here: "
            "write a number (10^10 Msun/h), '2e12 Msun' or '2e12 Msun/h'."
        ) from error
    return number / 1e10 * (1.0 if match[2] else hubble)


def pixels(size, *, width, bins, scale_factor, hubble):
    """A filter's size in pixels.

    Parameters
    ----------
    size : float or str
        A number is in pixels; a string carries its unit: ``"3 pixel"``, ``"0.7 ckpc/h"``
        (comoving), ``"1 ckpc"`` (comoving) or ``"1 kpc"`` (physical).
    width : float
        Side of the map, ckpc/h.
    bins : int
        Pixels a side.
    scale_factor, hubble : float
        a and h of the map's snapshot.

    Raises
    ------
    InputError
        If the unit is unknown or the size is not positive.
    """
    match = _SIZE.fullmatch(size if isinstance(size, str) else f"{size} pixel")
    try:
        number, unit = float(match[1]), match[2]
    except (TypeError, ValueError) as error:
        raise InputError(
            f"The size {size!r} in tng.variants has no unit known here: write a number (pixels), "
            "'0.7 ckpc/h', '1 ckpc' (comoving) or '1 kpc' (physical)."
        ) from error
    if not 0 < number < math.inf:
        raise InputError(f"The size {size!r} in tng.variants must be larger than 0 and finite.")
    pixel = width / bins
    lengths = {
        "pixel": 1.0,
        "ckpc/h": 1.0 / pixel,
        "ckpc": hubble / pixel,
        "kpc": hubble / scale_factor / pixel,
    }
    return number * lengths[unit]
