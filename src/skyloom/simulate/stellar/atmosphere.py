"""One layer that stands for a photosphere: where the lines form, from Teff, log g and [m/H]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import constants
from scipy.optimize import brentq

from skyloom.simulate.stellar import opacity

if TYPE_CHECKING:
    from skyloom.simulate.stellar.atoms import Elements


#: Continuum optical depth at which populations are taken.
DEPTH = 0.25
#: Temperatures at that depth and where the cores of strong lines form (tau about 10^-3.5), over
#: Teff: our choice, about what empirical models of the Sun have there (5,540 and 4,350 K), scaled
#: to the star as in Gray, chapter 9.
FORMATION, SURFACE = 0.96, 0.75
#: Å, of the continuous absorption.
REFERENCE = 5150.0
_ERG = 1e7  # of a joule


@dataclass(frozen=True)
class Layer:
    """The conditions in which lines form.

    Attributes
    ----------
    teff, temperature, surface_temperature : float
        Effective, where lines form, and where their cores do; K.
    electron_pressure, gas_pressure : float
        dyn cm^-2.
    neutral_hydrogen, electrons : float
        Number densities in cm^-3.
    absorption : float
        Of the continuum at 5150 Å, cm^2 for each hydrogen nucleus.
    microturbulence : float
        km/s.
    abundances : (E,) array
        For each hydrogen nucleus.
    stages : (E, 3) array
        Parts that are neutral, singly and doubly ionised.
    """

    teff: float
    temperature: float
    surface_temperature: float
    electron_pressure: float
    gas_pressure: float
    neutral_hydrogen: float
    electrons: float
    absorption: float
    microturbulence: float
    abundances: np.ndarray
    stages: np.ndarray


def microturbulence(log_g):
    """2.478 - 0.325 log g in km/s (Holtzman et al. 2015, AJ 150, 148)."""
    return 2.478 - 0.325 * log_g


def _gas(elements, abundances, temperature, electron_pressure):
    """Ion stages, particles for each hydrogen nucleus without electrons, electrons, absorption."""
    stages = elements.stages(temperature, electron_pressure)
    electrons = float(abundances @ (stages[:, 1] + 2 * stages[:, 2]))
    absorption = opacity.THOMSON * electrons + stages[0, 0] * (
        opacity.h_minus(REFERENCE, temperature, electron_pressure)
        + opacity.hydrogen(REFERENCE, temperature)
        + opacity.rayleigh(REFERENCE)
    )
    return stages, electrons, float(absorption)


def layer(elements: Elements, teff: float, log_g: float, m_h: float) -> Layer:
    """Solve for the layer of a star.

    Parameters
    ----------
    elements : `skyloom.simulate.stellar.atoms.Elements`
    teff, log_g, m_h : float
        K, dex (cgs), dex.

    Returns
    -------
    `Layer`

    Raises
    ------
    ValueError
        If no electron pressure from 1e-8 to 1e8 dyn cm^-2 fits.

    Notes
    -----
    T = `FORMATION` Teff, and P_g = g tau / kappa at tau = `DEPTH`: hydrostatic equilibrium with one
    absorption coefficient, that of the layer itself at 5150 Å (where kappa grows with P, as in the
    Sun, this makes P up to 2 times too low: log P_g is 4.7 here, 4.9 in solar models).
    P_e follows from Saha's equation and the sum of all charges. So come out, and are not put in,
    P_e ~ g^(1/3) in cool stars, whose electrons are the metals', and the turn from H- to hydrogen
    in hot ones (Gray, chapters 9 and 13). Left out: molecules, H2 among them, so that stars below
    4,000 K are only schematic; convection; radiation pressure; the continuum's change over the
    window.
    """
    temperature = FORMATION * teff
    abundances = elements.abundances(m_h)
    particles = abundances.sum()
    mass = 1e3 * constants.atomic_mass * float(abundances @ elements.mass)

    def pressures(log_electron_pressure):
        electron_pressure = 10.0**log_electron_pressure
        stages, electrons, absorption = _gas(elements, abundances, temperature, electron_pressure)
        gas_pressure = electron_pressure * (1 + particles / electrons)
        return electron_pressure, gas_pressure, stages, electrons, absorption

    def excess(log_electron_pressure):
        _, gas_pressure, _, _, absorption = pressures(log_electron_pressure)
        return np.log10(gas_pressure * absorption / mass) - (log_g + np.log10(DEPTH))

    root = brentq(excess, -8, 8, xtol=1e-10)
    electron_pressure, gas_pressure, stages, electrons, absorption = pressures(root)
    thermal = _ERG * constants.k * temperature
    nuclei = electron_pressure / thermal / electrons
    return Layer(
        teff,
        temperature,
        SURFACE * teff,
        electron_pressure,
        gas_pressure,
        nuclei * stages[0, 0],
        electron_pressure / thermal,
        absorption,
        microturbulence(log_g),
        abundances,
        stages,
    )
