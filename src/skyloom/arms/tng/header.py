"""What the header of a TNG-format file says."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np

from skyloom.errors import InputError
from skyloom.io.files import open_hdf5

#: Units of TNG's files (Nelson et al. 2019, section 3.1): kpc/h, 10^10 Msun/h and km/s in cgs.
UNITS = {
    "UnitLength_in_cm": 3.085678e21,
    "UnitMass_in_g": 1.989e43,
    "UnitVelocity_in_cm_per_s": 1e5,
}
#: Largest relative difference between units: programs round the parsec and the Sun's mass.
UNIT_TOLERANCE = 2e-3
#: Largest relative difference between numbers that should be one: some headers are single precision
#: or printed to four digits; neighbouring snapshots and simulations differ far more.
TOLERANCE = 1e-4
#: What is allowed for each number, and how that is said. The ages of stars are worked out for a
#: flat universe with matter and a cosmological constant.
_LIMITS = {
    "Time": (0, 1 + 1e-3, "no scale factor from above 0 to 1"),
    "Redshift": (-1e-3, np.inf, "no redshift"),
    "HubbleParam": (0, 10, "no Hubble constant in 100 km/s/Mpc"),
    "Omega0": (0, 1, "no density of matter between 0 and 1"),
    "BoxSize": (0, np.inf, "no side of a box"),
}

#: Density that may be missing to, or beyond, the critical one: of radiation, or by rounding.
_CURVED = 0.02

#: What all files of one snapshot of one run say alike.
SHARED = (*_LIMITS, "OmegaLambda")


class Header(NamedTuple):
    """The numbers of a snapshot that unit conversions need."""

    snapshot: int
    redshift: float
    scale_factor: float
    hubble: float
    omega_matter: float
    box_size: float
    synthetic: bool


def scalar(attributes, name, path):
    """A number among the attributes of a header; an InputError names what is missing."""
    if name not in attributes:
        raise InputError(
            f"{path} lacks the header attribute {name}: it is not a TNG-format file, or it was cut "
            "short; get it again."
        )
    # Cutouts that went through other tools hold arrays of one element.
    values = np.asarray(attributes[name]).reshape(-1) if is_number(attributes, name) else ()
    if not len(values) or values.dtype.kind not in "biuf":
        raise InputError(
            f"{path} has a header attribute {name} that is no number: the file is damaged; get it "
            "again."
        )
    if not (values == values[0]).all() and np.isfinite(values[0]):
        # A box of three sides, for example: all of them are one length here.
        raise InputError(
            f"{path} has {len(values)} numbers that differ as the header attribute {name}, "
            f"{values[0]:g} the first, where one is right: only cubic boxes of one snapshot can be "
            "read."
        )
    return values[0]


def is_number(attributes, name):
    # Asked before it is read: see `skyloom.io.hdf5_damage`.
    kind = attributes.get_id(name).get_type().get_class()
    return kind in (h5py.h5t.INTEGER, h5py.h5t.FLOAT, h5py.h5t.ENUM)


def check_numbers(
    read: dict[str, float], path: str | Path, named: str = "the header attribute {}"
) -> None:
    """Refuse numbers that no snapshot of TNG's units has.

    Parameters
    ----------
    read : dict of float
        Some of Time, Redshift, HubbleParam, Omega0, BoxSize and `UNITS`, by these names.
    path : str or Path
        Of the file that says so.
    named : str
        What a number is called there.

    Raises
    ------
    InputError
        Names the number and its value.
    """
    for name, (low, high, problem) in _LIMITS.items():
        if name in read and not low < read[name] < high:
            raise InputError(
                f"{path} has {read[name]:g} as {named.format(name)}, which is {problem}: get the "
                "file again as the simulation's authors serve it."
            )
    for name, unit in UNITS.items():
        if name in read and not abs(read[name] / unit - 1) <= UNIT_TOLERANCE:
            raise InputError(
                f"{path} has {read[name]:g} as {named.format(name)}, where TNG's files have "
                f"{unit:g}: other units are not converted yet; rewrite the files in kpc/h, 10^10 "
                "Msun/h and km/s."
            )
    if {"Time", "Redshift"} <= read.keys():
        expected = 1 / (1 + read["Redshift"])
        if not abs(read["Time"] / expected - 1) <= TOLERANCE:
            raise InputError(
                f"{path} has {read['Time']:.6g} as {named.format('Time')} and "
                f"{read['Redshift']:.6g} as {named.format('Redshift')}, whose scale factor is "
                f"{expected:.6g}: only snapshots of comoving runs, whose Time is the scale factor, "
                "can be read."
            )


def numbers(file: h5py.File, path: str | Path) -> dict[str, float]:
    """What an open file says of box, cosmology, time and units, checked.

    Parameters
    ----------
    file : h5py.File
    path : str or Path

    Returns
    -------
    dict of float
        By the header's names; what is not there is absent. Units also stand elsewhere: TNG's group
        catalogues have them in the group Parameters, EAGLE's files in the group Units.

    Raises
    ------
    InputError
        If one is no number, or one that `check_numbers` refuses.
    """
    header, parameters = (_attributes(file, name) for name in ("Header", "Parameters"))
    names = (*_LIMITS, "OmegaLambda")
    read = {name: float(scalar(header, name, path)) for name in names if name in header}
    read |= _units(header, path)
    check_numbers(read, path)
    for group in ("Parameters", "Units"):
        units = _units(_attributes(file, group), path)
        check_numbers(units, path, f"{{}} in its group {group}")
    comoving = "ComovingIntegrationOn"
    if (
        comoving in parameters
        and is_number(parameters, comoving)
        and not scalar(parameters, comoving, path)
    ):
        raise InputError(
            f"{path} has 0 as {comoving} in its group Parameters: only snapshots of comoving runs, "
            "whose Time is the scale factor, can be read."
        )
    return read


def _units(attributes, path):
    found = {name: scalar(attributes, name, path) for name in UNITS if name in attributes}
    with np.errstate(over="ignore"):
        # The unit of mass is beyond single precision.
        return {
            name: UNITS[name]
            if value.dtype == np.float32 and value == np.float32(UNITS[name])
            else float(value)
            for name, value in found.items()
        }


def alike(name, one, other):
    """Whether two files' `numbers` agree in one of `SHARED`."""
    # Redshifts of 0 are written as 0 and as the last digit of 1 + z.
    shift = 1 if name == "Redshift" else 0
    a, b = one[name] + shift, other[name] + shift
    return abs(a - b) <= TOLERANCE * max(abs(a), abs(b))


