"""Channels: what each is a map of, from which particles.

`QUANTITIES` is the whole list; one more entry is one more channel that a configuration may ask
for. Entropy, mass and temperature, which every run maps, come from `skyloom.arms.tng.gas_channels`.
"""

from __future__ import annotations

import numpy as np

from skyloom.arms.tng.gas_channels import GAS, MEANS, Quantity
from skyloom.arms.tng.particle_fields import GAUSS, SOLAR_METALLICITY


def line_of_sight_velocity(particles: dict[str, np.ndarray], frame) -> np.ndarray:
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

    B = B_code h / a^2 sqrt(unit of pressure); see `skyloom.arms.tng.particle_fields.GAUSS`.
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

#: Every quantity by name; `tng.channels` may name those that are not the kernel's.
QUANTITIES = {
    **GAS,
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
