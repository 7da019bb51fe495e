"""What a channel is a map of, and the three that the kernel makes of the gas in one pass.

All channels are in `skyloom.arms.tng.channels`. These stand apart from it, so that an edit of that
list makes none of their maps anew.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from skyloom.arms.tng.particle_fields import FIELDS

#: Means of cells: how a pixel weighs what falls on it.
MEANS = ("mass_weighted_mean", "mean")


class Frame(NamedTuple):
    """What a quantity needs to know besides its particles."""

    header: Any  # skyloom.arms.tng.simulation.Header
    velocity: np.ndarray  # (3,) km/s, of the galaxy
    rotation: np.ndarray  # (3, 3), from the box to the picture
    pixel_area: float  # kpc^2, of physical kpc


class Quantity(NamedTuple):
    """What a channel is a map of.

    `values` turns particles (a dict of arrays in TNG's units) and a `Frame` into one array a
    moment, each of one number a particle; a pixel's `statistic` of each goes to `combine`, which
    gives the map. A quantity without moments of its own is the first of them; one without `values`
    is worked out by the kernel itself (`skyloom.kernels.histogram2d.project_gas`).
    """

    particles: str  # one of skyloom.arms.tng.simulation.PARTICLE_TYPES
    fields: tuple  # of those particles, beyond Coordinates and Masses
    unit: str
    label: str
    statistics: tuple  # that make sense, the usual one first
    values: Any  # (particles, frame) -> list of (N,) array
    source: str
    signed: bool = False
    combine: Any = None  # list of (B, B) array -> (B, B) array
    masses: bool = True  # whether particles have the field Masses; else the header's MassTable


class Channel(NamedTuple):
    """A map that is asked for: of what, and what a pixel holds."""

    quantity: Quantity
    statistic: str


def fields(quantity):
    """TNG fields that are read of a quantity's particles."""
    names = {"Coordinates", *quantity.fields}
    if quantity.masses:
        names.add("Masses")
    if quantity.particles == "gas":
        names.add("Density")  # with the mass, the size of a cell
    return tuple(sorted(names))


def further_fields(quantity: Quantity) -> dict:
    """Fields that a channel wants and the galaxies' own cutouts lack.

    Parameters
    ----------
    quantity : Quantity

    Returns
    -------
    dict
        As `skyloom.arms.tng.particle_fields.FIELDS`: the quantity's kind of particles with all of
        its fields; empty where the galaxies' own cutouts hold what it needs.
    """
    wanted = fields(quantity)
    if set(wanted) <= set(FIELDS.get(quantity.particles, ())):
        return {}
    return {quantity.particles: wanted}


_REFERENCE = "skyloom.arms.tng.gas.cell_properties"

#: Channels of the gas that the kernel makes in one pass, in the order of an image's.
GAS = {
    "entropy": Quantity(
        "gas",
        ("Density", "ElectronAbundance", "InternalEnergy"),
        "keV cm2",
        "gas entropy",
        (*MEANS, "sum"),
        None,
        _REFERENCE,
    ),
    "mass": Quantity("gas", (), "1e10 Msun/h", "gas mass", ("sum", *MEANS), None, _REFERENCE),
    "temperature": Quantity(
        "gas",
        ("ElectronAbundance", "InternalEnergy"),
        "K",
        "gas temperature",
        (*MEANS, "sum"),
        None,
        _REFERENCE,
    ),
}
#: Their names.
CHANNELS = tuple(GAS)
#: Variants side by side in figures 4.3 to 4.5 of the thesis; its tenth, the composite, is in none.
FAMILIES = {
    "channels": CHANNELS,
    "gaussian": ("gaussian_3", "gaussian_5", "gaussian_10"),
    "unsharp": ("unsharp_3", "unsharp_5", "unsharp_10"),
}


def chosen(wanted: dict, table: dict[str, Quantity] = GAS) -> dict[str, Channel]:
    """Channels of a configuration.

    Parameters
    ----------
    wanted : dict
        Name -> ``quantity`` and ``statistic``.
    table : dict of Quantity
        By name, such as `skyloom.arms.tng.channels.QUANTITIES`.

    Returns
    -------
    dict of Channel
    """
    return {name: Channel(table[own["quantity"]], own["statistic"]) for name, own in wanted.items()}