def counts(attributes, path):
    """Particles of each type in a chunk, (6,) int64 array, by its header."""
    name = "NumPart_ThisFile"
    there = name in attributes and is_number(attributes, name)
    values = np.asarray(attributes[name]).reshape(-1) if there else np.zeros(0)
    if len(values) < 6 or not np.isfinite(values).all() or values.min() < 0:
        raise InputError(
            f"{path} has no {name} of six types in its header: it is not a TNG-format snapshot, or "
            "it was cut short; get it again."
        )
    return values[:6].astype(np.int64)


def _attributes(file, name):
    group = file.get(name)
    return group.attrs if isinstance(group, h5py.Group) else {}


def table_mass(path, kind):
    """The mass of a particle type in a file's MassTable."""
    with open_hdf5(path, need=["Header"]) as file:
        masses = np.asarray(file["Header"].attrs.get("MassTable", ())).reshape(-1)
    if len(masses) <= kind or masses.dtype.kind != "f" or not 0 < masses[kind] < np.inf:
        raise InputError(
            f"{path} has no mass of PartType{kind} in its header's MassTable: the file is damaged, "
            "or a run without such particles; get it again, or leave the channel out."
        )
    return float(masses[kind])


def read_header(file, path, snapshot):
    """The `Header` of an open file; an InputError names what is missing or makes no sense."""
    attributes, read = _attributes(file, "Header"), numbers(file, path)
    for name in _LIMITS:
        # Says which is missing.
        scalar(attributes, name, path)
    total = read["Omega0"] + read.get("OmegaLambda", 1 - read["Omega0"])
    if not abs(total - 1) <= _CURVED:
        raise InputError(
            f"{path} has {read['Omega0']:g} as Omega0 and {read['OmegaLambda']:g} as OmegaLambda "
            f"in its header, {total:g} together: the ages of stars are known in flat universes "
            "only, where it is 1; get the file again as the simulation's authors serve it."
        )
    return Header(
        snapshot=int(snapshot),
        redshift=read["Redshift"],
        scale_factor=read["Time"],
        hubble=read["HubbleParam"],
        omega_matter=read["Omega0"],
        box_size=read["BoxSize"],
        synthetic=bool(attributes.get("SyntheticUniverse", False)),
    )
