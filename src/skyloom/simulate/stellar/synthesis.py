"""Spectra of a star: line opacities of one layer, a linear source function, rotation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import constants
from scipy.special import wofz

from skyloom.arms.spectra import broadening, resampling, wavelengths
from skyloom.simulate.stellar import atmosphere, atoms

if TYPE_CHECKING:
    from skyloom.simulate.stellar.atmosphere import Layer
    from skyloom.simulate.stellar.atoms import Lines


_C = constants.c / 1e3  # km/s
_EV = constants.h * constants.c / constants.e * 1e10  # eV Å
# sqrt(pi) e^2 / (m_e c) in cgs: cross-section x Doppler velocity / (f x wavelength).
_CLASSICAL = 1.49736e-2
# Where lines are weaker than this part of the continuum's opacity they are left out.
_WEAKEST = 5e-5
# Quadratic Stark effect: log10 of the width at 10,000 K for each electron (angular, s^-1 cm^3),
# roughly the middle of what VALD gives for these lines, neutral and ionised.
_STARK = np.array([-5.8, -6.5])
# Helium broadens 0.42 times as much as hydrogen, atom for atom (as in Kurucz's SYNTHE).
_HELIUM = 0.42


def line_strengths(lines: Lines, layer: Layer) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What each line's profile depends on.

    Parameters
    ----------
    lines : `skyloom.simulate.stellar.atoms.Lines`
    layer : `skyloom.simulate.stellar.atmosphere.Layer`

    Returns
    -------
    strength : (N,) array
        Opacity at the line's centre without damping over that of the continuum.
    doppler : (N,) array
        Doppler velocity, km/s.
    damping : (N,) array
        Damping constant a: half the damping width over the Doppler width.

    Notes
    -----
    Populations: Boltzmann and Saha (`skyloom.simulate.stellar.atoms.Elements.stages`). Doppler
    velocity: thermal and microturbulence, added in squares. Damping: radiative, van der Waals (x
    T^0.38, between the T^0.3 of Unsöld's theory and the ABO theory's about T^0.4), and a rough
    quadratic Stark effect (x T^(1/6)).
    """
    temperature = layer.temperature
    thermal = atoms.BOLTZMANN * temperature
    element, stage, elements = lines.element, lines.stage, lines.elements
    u = elements.partition_functions(temperature)[element, stage]
    lower = layer.abundances[element] * layer.stages[element, stage] / u
    lower = lower * 10**lines.log_gf * np.exp(-lines.excitation / thermal)
    lower = lower * -np.expm1(-_EV / lines.wavelength / thermal)
    mass = elements.mass[element] * constants.atomic_mass
    doppler = np.sqrt(2e-6 * constants.k * temperature / mass + layer.microturbulence**2)
    strength = lower * _CLASSICAL * (lines.wavelength * 1e-8) / (doppler * 1e5) / layer.absorption
    warm = temperature / 1e4
    perturbers = layer.neutral_hydrogen * (1 + _HELIUM * elements.abundance[1])
    width = (
        10**lines.log_gamma_rad
        + 10**lines.log_gamma_vdw * warm**0.38 * perturbers
        + 10 ** _STARK[stage] * warm ** (1 / 6) * layer.electrons
    )
    damping = width * (lines.wavelength * 1e-13) / (4 * np.pi * doppler)
    return strength, doppler, damping


def opacity_ratio(lines: Lines, layer: Layer, wavelength: np.ndarray) -> np.ndarray:
    """Opacity of all lines over that of the continuum.

    Parameters
    ----------
    lines : `skyloom.simulate.stellar.atoms.Lines`
    layer : `skyloom.simulate.stellar.atmosphere.Layer`
    wavelength : (L,) array
        Å, equally spaced in ln(wavelength).

    Returns
    -------
    (L,) array
        Each line reaches as far as it has 5e-5 of the continuum's opacity.
    """
    start = np.log(wavelength[0])
    step = (np.log(wavelength[-1]) - start) / (len(wavelength) - 1)
    strength, doppler, damping = line_strengths(lines, layer)
    core = np.sqrt(np.log(np.maximum(strength / _WEAKEST, 1)))
    wing = np.sqrt(strength * damping / (np.sqrt(np.pi) * _WEAKEST))
    reach = np.where(strength > _WEAKEST, np.maximum(core, wing) * doppler / _C, 0)
    position = np.log(lines.wavelength) - start
    first = np.maximum(np.ceil((position - reach) / step), 0).astype(int)
    last = np.minimum(np.floor((position + reach) / step), len(wavelength) - 1).astype(int)
    total = np.zeros(len(wavelength))
    for line in np.flatnonzero((last >= first) & (reach > 0)):
        pixels = np.arange(first[line], last[line] + 1)
        offset = (pixels * step - position[line]) * (_C / doppler[line])
        profile = wofz(offset + 1j * damping[line]).real
        total[first[line] : last[line] + 1] += strength[line] * profile
    return total


