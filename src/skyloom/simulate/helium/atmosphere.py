"""The layer of a hot star in which He I 4471 and Mg II 4481 form: density and populations.

One isothermal layer stands for an atmosphere. Its electron density follows from hydrostatic
equilibrium at a fixed optical depth, its populations from the equations of Saha and Boltzmann. The
laws are textbook ones (Gray 2008, The Observation and Analysis of Stellar Photospheres, chapters 1,
8 and 9; Hubeny & Mihalas 2014, chapters 4, 7 and 17), with the constants named below. Which
temperature and depth the layer has are our interpolations, chosen so that the equivalent width of
He I 4471 is the observed one (see `skyloom.simulate.helium.profile`). Radiation pressure is left
out: nodes such as 35,000 K at log g 2.0, beyond the Eddington limit, for which real grids have no
model, are as smooth as their neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt


#: Boltzmann's constant in eV/K and erg/K, the atomic mass unit in g.
BOLTZMANN_EV, BOLTZMANN, ATOMIC_MASS = 8.617333e-5, 1.380649e-16, 1.660539e-24
#: Helium and magnesium per hydrogen nucleus (solar: Grevesse & Sauval 1998).
HELIUM, MAGNESIUM = 0.10, 3.8e-5
#: Energy in eV and frequency in Hz of a photon of 4471 Å.
PHOTON, FREQUENCY = 2.773, 6.705e14
_THOMSON = 6.652e-25  # cm2
_RYDBERG = 13.598  # eV
# Ions and electrons per electron of ionised hydrogen with singly ionised helium, and electrons per
# hydrogen nucleus.
_PARTICLES, _ELECTRONS = 2.0, 1.1
# Optical depth of the layer in the continuum at 4471 Å: ours.
_DEPTH = 0.3


@dataclass(frozen=True)
class Layer:
    """Where a line forms; every field is an array of the models' shape."""

    temperature: np.ndarray  # K
    electrons: np.ndarray  # cm-3
    continuum: np.ndarray  # opacity at 4471 Å, cm-1
    helium: np.ndarray  # He I atoms in 2p 3P, cm-3
    magnesium: np.ndarray  # Mg II ions per statistical weight of 3d 2D, cm-3
    turbulence: np.ndarray  # km/s


def temperature(teff, log_g):
    """Temperature of the layer, K: T_eff where lines are weak, less where they are strong.

    Our interpolation: a weak line forms as deep as the continuum; a strong one higher, the more so
    the thinner the atmosphere, where a grey atmosphere is cooler, 0.81 T_eff at its surface (Hubeny
    & Mihalas 2014, section 17.1).
    """
    teff = np.asarray(teff, np.float64)
    strong = 0.87 + 0.035 * (np.asarray(log_g, np.float64) - 4)
    return teff * (strong + (1 - strong) / (1 + np.exp((teff - 16_000) / 1_000)))


def turbulence(log_g):
    """Microturbulence, km/s: 5 in dwarfs, up to 17 in supergiants (Lanz & Hubeny 2007 take 2, 10).

    Our interpolation; it makes up for the supersonic motions of supergiants' outer layers.
    """
    return 5 + 12 / (1 + np.exp((np.asarray(log_g, np.float64) - 2.9) / 0.3))


def departure(teff, log_g):
    """How many He I atoms are in 2p 3P over those in LTE, relative to 22,000 K and log g 4.

    Departures from LTE strengthen He I in hot and thin atmospheres (Auer & Mihalas 1973, ApJS 25,
    433); the power laws are ours.
    """
    thin = 10 ** (0.17 * (4 - np.asarray(log_g, np.float64)))
    return np.asarray(teff, np.float64) / 22_000 * thin


def hydrogen_opacity(temperature):
    """Continuous opacity of ionised hydrogen at 4471 Å per electron and proton, cm5.

    Bound-free from n = 3 to 10 (Kramers' cross sections, populations by Saha and Boltzmann),
    free-free with a Gaunt factor of 1.1; stimulated emission is taken off.
    """
    t = np.asarray(temperature, np.float64)
    total = 3.692e8 * 1.1 / FREQUENCY**3 / np.sqrt(t)
    for n in range(3, 11):
        bound = _RYDBERG / n**2
        level = 4.14e-16 * t**-1.5 * n**2 * np.exp(bound / (BOLTZMANN_EV * t))
        total = total + level * 7.9e-18 * n * (bound / PHOTON) ** 3
    return total * stimulated(t)


def stimulated(temperature):
    """1 - exp(-h nu / k T) at 4471 Å."""
    return 1 - np.exp(-PHOTON / (BOLTZMANN_EV * np.asarray(temperature, np.float64)))


def electron_density(temperature, log_g):
    """Electron density of the layer, cm-3.

    Integrates dP / d tau = g rho / opacity of an isothermal layer, with the opacity of electrons
    and ionised hydrogen, which gives a quadratic equation for the density.
    """
    t = np.asarray(temperature, np.float64)
    mass = 1.4 * ATOMIC_MASS / _ELECTRONS  # per electron
    weight = 10.0 ** np.asarray(log_g) * mass * _DEPTH / (_PARTICLES * BOLTZMANN * t)
    quadratic = hydrogen_opacity(t) / _ELECTRONS
    root = np.sqrt(_THOMSON**2 + 2 * quadratic * weight)
    # The form without a difference of nearly equal numbers, should electrons dominate.
    return 2 * weight / (_THOMSON + root)


def saha(temperature: np.ndarray, electrons: np.ndarray, energy: float, weights: float):
    """Ratio of the numbers of two successive ions, the higher to the lower.

    Parameters
    ----------
    temperature, electrons : array
        K and cm-3.
    energy : float
        Of ionisation, eV.
    weights : float
        Partition function of the higher ion over that of the lower.
    """
    t = np.asarray(temperature, np.float64)
    return 2 * weights * 2.4147e15 * t**1.5 * np.exp(-energy / (BOLTZMANN_EV * t)) / electrons


def layer(teff: npt.ArrayLike, log_g: npt.ArrayLike) -> Layer:
    """The layer of stars of these effective temperatures (K) and surface gravities (dex).

    Parameters
    ----------
    teff, log_g : array_like
        Of shapes that broadcast.

    Returns
    -------
    Layer
    """
    teff, log_g = np.broadcast_arrays(np.asarray(teff, np.float64), np.asarray(log_g, np.float64))
    t = temperature(teff, log_g)
    electrons = electron_density(t, log_g)
    protons = electrons / _ELECTRONS
    energy = BOLTZMANN_EV * t
    once = saha(t, electrons, 24.587, 2.0)
    # The far ultraviolet that ionises He II comes from deeper, hotter layers than the line.
    twice = saha(teff, electrons, 54.418, 0.5)
    neutral = departure(teff, log_g) / (1 + once * (1 + twice))
    singly = 1 / (1 + saha(t, electrons, 15.035, 0.5) + 1 / saha(t, electrons, 7.646, 2.0))
    return Layer(
        temperature=t,
        electrons=electrons,
        continuum=electrons * (_THOMSON + hydrogen_opacity(t) * protons),
        # 2p 3P: 20.964 eV above the ground state, statistical weight 9.
        helium=HELIUM * protons * neutral * 9 * np.exp(-20.964 / energy),
        # 3d 2D: 8.8637 eV; the ground state, the only other level of note, has weight 2.
        magnesium=MAGNESIUM * protons * singly * np.exp(-8.8637 / energy) / 2,
        turbulence=turbulence(log_g),
    )
