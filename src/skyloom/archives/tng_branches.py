"""SubLink main branches from the TNG web API: which galaxies are one in several snapshots."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skyloom.archives import tng_api
from skyloom.archives.download import Wanted, fetch_all
from skyloom.errors import InputError
from skyloom.io.files import open_hdf5

if TYPE_CHECKING:
    from astropy.table import Table

    from skyloom.archives.tng_api import WebApi

_NEED = ("SnapNum", "SubfindID", "SubhaloID")


def read_branch(path: str | Path, snapshot: int, subhalo: int):
    """The subhaloes of one main branch and the branch's identity.

    Parameters
    ----------
    path : str or Path
        A file ``mpb.hdf5`` of the web API.
    snapshot, subhalo : int
        Whose branch it is: its first row.

    Returns
    -------
    pairs : list of (snapshot, subhalo)
    leaf : int
        SubLink's MainLeafProgenitorID, which all of them share: the SubhaloID of the last row
        (Rodriguez-Gomez et al. 2015, section 3).

    Raises
    ------
    InputError
        If it is not the branch of this subhalo.
    """
    with open_hdf5(path, need=_NEED) as file:
        snapshots, numbers, ids = (_column(file, name, path) for name in _NEED)
        leaf = "MainLeafProgenitorID"
        leaves = _column(file, leaf, path) if leaf in file else ids[-1:]
    whole = len(snapshots) == len(numbers) == len(ids) > 0
    if not whole or (int(snapshots[0]), int(numbers[0])) != (int(snapshot), int(subhalo)):
        raise InputError(f"{path} is not the main branch of subhalo {subhalo}.")
    if not (np.asarray(leaves) == ids[-1]).all() or (np.diff(snapshots.astype(int)) >= 0).any():
        raise InputError(f"{path} is not one branch from a galaxy to its first progenitor.")
    return list(zip(snapshots.tolist(), numbers.tolist(), strict=True)), int(ids[-1])


def _column(file, name, path):
    values = tng_api.stored_here(file, name, path)
    if values.ndim != 1 or values.dtype.kind not in "iu":
        raise InputError(f"{path}: {name} is no column of whole numbers.")
    return values[()]


def lineages(api: WebApi, tables: Sequence[Table], *, failures: str | Path) -> list[np.ndarray]:
    """Identity over time of the galaxies of several snapshots.

    The newest snapshot comes first: its branches name most galaxies of the others, which are then
    not asked for.

    Parameters
    ----------
    api : `skyloom.archives.tng_api.WebApi`
    tables : sequence of astropy.table.Table
        One a snapshot, as `skyloom.arms.tng.selection.select` makes them.
    failures : str or Path
        Table of what could not be fetched.

    Returns
    -------
    list of (N,) int64 array
        As `skyloom.arms.tng.simulation.Simulation.lineages` gives them; -1 for a galaxy that is not
        in the trees, for which the archive answers 404.

    Raises
    ------
    InputError
        If branches could not be fetched; names the table of failures.
    """
    leaves = {}
    galaxies = sorted(
        (
            (table.meta["snapshot"], int(number))
            for table in tables
            for number in table["subhalo_id"]
        ),
        key=lambda pair: (-pair[0], pair[1]),
    )

    def wanted():
        for snapshot, subhalo in galaxies:
            if (snapshot, subhalo) in leaves:
                continue

            def verify(path, snapshot=snapshot, subhalo=subhalo):
                read_branch(path, snapshot, subhalo)

            url = api.address("branch", snapshot=snapshot, number=subhalo)
            path = api.folder / "branches" / f"{snapshot:03d}" / f"{subhalo}.hdf5"
            yield Wanted(url, path, verify=verify)
            # Fetched by now, unless the archive has none.
            try:
                pairs, leaf = read_branch(path, snapshot, subhalo)
            except InputError:
                continue
            leaves.update(dict.fromkeys(pairs, leaf))

    outcome = fetch_all(
        api.session,
        wanted(),
        table=failures,
        policy=api.policy,
        label="main branches",
        unlisted=("absent",),
    )
    outcome.require(failures, allow=("absent",))
    if galaxies and not outcome.fetched:
        raise InputError(
            f"The archive has no main branch of any of {len(galaxies)} galaxies: check the address "
            "tng.branch in the file of addresses."
        )
    return [
        np.array(
            [leaves.get((table.meta["snapshot"], int(n)), -1) for n in table["subhalo_id"]],
            np.int64,
        )
        for table in tables
    ]
