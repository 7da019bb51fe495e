"""Metals, magnetic fields and dark matter of the universe, which follow from what it has.

Nothing here takes a random number from the generators of gas and stars, so that those are the same
with these fields and without. Units as in `skyloom.simulate.universe.cells`; fields in gauss.
"""

from __future__ import annotations

import numpy as np

from skyloom.arms.tng.particle_fields import GAUSS, SOLAR_METALLICITY
from skyloom.simulate.universe import cosmology, gas_laws

#: Gradient of the metals of discs, dex per effective radius (Sanchez et al. 2014: -0.10), which is
#: 1.678 stellar scale lengths, and where it ends.
GRADIENT, GRADIENT_END = -0.10, 3.0
#: Oxygen of the Sun, 12 + log O/H (Asplund et al. 2009).
SOLAR_OXYGEN = 8.69
#: Metals of hot haloes (Miller & Bregman 2015), of cold streams (Fumagalli et al. 2011) and of gas
#: between galaxies, solar.
HOT_METALS, STREAM_METALS, DIFFUSE_METALS = 0.3, 0.02, 1e-3
#: Scatter of metals about these, dex (Sanchez et al. 2014; Krumholz & Ting 2018: 0.05 to 0.1).
METAL_SCATTER = 0.1
#: Motions that the field of discs is in equipartition with, three-dimensional km/s (Beck 2015).
TURBULENCE = np.sqrt(3) * 10.0
#: Thermal over magnetic pressure elsewhere (TNG: Marinacci et al. 2018 find 10 to 100).
PLASMA_BETA = 50.0
#: Shuffled over regular field of discs (Beck 2015: the regular one is the smaller).
SHUFFLED = 1.5
#: Particles of dark matter of a halo of 10^12 Msun a gas cell of an ordinary galaxy.
DARK_PARTICLES = 0.25
#: 1 Msun/kpc^3 (km/s)^2 in erg/cm^3.
_PRESSURE = 1.98841e33 / 3.0856776e21**3 * 1e10


def disc_metallicity(stellar_mass):
    """Metals of a disc's gas at one effective radius, solar.

    12 + log O/H = -1.492 + 1.847 log m - 0.08026 (log m)^2 (Tremonti et al. 2004, eq. 3, for
    8.5 < log m < 11.5).
    """
    mass = np.clip(np.log10(stellar_mass), 8.5, 11.5)
    return 10 ** (-1.492 + 1.847 * mass - 0.08026 * mass**2 - SOLAR_OXYGEN)


def metallicity(gas, galaxy, rng):
    """Metal mass fraction of gas cells: a gradient in the disc, levels elsewhere.

    Parameters
    ----------
    gas : dict
        From `skyloom.simulate.universe.cells`; without ``component`` it is gas between galaxies.
    galaxy : dict or None
    rng : numpy Generator

    Returns
    -------
    (N,) float64 array
    """
    count = len(gas["mass"])
    levels = np.full(count, DIFFUSE_METALS)
    if "component" in gas:
        disc, streams = (gas["component"] == name for name in (b"disc", b"streams"))
        effective = 1.678 * galaxy["stellar_length"]
        away = np.linalg.norm(gas["position"], axis=1) / effective
        gradient = 10 ** (GRADIENT * (np.minimum(away, GRADIENT_END) - 1.0))
        levels = np.where(streams, STREAM_METALS, HOT_METALS)
        levels = np.where(disc, disc_metallicity(galaxy["stellar_mass"]) * gradient, levels)
    return SOLAR_METALLICITY * levels * 10 ** (METAL_SCATTER * rng.standard_normal(count))


def field_strength(gas):
    """Strength of the field of gas cells, gauss.

    In discs B^2 / 8 pi is the energy of turbulent motions, rho v^2 / 2, elsewhere the thermal
    pressure over `PLASMA_BETA`.
    """
    energy = gas_laws.internal_energy(gas["temperature"], gas["electrons"])
    pressure = 2 / 3 * gas["density"] * energy / PLASMA_BETA
    if "component" in gas:
        motions = 0.5 * gas["density"] * TURBULENCE**2
        pressure = np.where(gas["component"] == b"disc", motions, pressure)
    return np.sqrt(8 * np.pi * pressure * _PRESSURE)


def magnetic_field(gas, galaxy, rng) -> np.ndarray:
    """Field vectors of gas cells, gauss: around the axis of a disc, with a shuffled part.

    Returns
    -------
    (N, 3) float64 array
    """
    count = len(gas["mass"])
    way = rng.standard_normal((count, 3))
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    if "component" in gas:
        around = np.cross(galaxy["axis"], gas["position"])
        around /= np.maximum(np.linalg.norm(around, axis=1, keepdims=True), 1e-12)
        disc = (gas["component"] == b"disc")[:, None]
        way = np.where(disc, around + SHUFFLED * way, way)
        way /= np.linalg.norm(way, axis=1, keepdims=True)
    return way * field_strength(gas)[:, None]


def gas_fields(gas, galaxy, z, rng):
    """Fields of PartType0 beyond those of `assembly`, in the files' units and data types."""
    a, h = 1 / (1 + z), cosmology.HUBBLE
    return {
        "GFM_Metallicity": metallicity(gas, galaxy, rng).astype("f4"),
        "MagneticField": (magnetic_field(gas, galaxy, rng) / (GAUSS * h / a**2)).astype("f4"),
    }


def dark_particle_mass(gas_cells):
    """Mass of every particle of dark matter, Msun: as coarse as the galaxies' cells."""
    return 1e12 * (1 - cosmology.BARYON_FRACTION) / (DARK_PARTICLES * gas_cells)


def nfw_radius(fraction, concentration):
    """Radii, over R200, that hold mass fractions of an NFW halo cut at R200.

    M(x) ~ ln(1 + c x) - c x / (1 + c x) (Navarro, Frenk & White 1997), inverted on a table.
    """
    x = np.concatenate([[0.0], np.geomspace(1e-4, 1.0, 600)]) * concentration
    mass = np.log1p(x) - x / (1 + x)
    return np.interp(np.asarray(fraction) * mass[-1], mass, x) / concentration


def dark_matter(mass, radius, concentration, particle_mass, rng):
    """Positions of a halo's dark matter about its centre, physical kpc: (N, 3)."""
    count = round(float(mass) / particle_mass)
    away = rng.standard_normal((count, 3))
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    return away * (radius * nfw_radius(rng.random(count), concentration))[:, None]
