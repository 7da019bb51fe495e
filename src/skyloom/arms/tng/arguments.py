"""What a caller in Python hands over: quantities with units, and errors that name arguments."""

from __future__ import annotations

import operator
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from astropy import units
from astropy.cosmology.units import littleh

from skyloom.errors import InputError

if TYPE_CHECKING:
    from astropy.units import Quantity

    from skyloom.arms.tng.header import Header


#: TNG's units of mass and comoving length.
MASS, LENGTH = 1e10 * units.Msun / littleh, units.kpc / littleh

#: What the workflow's configuration calls the arguments, and how sentences name these.
ARGUMENTS = {
    "tng.base_path and tng.snapshots": "base_path and snapshot",
    "tng.external to allow": "external='allow'",
    "tng.reference_snapshot": "snapshot",
    "tng.selection": "skyloom.open_tng",
    "tng.snapshots": "snapshots",
    "tng.synthetic.chunks": "chunks",
    "tng.synthetic.galaxies": "galaxies",
    "tng.synthetic.gas_cells": "gas_cells",
    "tng.variants": "skyloom.picture",
}
_KEYS = re.compile("|".join(map(re.escape, sorted(ARGUMENTS, key=len, reverse=True))))


def renamed(sentence):
    """A sentence about keys of the configuration as one about arguments."""
    return _KEYS.sub(lambda key: ARGUMENTS[key[0]], sentence)


@contextmanager
def arguments_named():
    """Errors of the library whose sentences name the caller's arguments."""
    try:
        yield
    except InputError as error:
        raise InputError(renamed(str(error))) from error.__cause__


def number(name, value, unit):
    """An argument as a finite number in a unit: of a Quantity, or of a number that is in it.

    Raises
    ------
    InputError
        If it is no finite number, or has another kind of unit.
    """
    try:
        found = float(units.Quantity(value, unit).value)
    except (TypeError, ValueError):
        found = np.nan
    if not np.isfinite(found):
        raise InputError(
            f"{name} is {value!r}: give a finite number in {unit}, or a Quantity that converts to "
            "it."
        )
    return found


def whole(name, value):
    """An argument as a whole number."""
    try:
        return operator.index(value)
    except TypeError as error:
        raise InputError(f"{name} is {value!r}: give a whole number.") from error


def comoving(name: str, value: float | Quantity, header: Header):
    """A length as TNG counts it, ckpc/h.

    Parameters
    ----------
    name : str
        The argument's.
    value : float or Quantity
        A number, or what has the unit kpc/littleh, is comoving already; other lengths are physical.
    header : `skyloom.arms.tng.header.Header`
    """
    if getattr(value, "unit", LENGTH).physical_type == "length":
        kpc = number(name, value, units.kpc)
        return kpc * header.hubble / header.scale_factor
    return number(name, value, LENGTH)


def mass(name, value):
    """A mass as `skyloom.arms.tng.quantities.catalogue_mass` takes it, from a Quantity too."""
    if not isinstance(value, units.Quantity):
        return value
    if value.unit.is_equivalent(units.Msun):
        return f"{number(name, value, units.Msun)!r} Msun"
    return number(name, value, MASS)


def size(name, value):
    """A filter's size as `skyloom.arms.tng.quantities.pixels` takes it, from a Quantity too."""
    if not isinstance(value, units.Quantity):
        return value
    if value.unit.is_equivalent(units.kpc):
        return f"{number(name, value, units.kpc)!r} kpc"
    return f"{number(name, value, LENGTH)!r} ckpc/h"
