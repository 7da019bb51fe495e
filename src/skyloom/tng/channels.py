"""Channels beyond entropy, mass and temperature: what each is a map of, from which particles.

`QUANTITIES` is the whole list; one more entry is one more channel that a configuration may ask
for. The three channels of the gas are in `skyloom.tng.maps`.
"""

from typing import Any, NamedTuple

import numpy as np

from skyloom.tng.code_units import GAUSS, SOLAR_METALLICITY
from skyloom.tng.particle_fields import FIELDS

#: Means of cells: how a pixel weighs what falls on it.
MEANS = ("mass_weighted_mean", "mean")


class Frame(NamedTuple):
    """What a quantity needs to know besides its particles."""

    header: Any  # skyloom.tng.simulation.Header
    velocity: np.ndarray  # (3,) km/s, of the galaxy
    rotation: np.ndarray  # (3, 3), from the box to the picture
    pixel_area: float  # kpc^2, of physical kpc


class Quantity(NamedTuple):
    """What a channel is a map of.

    `values` turns particles (a dict of arrays in TNG's units) and a `Frame` into one array a
    moment, each of one number a particle; a pixel's `statistic` of each goes to `combine`, which
    gives the map. A quantity without moments of its own is the first of them.
    """

    particles: str  # one of skyloom.tng.simulation.PARTICLE_TYPES
    fields: tuple  # of those particles, beyond Coordinates and Masses
    unit: str
    label: str
    statistics: tuple  # that make sense, the usual one first
    values: Any  # (particles, frame) -> list of (N,) array
    source: str
    signed: bool = False
    combine: Any = None  # list of (B, B) array -> (B, B) array
    masses: bool = True  # whether particles have the field Masses; else the header's MassTable


def line_of_sight_velocity(particles, frame):
    """Velocity of recession relative to the galaxy, km/s.

    Parameters
    ----------
    particles : dict of array
        With Velocities (N, 3), km sqrt(a) / s.
    frame : Frame

    Returns
    -------
    (N,) float64 array
        Positive away from an observer who looks down the picture's z axis. Peculiar: the Hubble
        flow, 0.1 km/s a ckpc/h of depth today, is left out.
    """
    header = frame.header
    speed = np.asarray(particles["Velocities"], np.float64) * np.sqrt(header.scale_factor)
    return -(speed - frame.velocity) @ frame.rotation[2]


def magnetic_field_strength(particles, frame):
    """Physical strength of the magnetic field, microgauss.

    B = B_code h / a^2 sqrt(unit of pressure); see `skyloom.tng.code_units.GAUSS`.
    """
    header = frame.header
    vectors = np.asarray(particles["MagneticField"], np.float64)
    physical = header.hubble / header.scale_factor**2 * GAUSS * 1e6
    return np.sqrt(np.einsum("ij,ij->i", vectors, vectors)) * physical


def surface_density(mass, frame):
    """What a particle adds to its pixel's surface density, Msun / kpc^2."""
    return np.asarray(mass, np.float64) * (1e10 / frame.header.hubble / frame.pixel_area)


def _stellar(particles, frame):
    # Wind particles are gas on its way: their formation time is negative.
    born = particles["GFM_StellarFormationTime"] > 0
    return [surface_density(np.where(born, particles["Masses"], 0.0), frame)]


def _dispersion(particles, frame):
    speed = line_of_sight_velocity(particles, frame)
    return [speed, speed**2]


def _spread(moments):
    mean, square = moments
    variance = square - mean**2
    # What is left of a pixel with one cell is rounding.
    return np.sqrt(np.where(variance > 1e-10 * square, variance, 0.0))


_TNG = "Nelson et al. 2019, ComAC 6, 2, and TNG's specification of snapshots"

#: Every quantity that `tng.channels` may name.
QUANTITIES = {
    "velocity": Quantity(
        "gas",
        ("Velocities",),
        "km/s",
        "line-of-sight velocity",
        MEANS,
        lambda particles, frame: [line_of_sight_velocity(particles, frame)],
        _TNG,
        signed=True,
    ),
    "velocity_dispersion": Quantity(
        "gas",
        ("Velocities",),
        "km/s",
        "line-of-sight velocity dispersion",
        MEANS,
        _dispersion,
        f"{_TNG}; root of the second moment about the mean, without thermal motion",
        combine=_spread,
    ),
    "metallicity": Quantity(
        "gas",
        ("GFM_Metallicity",),
        "Zsun",
        "gas metallicity",
        MEANS,
        lambda particles, _: [
            np.asarray(particles["GFM_Metallicity"], np.float64) / SOLAR_METALLICITY
        ],
        f"{_TNG}: Zsun = 0.0127",
    ),
    "magnetic_field": Quantity(
        "gas",
        ("MagneticField",),
        "uG",
        "magnetic field strength",
        MEANS,
        lambda particles, frame: [magnetic_field_strength(particles, frame)],
        f"{_TNG}; Pakmor et al. 2017, MNRAS 469, 3185",
    ),
    "dark_matter": Quantity(
        "dark_matter",
        (),
        "Msun / kpc2",
        "dark-matter surface density",
        ("sum",),
        lambda particles, frame: [surface_density(particles["Masses"], frame)],
        f"{_TNG}: every particle has the mass of the header's MassTable",
        masses=False,
    ),
    "stellar_mass": Quantity(
        "stars",
        ("GFM_StellarFormationTime",),
        "Msun / kpc2",
        "stellar surface density",
        ("sum",),
        _stellar,
        f"{_TNG}: wind is left out",
    ),
}


def fields(quantity):
    """TNG fields that are read of a quantity's particles."""
    masses = ("Masses",) if quantity.masses else ()
    return tuple(sorted({"Coordinates", *masses, *quantity.fields}))


def further_fields(quantity):
    """Fields that a channel wants and the galaxies' own cutouts lack.

    Parameters
    ----------
    quantity : Quantity

    Returns
    -------
    dict
        As `skyloom.tng.particle_fields.FIELDS`: the quantity's kind of particles with all of its
        fields; empty where the galaxies' own cutouts hold what it needs.
    """
    wanted = fields(quantity)
    if set(wanted) <= set(FIELDS.get(quantity.particles, ())):
        return {}
    return {quantity.particles: wanted}


def quantity(name):
    """One of `QUANTITIES`.

    Raises
    ------
    KeyError
        If there is none of that name.
    """
    return QUANTITIES[name]
