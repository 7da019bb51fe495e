"""Ages in a flat universe of matter and a cosmological constant, without iteration."""

from __future__ import annotations

import numpy as np
from astropy import units


def _hubble_time(hubble):
    """1/H0 in Gyr."""
    return (1.0 / (100.0 * hubble * units.km / units.s / units.Mpc)).to(units.Gyr).value


def age(
    scale_factor: float | np.ndarray, *, hubble: float, omega_matter: float
) -> float | np.ndarray:
    """Age of the universe at a scale factor.

    Parameters
    ----------
    scale_factor : float or array
    hubble, omega_matter : float
        h and the present matter density parameter; the rest is a cosmological constant.

    Returns
    -------
    float or array
        Gyr: t = 2 / (3 H0 sqrt(L)) asinh(sqrt(L / M) a^(3/2)) with M + L = 1
        (Peebles 1993, equation 13.20; radiation neglected).
    """
    omega_lambda = 1.0 - omega_matter
    growth = np.sqrt(omega_lambda / omega_matter) * np.power(scale_factor, 1.5)
    return 2.0 / (3.0 * np.sqrt(omega_lambda)) * _hubble_time(hubble) * np.arcsinh(growth)


def scale_factor_at(age_gyr, *, hubble, omega_matter):
    """Scale factor at an age of the universe in Gyr, the inverse of `age`; 0 for ages below 0."""
    omega_lambda = 1.0 - omega_matter
    phase = 1.5 * np.sqrt(omega_lambda) * np.maximum(age_gyr, 0.0) / _hubble_time(hubble)
    return (np.sinh(phase) * np.sqrt(omega_matter / omega_lambda)) ** (2.0 / 3.0)
