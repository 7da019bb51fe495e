"""Wavelength scales: air and vacuum, rest frame, grids that are even in wavelength or velocity.

Wavelengths are in Å, velocities in km/s.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

#: Speed of light in km/s, exact by definition.
LIGHT = 299792.458
#: Vacuum wavelengths, in Å, for which Ciddor (1996) gives the refractive index of air.
CIDDOR_RANGE = (2300.0, 16900.0)


def _refractivity(vacuum):
    """Refractivity n - 1 of standard air: Ciddor 1996, equation 1."""
    wavenumber = (1e4 / vacuum) ** 2  # per µm², of the vacuum wavelength
    return 5792105e-8 / (238.0185 - wavenumber) + 167917e-8 / (57.362 - wavenumber)


def _check_range(wavelength):
    wavelength = np.asarray(wavelength, np.float64)
    low, high = CIDDOR_RANGE
    # An air wavelength is 0.03 % shorter than its vacuum wavelength.
    if not np.all((wavelength >= low * 0.9996) & (wavelength <= high)):
        raise ValueError(f"the refractive index of air is known from {low:g} to {high:g} Å only")
    return wavelength


def vacuum_to_air(wavelength: npt.ArrayLike) -> np.ndarray:
    """Wavelengths in standard air of light with these wavelengths in vacuum.

    Parameters
    ----------
    wavelength : array_like
        In vacuum, Å, between 2,300 and 16,900.

    Returns
    -------
    array
        The same shape.

    Raises
    ------
    ValueError
        If a wavelength is NaN or beyond the formula's range.

    Notes
    -----
    Ciddor 1996, Applied Optics 35, 1566, equation 1: air of 15 °C, 101,325 Pa, dry, 450 ppm CO2.
    """
    wavelength = _check_range(wavelength)
    return wavelength / (1 + _refractivity(wavelength))


def air_to_vacuum(wavelength: npt.ArrayLike) -> np.ndarray:
    """The inverse of `vacuum_to_air`, to rounding.

    Parameters
    ----------
    wavelength : array_like
        In standard air, Å.

    Returns
    -------
    array
        In vacuum.

    Raises
    ------
    ValueError
        As `vacuum_to_air`.
    """
    wavelength = _check_range(wavelength)
    vacuum = wavelength
    # The index hardly depends on the wavelength: each pass gains five digits or more.
    for _ in range(4):
        vacuum = wavelength * (1 + _refractivity(vacuum))
    return vacuum


def to_rest(wavelength: npt.ArrayLike, velocity: float) -> np.ndarray:
    """Wavelengths in the frame of a star that recedes.

    Parameters
    ----------
    wavelength : array_like
        As observed.
    velocity : float
        Radial velocity in km/s, positive when receding: ``c (observed - rest) / rest``, the optical
        convention, in which velocities of stars are given.

    Returns
    -------
    array

    Raises
    ------
    ValueError
        If the velocity is not finite or not below that of light.
    """
    if not abs(velocity) < LIGHT:
        raise ValueError(f"a radial velocity of {velocity} km/s is not possible")
    return np.asarray(wavelength, np.float64) / (1 + velocity / LIGHT)


def _check_ends(first, last, n):
    if not (0 < first < last < np.inf) or n < 2:
        raise ValueError(f"a grid from {first} to {last} with {n} points is not possible")


def linear(first, last, n):
    """`n` wavelengths evenly spaced from `first` to `last`, both included: (n,) array."""
    _check_ends(first, last, n)
    return np.linspace(first, last, n)


def logarithmic(first, last, n):
    """`n` wavelengths from `first` to `last`, both included, by even steps of velocity."""
    _check_ends(first, last, n)
    wavelength = np.exp(np.linspace(np.log(first), np.log(last), n))
    wavelength[[0, -1]] = first, last
    return wavelength


def velocity_step(wavelength: np.ndarray) -> float:
    """Velocity between neighbouring points of a logarithmic grid, in km/s.

    Parameters
    ----------
    wavelength : (L,) array

    Returns
    -------
    float
        c d(ln wavelength).

    Raises
    ------
    ValueError
        If the steps are not the same within 1e-6 of a step.
    """
    wavelength = np.asarray(wavelength, np.float64)
    if wavelength.ndim == 1 and len(wavelength) > 1 and np.all(wavelength > 0):
        position = np.log(wavelength / wavelength[0])
        step = position[-1] / (len(wavelength) - 1)
        if step > 0 and np.all(abs(np.diff(position) - step) <= 1e-6 * step):
            return float(LIGHT * step)
    raise ValueError("the wavelengths do not have even steps of velocity: use a logarithmic grid")


def attributes(wavelength: np.ndarray) -> dict:
    """Three values from which `grid` makes these wavelengths again.

    Parameters
    ----------
    wavelength : (L,) array
        Even in wavelength or in velocity.

    Returns
    -------
    dict
        ``wavelength_first``, ``wavelength_last`` (Å) and ``wavelength_scale``, linear or log.

    Raises
    ------
    ValueError
        If the grid is neither, to 1e-6 of a step.
    """
    wavelength = np.asarray(wavelength, np.float64)
    ends = float(wavelength[0]), float(wavelength[-1])
    for scale, make in _SCALES.items():
        even = make(*ends, len(wavelength))
        if np.all(abs(even - wavelength) <= 1e-6 * np.diff(even).min()):
            return {
                "wavelength_first": ends[0],
                "wavelength_last": ends[1],
                "wavelength_scale": scale,
            }
    raise ValueError("the wavelengths are even neither in wavelength nor in velocity")


def grid(attributes: Mapping, n: int) -> np.ndarray:
    """The wavelengths that three attributes stand for.

    Parameters
    ----------
    attributes : mapping
        ``wavelength_first``, ``wavelength_last`` and ``wavelength_scale``, as `attributes` gives.
    n : int
        How many points.

    Returns
    -------
    (n,) array

    Raises
    ------
    ValueError
        If an attribute is missing or the scale is unknown.
    """
    missing = [name for name in _ATTRIBUTES if name not in attributes]
    if missing:
        raise ValueError(f"there is no attribute {', '.join(missing)}")
    first, last, scale = (attributes[name] for name in _ATTRIBUTES)
    scale = scale.decode() if isinstance(scale, bytes) else str(scale)
    if scale not in _SCALES:
        raise ValueError(f"the wavelength scale {scale!r} is neither linear nor log")
    return _SCALES[scale](float(first), float(last), n)


_SCALES = {"linear": linear, "log": logarithmic}
_ATTRIBUTES = ("wavelength_first", "wavelength_last", "wavelength_scale")
