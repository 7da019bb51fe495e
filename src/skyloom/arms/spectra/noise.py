"""Noise of photons: added to spectra, and estimated in them."""

from __future__ import annotations

import numpy as np


def add(
    flux: np.ndarray, snr: float | np.ndarray | None, *, seed: int, rows: np.ndarray
) -> np.ndarray:
    """Add Gaussian noise like that of counted photons.

    Parameters
    ----------
    flux : (n, L) array
        Normalised to the continuum.
    snr : float, (n,) array or None
        Signal to noise of a pixel at the continuum. None leaves the flux as it is.
    seed : int
    rows : (n,) array of int
        What number each spectrum has in the whole set: noise depends on it and on the seed alone,
        so that it is the same however the set is cut into blocks.

    Returns
    -------
    (n, L) array
        Of the flux's own floating-point type; a new array unless `snr` is None.

    Raises
    ------
    ValueError
        If `snr` is not positive, or `rows` has another length than the flux.

    Notes
    -----
    The standard deviation is sqrt(max(flux, 0)) / snr: the noise of a photon count of snr² at the
    continuum, without the detector's.
    """
    flux = np.asarray(flux)
    if snr is None:
        return flux
    snr = np.broadcast_to(np.asarray(snr, np.float64), len(flux))
    if not np.all((snr > 0) & np.isfinite(snr)):
        raise ValueError("a signal to noise ratio is not a positive number")
    if len(rows) != len(flux):
        raise ValueError(f"{len(rows)} row numbers came with {len(flux)} spectra")
    noisy = np.empty(flux.shape, flux.dtype if flux.dtype.kind == "f" else np.float64)
    for place, row in enumerate(rows):
        draws = np.random.default_rng([seed, int(row)]).standard_normal(flux.shape[1])
        draws *= np.sqrt(np.maximum(flux[place], 0), dtype=np.float64) / snr[place]
        noisy[place] = flux[place] + draws
    return noisy


def estimate(flux: np.ndarray) -> np.ndarray:
    """Standard deviation of the noise of a pixel, from the spectrum alone.

    Parameters
    ----------
    flux : (..., L) array
        With noise that is independent from pixel to pixel, or at least from every second one.

    Returns
    -------
    (...) array
        1.482602 / sqrt(6) times the median of abs(2 F(i) - F(i - 2) - F(i + 2)): lines wider than
        five pixels leave no trace in it, and few narrow ones do not move the median.

    Raises
    ------
    ValueError
        If there are fewer than five pixels.

    Notes
    -----
    DER_SNR: Stoehr et al. 2008, ADASS XVII (ASP Conference Series 394, 505).
    """
    flux = np.asarray(flux, np.float64)
    if flux.shape[-1] < 5:
        raise ValueError("noise cannot be estimated from fewer than five pixels")
    second = 2 * flux[..., 2:-2] - flux[..., :-4] - flux[..., 4:]
    return 1.482602 / np.sqrt(6) * np.median(abs(second), axis=-1)
