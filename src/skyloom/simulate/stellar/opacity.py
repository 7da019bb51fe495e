"""Continuous absorption near 5150 Å: H-, neutral hydrogen, and scattering.

Formulas and fits of Gray, The Observation and Analysis of Stellar Photospheres (3rd edition),
chapter 8. The coefficients are those that three independent public programs have; the tests compare
the values with tables.
"""

from __future__ import annotations

import numpy as np
from scipy import constants

_EV = constants.h * constants.c / constants.e * 1e10  # eV Å
_RYDBERG = 13.598
_LEVELS = np.arange(1, 41)
_H_MINUS = (1.99654, -1.18267e-5, 2.64243e-6, -4.40524e-10, 3.23992e-14, -1.39568e-18, 2.78701e-23)


def h_minus(wavelength: float, temperature: float, electron_pressure: float):
    """Absorption by H- for each neutral hydrogen atom, in cm^2, stimulated emission taken off.

    Parameters
    ----------
    wavelength : float
        Å, 2,600 to 16,000.
    temperature, electron_pressure : float
        K, dyn cm^-2.

    Notes
    -----
    Bound-free: Gray's equations 8.11 and 8.12 (fit to Wishart 1979); free-free: 8.13 (Bell &
    Berrington 1987).
    """
    theta = 5040 / temperature
    cross_section = np.polynomial.polynomial.polyval(wavelength, _H_MINUS) * 1e-18
    bound = 4.158e-10 * cross_section * electron_pressure * theta**2.5 * 10 ** (0.754 * theta)
    bound = bound * _stimulated(wavelength, temperature)
    x = np.log10(wavelength)
    f0 = -2.2763 + x * (-1.6850 + x * (0.76661 - x * 0.053346))
    f1 = 15.2827 + x * (-9.2846 + x * (1.99381 - x * 0.142631))
    f2 = -197.789 + x * (190.266 + x * (-67.9775 + x * (10.6913 - x * 0.625151)))
    y = np.log10(theta)
    return bound + 1e-26 * electron_pressure * 10 ** (f0 + y * (f1 + y * f2))


def hydrogen(wavelength, temperature):
    """Absorption by neutral hydrogen for each atom of it, in cm^2, stimulated emission taken off.

    Notes
    -----
    Kramers' cross-section 1.0449e-26 lambda^3 / n^5 (lambda in Å) from each level n that the photon
    can ionise, weighted by 2 n^2 exp(-chi_n / k T) / 2 (Gray's equations 8.4 to 8.6), and free-free
    absorption as the same sum over the continuum (8.10). Gaunt factors, 0.9 to 1.1 here, are 1.
    """
    thermal = constants.k / constants.e * temperature
    excitation = _RYDBERG * (1 - 1.0 / _LEVELS**2)
    able = _RYDBERG / _LEVELS**2 <= _EV / wavelength
    bound = np.sum(able * np.exp(-excitation / thermal) / _LEVELS**3.0)
    # Levels beyond the last, and the continuum: sums turned into integrals.
    above = np.exp(-excitation[-1] / thermal) - np.exp(-_RYDBERG / thermal)
    free = np.exp(-_RYDBERG / thermal)
    strength = bound + thermal / (2 * _RYDBERG) * (above + free)
    return 1.0449e-26 * wavelength**3 * strength * _stimulated(wavelength, temperature)


def rayleigh(wavelength):
    """Rayleigh scattering for each hydrogen atom in the ground level, in cm^2 (Dalgarno 1962)."""
    return 5.799e-13 / wavelength**4 + 1.422e-6 / wavelength**6 + 2.784 / wavelength**8


def _stimulated(wavelength, temperature):
    return -np.expm1(-_EV / (wavelength * constants.k / constants.e * temperature))


#: Thomson scattering for each free electron, in cm^2.
THOMSON = 1e4 * constants.physical_constants["Thomson cross section"][0]