def greatest_depth(layer, wavelength):
    """How deep a line can be: 1 - B(surface) / B(Teff), Planck's function B."""
    energy = _EV / wavelength / atoms.BOLTZMANN
    return 1 - np.expm1(energy / layer.teff) / np.expm1(energy / layer.surface_temperature)


def residual_flux(lines, layer, wavelength):
    """Flux over the continuum, before rotation.

    Notes
    -----
    Milne-Eddington: absorption lines in LTE of a constant ratio eta to the continuum, and a source
    function linear in the continuum's optical depth, from B at the surface to B(Teff) at 2/3, where
    the continuum's flux comes from (Eddington-Barbier). The line's comes from 2/3 / (1 + eta), so
    R = 1 - depth eta / (1 + eta), with `greatest_depth`: it saturates (Gray, chapter 13).
    """
    eta = opacity_ratio(lines, layer, wavelength)
    return 1 - greatest_depth(layer, wavelength) * eta / (1 + eta)


@dataclass(frozen=True)
class Pixels:
    """The pixels of a window, equally spaced in velocity, and those beyond that rotation needs.

    Attributes
    ----------
    wavelength : (L,) array
        Centres of the window's pixels, in air, Å; the first and the last lie on its limits.
    wide : (L + 2 margin,) array
        The same and `margin` more on either side.
    step : float
        km/s.
    margin : int
    """

    wavelength: np.ndarray
    wide: np.ndarray
    step: float
    margin: int


def pixels(window, count, fastest):
    """Lay the pixels of a window, with room for rotation at `fastest` km/s on either side."""
    wavelength = wavelengths.logarithmic(*window, count)
    ratio = np.log(window[1] / window[0]) / (count - 1)
    step = ratio * _C
    margin = int(np.ceil(fastest / step)) + 2
    beyond = np.arange(1, margin + 1) * ratio
    wide = np.concatenate(
        [window[0] * np.exp(-beyond[::-1]), wavelength, window[1] * np.exp(beyond)]
    )
    return Pixels(wavelength, wide, step, margin)


def centres(window, count, factor):
    """Wavelengths after a block mean of `factor` pixels: geometric means, again logarithmic."""
    ratio = np.log(window[1] / window[0]) / (count - 1)
    inset = ratio * (factor - 1) / 2
    return wavelengths.logarithmic(
        window[0] * np.exp(inset), window[1] * np.exp(-inset), count // factor
    )


def rotations(
    lines: Lines,
    labels,
    velocities: np.ndarray,
    laid: Pixels,
    *,
    limb_darkening: float,
    downsample: int = 1,
) -> np.ndarray:
    """Spectra of one atmosphere at several projected rotational velocities.

    Parameters
    ----------
    lines : `skyloom.simulate.stellar.atoms.Lines`
    labels : (teff, log_g, m_h)
    velocities : (K,) array
        v sin i in km/s, at most what `laid` has room for.
    laid : `Pixels`
    limb_darkening : float
        Coefficient of the linear law.
    downsample : int
        Pixels of the window that become one, as their mean.

    Returns
    -------
    (K, L / downsample) array of float32
    """
    layer = atmosphere.layer(lines.elements, *labels)
    still = residual_flux(lines, layer, laid.wide)
    turned = broadening.rotate_all(
        still[None], np.asarray(velocities, float), step=laid.step, limb_darkening=limb_darkening
    )[0]
    kept = turned[:, laid.margin : laid.margin + len(laid.wavelength)]
    return resampling.downsample(kept, downsample).astype(np.float32)
