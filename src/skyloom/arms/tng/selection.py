"""Choosing galaxies from the subhalo catalogue, and describing them in one table."""

from __future__ import annotations

import numpy as np
from astropy.table import Column, Table

from skyloom.arms.tng.quantities import catalogue_mass
from skyloom.errors import InputError

#: Catalogue units, as astropy writes them.
MASS_UNIT, LENGTH_UNIT = "1e10 Msun / littleh", "kpc / littleh"

#: What is read of each subhalo.
SUBHALO_FIELDS = (
    "SubhaloFlag",
    "SubhaloGrNr",
    "SubhaloMass",
    "SubhaloMassType",
    "SubhaloPos",
    "SubhaloSFR",
    "SubhaloVel",
)
_GAS, _STARS = 0, 4
#: How far beyond its edges a position may be, as a share of the box.
_BEYOND = 0.01


def specific_star_formation_rate(
    sfr: np.ndarray, mass: np.ndarray, *, hubble: float, ignore_h: bool = False
):
    """Specific star formation rate, 1/yr.

    Parameters
    ----------
    sfr : (N,) array
        Msun/yr.
    mass : (N,) array
        10^10 Msun/h: stellar mass by the thesis's text, total mass by its code.
    hubble : float
    ignore_h : bool
        Divide by the catalogue's number as if it were 10^10 Msun, as the thesis does.
    """
    solar = np.asarray(mass, dtype=np.float64) * 1e10 / (1.0 if ignore_h else hubble)
    return np.divide(sfr, solar, out=np.zeros_like(solar), where=solar > 0)


def passes(
    subhalos: dict[str, np.ndarray],
    group_mass: np.ndarray,
    *,
    stellar_mass,
    total_mass_max: float | str,
    group_mass_max: float | str,
    hubble: float,
) -> np.ndarray:
    """The thesis's cuts (section III.1.1), all strict inequalities.

    Parameters
    ----------
    subhalos : dict of array
        SubhaloFlag, SubhaloMass, SubhaloMassType.
    group_mass : (N,) array
        Mass of each subhalo's FoF group, 10^10 Msun/h.
    stellar_mass : (low, high)
    total_mass_max, group_mass_max : float or str
        As `catalogue_mass` takes them.
    hubble : float

    Returns
    -------
    (N,) bool array
    """
    low, high = (catalogue_mass(limit, hubble) for limit in stellar_mass)
    stars = subhalos["SubhaloMassType"][:, _STARS]
    return (
        np.asarray(subhalos["SubhaloFlag"], dtype=bool)
        & (stars > low)
        & (stars < high)
        & (subhalos["SubhaloMass"] < catalogue_mass(total_mass_max, hubble))
        & (group_mass < catalogue_mass(group_mass_max, hubble))
    )


def select(simulation, *, cuts):
    """Table of the galaxies of one snapshot that pass the cuts.

    Parameters
    ----------
    simulation : `skyloom.arms.tng.simulation.Simulation`
    cuts : dict
        stellar_mass, total_mass_max, group_mass_max; and ``exclude``, names such as ``099_123`` of
        galaxies (snapshot and subhalo) that are left out although they pass.

    Returns
    -------
    astropy.table.Table
        Sorted by subhalo number. Galaxies without star formation or without gas are kept. Where
        the catalogue has no SubhaloFlag, as Illustris's, every subhalo counts as a galaxy, and the
        metadata say so.

    Raises
    ------
    InputError
        If a field is missing, a value is not finite, or a group number points nowhere.
    """
    header = simulation.header
    flagged = simulation.has_subhalo_field("SubhaloFlag")
    fields = [name for name in SUBHALO_FIELDS if flagged or name != "SubhaloFlag"]
    subhalos = simulation.subhalos(fields)
    if not flagged:
        subhalos["SubhaloFlag"] = np.ones(len(subhalos["SubhaloGrNr"]), dtype=bool)
    groups = simulation.groups(("GroupMass",))["GroupMass"]
    owner = np.asarray(subhalos["SubhaloGrNr"], dtype=np.int64)
    where = f"{simulation.base_path}, snapshot {header.snapshot}"
    if len(owner) and (owner.min() < 0 or owner.max() >= len(groups)):
        raise InputError(
            f"{where}: SubhaloGrNr points to group {owner.max()} of {len(groups)}: "
            "the catalogue is not whole; get all its chunks."
        )
    limits = {name: limit for name, limit in cuts.items() if name != "exclude"}
    chosen = np.flatnonzero(passes(subhalos, groups[owner], hubble=header.hubble, **limits))
    chosen = chosen[~np.isin(chosen, _excluded(cuts.get("exclude", ()), header.snapshot))]
    picked = {name: np.asarray(array)[chosen] for name, array in subhalos.items()}
    for name, array in picked.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise InputError(f"{where}: {name} is not finite for a selected subhalo; get it again.")
    _check_places(picked["SubhaloPos"], header.box_size, where)
    lineage = (
        simulation.lineages(chosen) if simulation.has_tree else np.full(len(chosen), -1, np.int64)
    )
    table = _table(header, chosen, picked, groups[owner[chosen]], lineage)
    if not flagged:
        table.meta["subhalo_flag"] = "the catalogue has none: every subhalo counts as a galaxy"
    return table


