"""Cutouts of galaxies from the TNG web API: what is asked for, and whether it is what came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from astropy.table import Table

from skyloom.archives import tng_api, tng_catalogue
from skyloom.archives.download import Wanted, fetch_all
from skyloom.arms.tng.cutouts import KINDS, file_name
from skyloom.arms.tng.header import numbers, table_mass
from skyloom.arms.tng.particle_fields import FIELDS, PARTICLE_TYPES
from skyloom.errors import InputError
from skyloom.io.files import open_hdf5

if TYPE_CHECKING:
    from skyloom.archives.tng_api import WebApi
    from skyloom.arms.tng.simulation import Simulation

#: What the archive calls kinds of particles, where it is not as here.
_ASKED = {"dark_matter": "dm"}
#: Largest relative difference between a galaxy's gas and stars in the catalogue and the sum of its
#: particles; a slice of the wrong particles differs far more.
MASS_TOLERANCE = 1e-2


def listing(
    simulation: Simulation,
    galaxies: Table,
    *,
    whole_groups: bool,
    kinds: Sequence[str] = tuple(KINDS),
) -> Table:
    """Which cutout holds each galaxy's particles, and where in it they lie.

    Parameters
    ----------
    simulation : `skyloom.arms.tng.simulation.Simulation`
        The catalogue.
    galaxies : astropy.table.Table
    whole_groups : bool
        Cutouts are of FoF groups, one for all galaxies of a group; else of single subhaloes.
    kinds : sequence of str
        Of particles.

    Returns
    -------
    astropy.table.Table
        A row a galaxy: subhalo_id, group_id, file, for gas and stars the first particle, how many
        are the galaxy's and how many the file has, and the mass of both (10^10 Msun/h).
    """
    first, count, total = tng_catalogue.extents(simulation, galaxies)
    if not whole_groups:
        first, total = np.zeros_like(first), count
    owner, column = ("halo", "group_id") if whole_groups else ("subhalo", "subhalo_id")
    table = Table({name: np.asarray(galaxies[name]) for name in ("subhalo_id", "group_id")})
    table["file"] = [file_name(owner, number) for number in galaxies[column]]
    for kind in kinds:
        number = PARTICLE_TYPES[kind]
        table[f"{kind}_first"] = first[:, number]
        table[f"{kind}_count"] = count[:, number]
        table[f"{kind}_total"] = total[:, number]
    table["mass"] = np.asarray(galaxies["gas_mass"]) + np.asarray(galaxies["stellar_mass"])
    table.meta = {"snapshot": simulation.snapshot, "of": owner}
    return table


def check_cutout(path: str | Path, rows: Table, header, fields_of: dict = FIELDS) -> None:
    """Raise an InputError unless a cutout holds what the catalogue says it does.

    Parameters
    ----------
    path : str or Path
    rows : astropy.table.Table
        The rows of `listing` that are in this file.
    header : `skyloom.arms.tng.simulation.Header`
        Of the catalogue.
    fields_of : dict
        What was asked for, as `FIELDS`.
    """
    with open_hdf5(path, need=["Header"]) as file:
        check_header(file["Header"].attrs, path, rows, header)
        numbers(file, path)
        weights = np.zeros(len(rows))
        for kind, fields in fields_of.items():
            count = int(rows[f"{kind}_total"][0])
            name = f"PartType{PARTICLE_TYPES[kind]}"
            if not count and name not in file:
                continue
            missing = [f for f in fields if f"{name}/{f}" not in file]
            if missing:
                raise InputError(f"{path} lacks {', '.join(f'{name}/{f}' for f in missing)}.")
            if "Masses" not in fields:
                table_mass(path, PARTICLE_TYPES[kind])
            for field in fields:
                values = _column(file, f"{name}/{field}", count, path)
                if field == "Masses":
                    weights += [
                        values[row[f"{kind}_first"] :][: row[f"{kind}_count"]].sum(dtype=np.float64)
                        for row in rows
                    ]
    if fields_of is FIELDS:
        _check_masses(weights, rows, path)


def _column(file, name, count, path):
    values = tng_api.stored_here(file, name, path)
    vector = name.endswith(("/Coordinates", "/MagneticField", "/Velocities"))
    shape = (count, 3) if vector else (count,)
    if values.shape != shape or values.dtype.kind != "f":
        raise InputError(
            f"{path}: {name} has shape {values.shape} where the catalogue's counts ask for {shape}."
        )
    values = values[()]
    if not np.isfinite(values).all():
        raise InputError(f"{path}: {name} has NaN or infinite values.")
    return values


def check_header(attributes: Mapping, path: str | Path, rows: Table, header) -> None:
    """Raise an InputError for a cutout of another object, snapshot or simulation.

    Parameters
    ----------
    attributes : mapping
        Of the cutout's group Header; entries that are absent are not missed.
    path : str or Path
    rows : astropy.table.Table
        The rows of `listing` that are in this file.
    header : `skyloom.arms.tng.simulation.Header`
        Of the catalogue.
    """
    owner = rows.meta["of"]
    number = int(rows["group_id" if owner == "halo" else "subhalo_id"][0])
    for name, expected, tolerance in (
        ("SnapshotNumber", header.snapshot, 0),
        ("CutoutID", number, 0),
        ("BoxSize", header.box_size, 1e-6 * header.box_size),
        ("HubbleParam", header.hubble, 1e-6),
        ("Omega0", header.omega_matter, 1e-6),
        ("Time", header.scale_factor, 1e-6),
    ):
        if name in attributes:
            # Some files hold arrays of one element.
            value = float(np.asarray(attributes[name]).reshape(-1)[0])
            if not abs(value - expected) <= tolerance:
                raise InputError(
                    f"{path} has {name} {value:g} where {expected:g} was asked for: it is the "
                    "cutout of something else."
                )


def _check_masses(weights, rows, path):
    """The particles at a galaxy's place weigh what the catalogue says: the slice is the galaxy.

    Gas and stars together: TNG counts wind among the gas in SubhaloMassType and among the stars in
    SubhaloLenType (its specification of the group catalogue).
    """
    for row, weight in zip(rows, weights, strict=True):
        if not abs(weight - row["mass"]) <= MASS_TOLERANCE * row["mass"]:
            raise InputError(
                f"{path}: gas and stars of subhalo {row['subhalo_id']} weigh {weight:.6g} where "
                f"the catalogue says {row['mass']:.6g} (10^10 Msun/h)."
            )


def fetch_cutouts(
    api: WebApi,
    table: Table,
    folder: Path,
    header,
    *,
    failures: str | Path,
    fields_of: dict = FIELDS,
) -> None:
    """Fetch every cutout of a listing, and put their checksums into it.

    Those that are there and whole are kept.

    Parameters
    ----------
    api : `skyloom.archives.tng_api.WebApi`
    table : astropy.table.Table
        From `listing`.
    folder : Path
    header : `skyloom.arms.tng.simulation.Header`
    failures : str or Path
        Table of what could not be fetched; the next call asks for just those.
    fields_of : dict
        What is asked for, as `FIELDS`.

    Raises
    ------
    InputError
        If some could not be fetched; names the table of failures.
    """
    snapshot = table.meta["snapshot"]
    fields = "&".join(
        f"{_ASKED.get(kind, kind)}={','.join(names)}" for kind, names in fields_of.items()
    )

    def wanted(name):
        rows = table[table["file"] == name]
        url = _address(api, rows, fields)
        return Wanted(
            url,
            folder / name,
            verify=lambda path: check_cutout(path, rows, header, fields_of),
        )

    outcome = fetch_all(
        api.session,
        [wanted(name) for name in dict.fromkeys(table["file"].tolist())],
        table=failures,
        policy=api.policy,
        label=f"cutouts of snapshot {snapshot}",
        stop_at=(400,),
    )
    if any(error.status == 400 for _, error in outcome.failures):
        _refuse_missing_fields(api, table, failures, fields_of)
    outcome.require(
        failures, remedy="leave galaxies that are gone for good out with tng.selection.exclude"
    )
    # By these the maps are made again, and verified, where a cutout is another.
    checksums = {fetched.path.name: fetched.sha256 for fetched in outcome.fetched}
    table["sha256"] = [checksums[name] for name in table["file"].tolist()]


def _address(api, rows, fields):
    owner, snapshot = rows.meta["of"], rows.meta["snapshot"]
    number = int(rows["group_id" if owner == "halo" else "subhalo_id"][0])
    return api.address(owner, snapshot=snapshot, number=number, fields=fields)


def _refuse_missing_fields(api, table, failures, fields_of):
    """Say which fields a snapshot lacks: the archive answers 400 to a request for any of them."""
    lacking = [
        f"PartType{PARTICLE_TYPES[kind]}/{field}"
        for kind, fields in fields_of.items()
        for field in fields
        if api.status(_address(api, table[:1], f"{_ASKED.get(kind, kind)}={field}")) == 400
    ]
    # What every galaxy is asked for is asked for each snapshot; a channel may be done without.
    remedy = "take it out of tng.snapshots"
    if fields_of is not FIELDS:
        remedy += ", or leave the variants that show this channel out"
    what = ", ".join(lacking) or "some of the fields asked for"
    raise InputError(
        f"The archive's snapshot {table.meta['snapshot']} lacks {what} (a mini snapshot has fewer "
        f"fields than a full one), see {failures}: {remedy}."
    )
