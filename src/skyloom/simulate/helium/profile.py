"""The spectrum of a hot star about He I 4471, before rotation: line profiles and their depths.

From the literature:

- components of He I 4471, 2p 3P - 4d 3D (Drake & Morton 2007: wavelengths in air; relative
  strengths by LS coupling; f = 0.1228), and of Mg II 4481, 3d 2D - 4f 2F (NIST; log gf 0.74, -0.56,
  0.58);
- the Stark profile with its forbidden component 2p 3P - 4f 3F at 4470.0. Its numbers were fitted
  by us to the profile of Barnard, Cooper & Smith 1974 (JQSRT 14, 1025) at 20,000 K and 10^13 to
  3 10^15 electrons/cm3, as tabulated with SYNSPEC (Hubeny & Lanz): two Voigt profiles represent it
  to 8 to 17 % rms over five decades. Doppler broadening stands for the temperature's effect.

Our choices:

- the width of Mg II 4481 (0.9 mÅ half width per 10^14 electrons/cm3);
- the depth r = 1 / (1 / r_max + 1 / tau) (Minnaert's formula, Unsöld 1955) with r_max = 0.70, about
  the depth of sharp non-LTE lines, and tau the ratio of line and continuous opacity times 0.06.
  That factor stands for what an isothermal layer leaves out: deeper layers, where wings form, stand
  out less. It and the layer (`skyloom.simulate.helium.atmosphere`) were chosen to give the
  equivalent widths that are observed (Jaschek & Jaschek 1987, The Classification of Stars, after
  Didelon 1982: main sequence B5 0.84, B3 1.39, B2 1.47, B0 1.12, O9 1.0, O8 0.9, O6 0.4 Å; B2 III
  1.13, B3 Ia 0.83, B0 Ia 0.74 Å) and the trend with T_eff that TLUSTY gives He I 6678 (Lanz &
  Hubeny 2007).

What was checked, in tests/unit/test_helium_profile.py and test_helium_real.py: widths are within
a fifth of that table, O6 within a quarter; they rise from 15,000 to 21,000 K as those of 6678 do,
within 15 % for log g of 3.5 or more, and level off. From B2 to B0 the observed width of 4471 falls
by a quarter, TLUSTY's of 6678 rises by a tenth; the model's falls by a tenth. Trends with log g
and shapes of profiles were not checked against atmospheres.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import voigt_profile

from skyloom.arms.spectra.wavelengths import LIGHT
from skyloom.simulate.helium import atmosphere

if TYPE_CHECKING:
    import numpy.typing as npt

    from skyloom.simulate.helium.atmosphere import Layer


#: He I 2p 3P - 4d 3D: wavelength in air (Å), share of the multiplet's strength.
ALLOWED = ((4471.474, 5 / 9), (4471.489, 3 / 9), (4471.683, 1 / 9))
#: Mg II 3d 2D - 4f 2F: wavelength in air (Å), gf.
MAGNESIUM = ((4481.126, 10**0.74), (4481.150, 10**-0.56), (4481.325, 10**0.58))
_STRENGTH = 0.1228  # f of the multiplet
_DEEPEST = 0.70
_CONTRAST = 0.06
# pi e2 / (m_e c2) in cm: a line's cross section over wavelength, per f and wavelength squared.
_CROSS_SECTION = 8.8525e-13


def doppler(wavelength: float, temperature: np.ndarray, mass: float, turbulence: np.ndarray):
    """Standard deviation of the Doppler profile, Å.

    Parameters
    ----------
    wavelength : float
        Å.
    temperature, turbulence : array
        K; the most probable speed of microturbulence in km/s.
    mass : float
        Of the atom, in atomic mass units.
    """
    thermal = atmosphere.BOLTZMANN * temperature / (mass * atmosphere.ATOMIC_MASS) / 1e10
    return wavelength / LIGHT * np.sqrt(thermal + turbulence**2 / 2)


def helium_profile(wavelength: np.ndarray, electrons: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """Profile of He I 4471 with its forbidden component; its integral over wavelength is 1.

    Parameters
    ----------
    wavelength : (L,) array
        Å in air.
    electrons : array
        Density, cm-3; numbers were fitted between 10^13 and 3 10^15.
    sigma : array
        Of the Doppler profile, Å.

    Returns
    -------
    (..., L) array
        Per Å.
    """
    density = np.asarray(electrons, np.float64)[..., None] / 1e14
    sigma = np.asarray(sigma, np.float64)[..., None]
    forbidden = 0.0138 * density / (1 + 0.033 * density)
    shift, half_width = 0.017 * density, 0.018 * density
    profile = forbidden * voigt_profile(
        wavelength - (4470.04 - 0.0225 * density), sigma, 0.23 + 0.04 * density**0.75
    )
    for centre, share in ALLOWED:
        profile += share * voigt_profile(wavelength - centre - shift, sigma, half_width)
    return profile / (1 + forbidden)


def opacity(wavelength: np.ndarray, layer: Layer) -> np.ndarray:
    """Line opacity over continuous opacity of a layer.

    Parameters
    ----------
    wavelength : (L,) array
        Å in air.
    layer : `skyloom.simulate.helium.atmosphere.Layer`

    Returns
    -------
    (..., L) array
    """
    # Stimulated emission is the same for both lines; 1e8 turns profiles per Å into per cm.
    scale = _CROSS_SECTION * 1e8 * atmosphere.stimulated(layer.temperature) / layer.continuum
    sigma = doppler(4471.5, layer.temperature, 4.0026, layer.turbulence)
    amount = scale * layer.helium * _STRENGTH * (4471.5e-8) ** 2
    ratio = amount[..., None] * helium_profile(wavelength, layer.electrons, sigma)
    sigma = doppler(4481.2, layer.temperature, 24.305, layer.turbulence)[..., None]
    half_width = 9e-4 * layer.electrons[..., None] / 1e14
    amount = scale * layer.magnesium * (4481.2e-8) ** 2
    for centre, strength in MAGNESIUM:
        profile = voigt_profile(wavelength - centre, sigma, half_width)
        ratio += strength * amount[..., None] * profile
    return ratio


def spectrum(wavelength: np.ndarray, teff: npt.ArrayLike, log_g: npt.ArrayLike) -> np.ndarray:
    """Normalised spectra of stars that do not rotate.

    Parameters
    ----------
    wavelength : (L,) array
        Å in air, fine enough for the Doppler core (0.1 Å wide in Mg II).
    teff, log_g : array_like
        K and dex, of shapes that broadcast.

    Returns
    -------
    (..., L) array
        1 is the continuum.
    """
    depth = _CONTRAST * opacity(np.asarray(wavelength, np.float64), atmosphere.layer(teff, log_g))
    return 1 - _DEEPEST * depth / (_DEEPEST + depth)


def equivalent_width(wavelength, flux):
    """Integral of 1 - flux over wavelength by the trapezium rule: (...,) array in Å."""
    return np.trapezoid(1 - np.asarray(flux), wavelength, axis=-1)