def _check_places(places, box, where):
    """Refuse galaxies outside the box: either is in another unit, and none is its neighbour."""
    # Some lie beyond an edge by the rounding of single precision, or by their own radius.
    if len(places) and not -_BEYOND * box <= places.min() <= places.max() <= (1 + _BEYOND) * box:
        raise InputError(
            f"{where}: SubhaloPos reaches from {places.min():g} to {places.max():g}, but BoxSize "
            f"in the header is {box:g}: the two are not in one unit, or not of one run; get the "
            "files again as the simulation's authors serve them."
        )


def _excluded(names, snapshot):
    """Subhalo numbers of one snapshot among names such as ``099_123``."""
    pairs = (name.split("_") for name in names)
    return [int(subhalo) for number, subhalo in pairs if int(number) == snapshot]


def _table(header, chosen, picked, group_mass, lineage):
    """Name the columns, attach units, and note the snapshot's numbers."""
    stellar = picked["SubhaloMassType"][:, _STARS].astype(np.float64)
    total = picked["SubhaloMass"].astype(np.float64)
    sfr = picked["SubhaloSFR"].astype(np.float64)
    position = picked["SubhaloPos"].astype(np.float64)
    velocity = picked["SubhaloVel"].astype(np.float64)
    columns = [
        ("snapshot", np.full(len(chosen), header.snapshot), None, "snapshot number"),
        ("subhalo_id", chosen.astype(np.int64), None, "number in the subhalo catalogue"),
        ("group_id", picked["SubhaloGrNr"].astype(np.int64), None, "FoF group"),
        ("lineage_id", lineage, None, "SubLink main branch (MainLeafProgenitorID); -1 unknown"),
        *((name, position[:, k], LENGTH_UNIT, "comoving") for k, name in enumerate("xyz")),
        *((f"v{name}", velocity[:, k], "km/s", "peculiar") for k, name in enumerate("xyz")),
        ("sfr", sfr, "Msun/yr", "SubhaloSFR"),
        ("stellar_mass", stellar, MASS_UNIT, "SubhaloMassType, stars"),
        ("total_mass", total, MASS_UNIT, "SubhaloMass"),
        ("gas_mass", picked["SubhaloMassType"][:, _GAS].astype(np.float64), MASS_UNIT, "gas"),
        ("group_mass", group_mass.astype(np.float64), MASS_UNIT, "GroupMass"),
        ("flag", picked["SubhaloFlag"].astype(bool), None, "SubhaloFlag"),
    ]
    table = Table([Column(v, name=n, unit=u, description=d) for n, v, u, d in columns])
    table.meta = header._asdict()
    return table


def with_ssfr(galaxies: Table, *, mass: str, ignore_h: bool = False) -> Table:
    """The table with a column of specific star formation rates.

    Parameters
    ----------
    galaxies : astropy.table.Table
        From `select`.
    mass : 'stellar' or 'total'
        What the star formation rate is divided by.
    ignore_h : bool
        See `specific_star_formation_rate`.

    Returns
    -------
    astropy.table.Table
        A copy; ``ssfr`` (1/yr) stands after ``sfr``, the definition is in the metadata.
    """
    table = galaxies.copy()
    ssfr = specific_star_formation_rate(
        np.asarray(table["sfr"]),
        np.asarray(table[f"{mass}_mass"]),
        hubble=table.meta["hubble"],
        ignore_h=ignore_h,
    )
    column = Column(ssfr, name="ssfr", unit="1/yr", description=f"SFR over {mass} mass")
    table.add_column(column, index=table.colnames.index("sfr") + 1)
    table.meta |= {"ssfr_mass": mass, "ignore_h": ignore_h}
    return table
