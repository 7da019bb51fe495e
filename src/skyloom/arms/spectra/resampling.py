"""From one wavelength grid to another: flux-conserving means, interpolation, block means.

A flux is a flux density, the mean over its pixel; pixels meet half-way between their centres.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.interpolate import CubicSpline


def check_increasing(wavelength):
    """The wavelengths as a float64 array; ValueError unless finite and strictly increasing."""
    wavelength = np.asarray(wavelength, np.float64)
    if wavelength.ndim != 1 or len(wavelength) < 2:
        raise ValueError("wavelengths must be one row of at least two numbers")
    if not (np.isfinite(wavelength).all() and np.all(np.diff(wavelength) > 0)):
        raise ValueError("wavelengths must be finite and strictly increasing")
    return wavelength


def check_flux(flux, pixels):
    """The flux as a float64 array; ValueError unless finite and of that many pixels."""
    flux = np.asarray(flux, np.float64)
    if flux.ndim == 0 or flux.shape[-1] != pixels:
        raise ValueError(f"a flux of shape {flux.shape} does not belong to {pixels} wavelengths")
    if not np.isfinite(flux).all():
        raise ValueError("the flux has values that are NaN or infinite")
    return flux


def edges(wavelength: np.ndarray) -> np.ndarray:
    """Where pixels meet.

    Parameters
    ----------
    wavelength : (L,) array
        Centres, strictly increasing.

    Returns
    -------
    (L + 1,) array
        Half-way between neighbours; the first and the last pixel reach as far outwards as inwards.
    """
    wavelength = check_increasing(wavelength)
    inner = (wavelength[1:] + wavelength[:-1]) / 2
    first, last = 2 * wavelength[0] - inner[0], 2 * wavelength[-1] - inner[-1]
    return np.concatenate([[first], inner, [last]])


def overlap(wavelength, new):
    """What share of each new pixel lies in each old one.

    Parameters
    ----------
    wavelength, new : (L,) and (N,) array

    Returns
    -------
    (N, L) `scipy.sparse.csr_array`
        Its rows add up to 1 where the old pixels cover the new one, to less elsewhere.
    """
    old_edges, new_edges = edges(wavelength), edges(new)
    # Between neighbouring edges of both grids lies one old and one new pixel, or none.
    cuts = np.unique(np.concatenate([old_edges, new_edges]))
    middle, length = (cuts[1:] + cuts[:-1]) / 2, np.diff(cuts)
    old = np.searchsorted(old_edges, middle) - 1
    place = np.searchsorted(new_edges, middle) - 1
    both = (old >= 0) & (old < len(wavelength)) & (place >= 0) & (place < len(new))
    old, place = old[both], place[both]
    shares = length[both] / np.diff(new_edges)[place]
    return sparse.csr_array((shares, (place, old)), shape=(len(new), len(wavelength)))


def resample(
    wavelength: np.ndarray,
    flux: np.ndarray,
    new: np.ndarray,
    *,
    method: str = "conserve",
    outside: str = "raise",
) -> np.ndarray:
    """Spectra on another wavelength grid.

    Parameters
    ----------
    wavelength : (L,) array
    flux : (..., L) array
    new : (N,) array
    method : 'conserve', 'interpolate' or 'auto'
        'conserve' gives the mean over each new pixel of the old pixels' flux, taken as constant
        over each: the integral is kept exactly, but pixels finer than the old ones become stairs.
        'interpolate' draws a cubic spline through the old points: for new pixels finer than the
        old, whose spectrum is sampled well (two pixels or more a resolution element). 'auto' takes
        what `method_for` says.
    outside : 'raise' or 'nan'
        What becomes of new pixels that the old ones do not cover.

    Returns
    -------
    (..., N) float64 array

    Raises
    ------
    ValueError
        If wavelengths do not increase, the flux has NaN, or a new pixel is not covered.
    """
    wavelength, new = check_increasing(wavelength), check_increasing(new)
    flux = check_flux(flux, len(wavelength))
    if method == "auto":
        method = method_for(wavelength, new)
    if method == "conserve":
        weights = overlap(wavelength, new)
        covered = weights.sum(axis=1) > 1 - 1e-6
        values = (weights @ flux.reshape(-1, len(wavelength)).T).T
    elif method == "interpolate":
        slack = 1e-6 * np.diff(new).min()
        covered = (new >= wavelength[0] - slack) & (new <= wavelength[-1] + slack)
        values = CubicSpline(wavelength, flux.reshape(-1, len(wavelength)), axis=1)(new)
    else:
        raise ValueError(f"the method {method!r} is neither conserve, interpolate nor auto")
    if not covered.all():
        if outside != "nan":
            raise ValueError(
                f"the spectrum covers {wavelength[0]:.2f} to {wavelength[-1]:.2f} Å, not all of "
                f"{new[0]:.2f} to {new[-1]:.2f} Å"
            )
        values[:, ~covered] = np.nan
    return np.ascontiguousarray(values).reshape(*flux.shape[:-1], len(new))


def method_for(wavelength, new):
    """'interpolate' where the old pixels are coarser than the new ones, else 'conserve'.

    Medians of the steps decide, those of the old grid over the range of the new one.
    """
    near = (wavelength >= new[0]) & (wavelength <= new[-1])
    steps = np.diff(wavelength[near] if near.sum() > 1 else wavelength)
    return "interpolate" if np.median(steps) > 1.001 * np.median(np.diff(new)) else "conserve"


def downsample(flux: np.ndarray, factor: int) -> np.ndarray:
    """Means over blocks of `factor` neighbouring pixels.

    Parameters
    ----------
    flux : (..., L) array
    factor : int
        A divisor of L. For wavelengths too: the mean is the new pixel's centre.

    Returns
    -------
    (..., L / factor) float64 array

    Raises
    ------
    ValueError
        If `factor` does not divide L.
    """
    flux = np.asarray(flux)
    factor = int(factor)
    if factor < 1 or flux.shape[-1] % factor:
        raise ValueError(f"{flux.shape[-1]} pixels do not divide into blocks of {factor}")
    return flux.reshape(*flux.shape[:-1], -1, factor).mean(axis=-1, dtype=np.float64)
