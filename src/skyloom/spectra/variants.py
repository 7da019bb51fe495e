"""Datasets that differ by what an instrument does to the same spectra."""

import numpy as np

from skyloom.spectra import broadening, noise


def render(blocks, wavelength, parameters, seed):
    """Spectra as one dataset holds them.

    Parameters
    ----------
    blocks : iterable of ((n, L) array, (n,) array of int)
        Spectra and their numbers in the whole set.
    wavelength : (L,) array
        Å.
    parameters : dict
        ``resolving_power`` (None leaves lines as they are) and ``snr`` (None adds no noise): first
        the instrument widens, then photons are counted.
    seed : int
        Of the noise.

    Yields
    ------
    (n, L) float32 array
        One a block; it does not depend on how the spectra are cut into blocks.

    Raises
    ------
    ValueError
        If the flux has NaN or a parameter is not positive.
    """
    power, snr = parameters.get("resolving_power"), parameters.get("snr")
    weights = None if power is None else broadening.gaussian_weights(wavelength, power)
    for flux, rows in blocks:
        if weights is not None:
            flux = broadening.instrumental(wavelength, flux, power, weights=weights)
        yield noise.add(flux, snr, seed=seed, rows=rows).astype(np.float32, copy=False)
