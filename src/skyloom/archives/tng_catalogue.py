"""The group catalogue from the TNG web API, put together in TNG's own layout."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np

from skyloom.archives import tng_api
from skyloom.arms.tng.selection import SUBHALO_FIELDS
from skyloom.errors import InputError
from skyloom.io.files import atomic_hdf5, create_dataset, open_hdf5
from skyloom.progress import track

if TYPE_CHECKING:
    from astropy.table import Table

    from skyloom.archives.tng_api import WebApi
    from skyloom.arms.tng.simulation import Simulation

#: What selection and cutouts need, of subhaloes and of groups.
FIELDS = {
    "Subhalo": (*SUBHALO_FIELDS, "SubhaloLenType"),
    "Group": ("GroupFirstSub", "GroupLenType", "GroupMass"),
}
#: Columns that not every simulation has: Illustris's catalogues lack it.
_OPTIONAL = (("Subhalo", "SubhaloFlag"),)
_COUNTS = {"Subhalo": "num_groups_subfind", "Group": "num_groups_fof"}
_HEADER = {"Subhalo": "Nsubgroups", "Group": "Ngroups"}


def _verified(name, count):
    def verify(path):
        with open_hdf5(path, need=[name]) as file:
            tng_api.check_rows(file, name, count, path)

    return verify


def fetch_columns(api: WebApi, snapshot: int) -> dict:
    """Fetch the fields of `FIELDS`, one a request, each checked against the snapshot's counts.

    Parameters
    ----------
    api : `skyloom.archives.tng_api.WebApi`
    snapshot : int

    Returns
    -------
    dict
        (table, field) -> path, without SubhaloFlag where the archive says that there is none.

    Raises
    ------
    InputError
        If a field cannot be had; names it.
    """
    counts = api.snapshot(snapshot)
    pairs = [(table, field) for table, fields in FIELDS.items() for field in fields]
    paths = {}
    for table, field in track(pairs, label=f"catalogue of snapshot {snapshot}", unit="field"):
        name = f"{table}/{field}"
        url = api.address("column", snapshot=snapshot, table=table, field=field)
        path = api.folder / "columns" / f"{snapshot:03d}" / f"{table}.{field}.hdf5"
        try:
            fetched = api.fetch(url, path, _verified(name, counts[_COUNTS[table]]))
        except InputError:
            if (table, field) in _OPTIONAL and api.status(url) in (400, 404):
                continue
            raise
        paths[table, field] = fetched.path
    return paths


def assemble(api: WebApi, snapshot: int, paths: dict, outputs: Sequence[str | Path]) -> None:
    """Write a catalogue in TNG's layout from its columns.

    Parameters
    ----------
    api : `skyloom.archives.tng_api.WebApi`
    snapshot : int
    paths : dict
        From `fetch_columns`.
    outputs : sequence of path
        The chunks to write: at least two, since illustris_python fails on one.
    """
    box, numbers = api.cosmology(), api.snapshot(snapshot)
    header = {
        "Time": 1.0 / (1.0 + numbers["redshift"]),
        "Redshift": float(numbers["redshift"]),
        "BoxSize": float(box["boxsize"]),
        "HubbleParam": float(box["hubble"]),
        "Omega0": float(box["omega_0"]),
        "NumFiles": np.int32(len(outputs)),
    }
    if any(tng_api.is_synthetic(path) for path in paths.values()):
        header["SyntheticUniverse"] = True
    edges = {
        table: np.linspace(0, numbers[count], len(outputs) + 1).astype(np.int64)
        for table, count in _COUNTS.items()
    }
    for chunk, output in enumerate(outputs):
        with atomic_hdf5(output) as file:
            attributes = file.create_group("Header").attrs
            attributes.update(header)
            for table, fields in FIELDS.items():
                first, last = edges[table][chunk : chunk + 2]
                attributes[f"{_HEADER[table]}_ThisFile"] = np.int32(last - first)
                attributes[f"{_HEADER[table]}_Total"] = np.int32(edges[table][-1])
                group = file.create_group(table)
                for field in sorted(name for name in fields if (table, name) in paths):
                    with h5py.File(paths[table, field], "r") as column:
                        create_dataset(group, field, column[f"{table}/{field}"][first:last])


def extents(simulation: Simulation, galaxies: Table) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where the particles of galaxies lie among those of their FoF groups.

    Parameters
    ----------
    simulation : `skyloom.arms.tng.simulation.Simulation`
        With `FIELDS` in its catalogue.
    galaxies : astropy.table.Table

    Returns
    -------
    first, count, total : (N, 6) int64 arrays
        By particle type: the first particle in the group, how many are the galaxy's, how many the
        group's.

    Raises
    ------
    InputError
        If the catalogue's subhaloes are not in the order of their groups, on which this rests.

    Notes
    -----
    TNG orders particles by group, then by subhalo, then come the group's unbound ones (Nelson et
    al. 2019, section 3.1): a galaxy begins behind the subhaloes of its group with lower numbers.
    """
    subhalos = simulation.subhalos(("SubhaloGrNr", "SubhaloLenType"))
    groups = simulation.groups(("GroupFirstSub", "GroupLenType"))
    numbers = np.asarray(galaxies["subhalo_id"], dtype=np.int64)
    owners = np.asarray(galaxies["group_id"], dtype=np.int64)
    total = np.asarray(groups["GroupLenType"], dtype=np.int64).reshape(-1, 6)[owners]
    lengths = np.asarray(subhalos["SubhaloLenType"]).reshape(-1, 6)
    first, count = np.zeros((2, len(numbers), 6), dtype=np.int64)
    for row, (number, owner) in enumerate(zip(numbers, owners, strict=True)):
        lead = int(groups["GroupFirstSub"][owner])
        if not 0 <= lead <= number or (subhalos["SubhaloGrNr"][lead : number + 1] != owner).any():
            raise InputError(
                f"{simulation.base_path}, snapshot {simulation.snapshot}: the subhaloes of group "
                f"{owner} do not follow each other; fetch the catalogue again."
            )
        first[row] = lengths[lead:number].sum(axis=0, dtype=np.int64)
        count[row] = lengths[number]
        if (first[row] + count[row] > total[row]).any():
            raise InputError(
                f"{simulation.base_path}, snapshot {simulation.snapshot}: group {owner} has fewer "
                "particles than its subhaloes; fetch the catalogue again."
            )
    return first, count, total
