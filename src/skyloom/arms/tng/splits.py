"""Splitting galaxies into a training and a test side without the same galaxy on both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from astropy.table import Table, vstack
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from skyloom import splits
from skyloom.arms.tng.labels import galaxy_id, usable
from skyloom.errors import InputError


def components(snapshot: np.ndarray, group_id: np.ndarray, lineage_id: np.ndarray) -> np.ndarray:
    """Connected components of galaxies that share a lineage or a FoF group.

    Parameters
    ----------
    snapshot, group_id, lineage_id : (N,) int array
        A group is shared within one snapshot; a lineage across snapshots. -1 is no lineage.

    Returns
    -------
    (N,) int array
        Equal numbers for galaxies that are linked, directly or through others; numbered by first
        appearance.
    """
    n = len(snapshot)
    groups = np.unique(np.stack([snapshot, group_id]), axis=1, return_inverse=True)[1].ravel()
    known = np.flatnonzero(np.asarray(lineage_id) >= 0)
    lineages = np.unique(np.asarray(lineage_id)[known], return_inverse=True)[1].ravel()
    # A graph of galaxies, groups and lineages, each a node; a membership is an edge.
    rows = np.concatenate([np.arange(n), known])
    columns = np.concatenate([n + groups, 2 * n + lineages])
    graph = coo_array((np.ones(len(rows), bool), (rows, columns)), shape=(3 * n, 3 * n))
    label = connected_components(graph, directed=False)[1][:n]
    _, first, inverse = np.unique(label, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse.ravel()]


def assign(component: np.ndarray, test_fraction: float, seed: int, *, by: str) -> np.ndarray:
    """Choose the test side.

    Parameters
    ----------
    component : (N,) int array
        From `components`.
    test_fraction : float
        Share of galaxies on the test side.
    seed : int
    by : 'lineage' or 'random'
        Whole components, or single galaxies as in the thesis.

    Returns
    -------
    (N,) bool array
        True on the test side. By lineage the share is met as nearly as whole components allow,
        never exceeded.

    Raises
    ------
    InputError
        If a side would be empty.
    """
    n = len(component)
    wanted = round(test_fraction * n)
    unit = np.arange(n) if by == "random" else np.asarray(component)
    names, member = np.unique(unit, return_inverse=True)

    def fill(_, sizes):
        parts, taken = np.full(len(sizes), "train"), 0
        for place, size in enumerate(sizes):
            if taken + size <= wanted:
                parts[place], taken = "test", taken + size
        return parts

    test = splits.assign(member, np.zeros(len(names)), fill, lambda _: [seed, n]) == "test"
    if not 0 < test.sum() < n:
        raise InputError(
            f"A test fraction of {test_fraction} of {n} galaxies in {len(names)} independent "
            "groups leaves one side empty: change tng.split.test_fraction or select more galaxies."
        )
    return test


def split(tables: Sequence[Table], *, by, test_fraction, seed) -> Table:
    """Split table of all galaxies that have a label.

    Parameters
    ----------
    tables : sequence of astropy.table.Table
        Galaxies of each snapshot, as `skyloom.arms.tng.selection.select` makes them.
    by, test_fraction, seed
        See `assign`.

    Returns
    -------
    astropy.table.Table
        id, snapshot, subhalo_id, group_id, lineage_id, component, part; sorted by id. The
        metadata say how many galaxies have no lineage.
    """
    rows = vstack(list(tables), metadata_conflicts="silent")
    # Galaxies without a label link others all the same: their group's gas is in those maps.
    rows["component"] = components(rows["snapshot"], rows["group_id"], rows["lineage_id"])
    rows = rows[usable(rows["ssfr"])]
    if not len(rows):
        raise InputError(
            "No selected galaxy forms stars, so there is nothing to learn: widen tng.selection."
        )
    names = zip(rows["snapshot"], rows["subhalo_id"], strict=True)
    rows["id"] = [galaxy_id(*name) for name in names]
    rows.sort("id")
    test = assign(np.asarray(rows["component"]), test_fraction, seed, by=by)
    names = ["id", "snapshot", "subhalo_id", "group_id", "lineage_id", "component"]
    table = Table({name: np.asarray(rows[name]) for name in names})
    table["part"] = np.where(test, "test", "train")
    table.meta = {
        "by": by,
        "test_fraction": test_fraction,
        "seed": seed,
        "without_lineage": int((np.asarray(rows["lineage_id"]) < 0).sum()),
    }
    return table
