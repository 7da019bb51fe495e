"""Merger trees in SubLink's format, and where each galaxy is in them.

Only the universe's own snapshots are linked: a galaxy's descendant is in the next one listed.
Numbers are as in Rodriguez-Gomez et al. (2015): depth first, so that a tree's rows follow each
other, main branch before side branches. A tree has one root, in the newest snapshot, and lies
within one file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from skyloom.io.files import atomic_hdf5, create_dataset
from skyloom.simulate.universe import cosmology, layout, population

#: SubhaloID = file x FILE_STEP + tree in the file x TREE_STEP + row in the tree.
FILE_STEP, TREE_STEP = 10**16, 10**8


@dataclass(frozen=True)
class Trees:
    """Columns of all rows, in the order of the files, and how many trees each file has."""

    columns: dict  # {name: (rows,) array}
    lineage: np.ndarray  # of each row; not written
    file_of_row: np.ndarray


def _tree_rows(root, guest, numbers):
    """Rows of one tree as (lineage, snapshot, descendant row), depth first.

    `guest` is the lineage that merges into `root` at the newest snapshot, or None.
    """
    rows = [(root, numbers[0], -1)]
    for step, number in enumerate(numbers[1:], start=1):
        rows.append((root, number, step - 1))
    if guest is not None:
        for step, number in enumerate(numbers[1:]):
            rows.append((guest, number, 0 if step == 0 else len(rows) - 1))
    return rows


def _links(rows, first_id, numbers):
    """SubLink's IDs of one tree's rows; -1 where there is no such row."""
    count = len(rows)
    own = first_id + np.arange(count)
    descendant = np.array([row[2] for row in rows])
    main = len(numbers)  # rows of the main branch; the rest is the guest's
    last = own.copy()
    last[:main], last[main:] = own[main - 1], own[-1]
    leaf = last.copy()
    # Only the root holds the guest's branch among its progenitors.
    last[0] = own[-1]
    first = np.where(own < leaf, own + 1, -1)
    following = np.full(count, -1, dtype="i8")
    if count > main:
        following[1] = own[main]
    return {
        "SubhaloID": own,
        "DescendantID": np.where(descendant >= 0, first_id + descendant, -1),
        "FirstProgenitorID": first,
        "NextProgenitorID": following,
        "LastProgenitorID": last,
        "MainLeafProgenitorID": leaf,
        "RootDescendantID": np.full(count, first_id),
    }


def build(*, snapshots, galaxies, seed):
    """All trees of the universe.

    Parameters
    ----------
    snapshots : sequence of int
    galaxies, seed : int

    Returns
    -------
    Trees
        One tree a lineage that is alive in the newest snapshot and has a place in the trees; the
        lineage that merges is in its host's.
    """
    numbers = cosmology.check_snapshots(snapshots)
    rank, every = {}, None
    for number in numbers:
        people, every = population.populate(number, snapshots=numbers, galaxies=galaxies, seed=seed)
        for row, lineage in enumerate(people.lineage):
            rank[int(lineage), number] = row
    newest, _ = population.populate(numbers[0], snapshots=numbers, galaxies=galaxies, seed=seed)
    roots = [int(lineage) for lineage in newest.lineage[newest.in_tree]]
    host = int(every.host[every.index("merges")])
    tables, lineage, files = [], [], []
    half = -(-len(roots) // layout.TREE_CHUNKS)
    for index, root in enumerate(roots):
        file, place = divmod(index, half)
        guest = every.index("merges") if root == host else None
        rows = _tree_rows(root, guest, numbers)
        table = _links(rows, file * FILE_STEP + place * TREE_STEP, numbers)
        table["SnapNum"] = np.array([row[1] for row in rows], dtype="i2")
        table["SubfindID"] = np.array([rank[row[0], row[1]] for row in rows], dtype="i4")
        tables.append(table)
        lineage.extend(row[0] for row in rows)
        files.extend([file] * len(rows))
    columns = {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}
    return Trees(columns, np.array(lineage), np.array(files))


def file_edges(trees):
    """First row of each tree file, and the total."""
    return np.searchsorted(trees.file_of_row, np.arange(layout.TREE_CHUNKS + 1)).astype("i8")


def rows_of_snapshot(trees, people):
    """RowNum, SubhaloID and LastProgenitorID of a snapshot's galaxies; -1 without a tree row."""
    result = {
        name: np.full(len(people), -1, dtype="i8")
        for name in ("RowNum", "SubhaloID", "LastProgenitorID")
    }
    rows = np.flatnonzero(trees.columns["SnapNum"] == people.snapshot)
    which = trees.columns["SubfindID"][rows]
    result["RowNum"][which] = rows
    for name in ("SubhaloID", "LastProgenitorID"):
        result[name][which] = trees.columns[name][rows]
    return result


def write_tree(
    base_path: str | Path,
    *,
    snapshots: Sequence[int],
    galaxies: int,
    seed: int,
    simulation: str = "TNG50-1",
) -> None:
    """Write the SubLink trees of the universe in two files, each atomically.

    Parameters
    ----------
    base_path : str or Path
        The folder ``…/universe/output``; trees go to ``…/universe/postprocessing``.
    snapshots : sequence of int
    galaxies, seed : int
    simulation : str
        All as given to `write_snapshot`.
    """
    with cosmology.adopted(simulation):
        trees = build(snapshots=snapshots, galaxies=galaxies, seed=seed)
    edges = file_edges(trees)
    for chunk, path in enumerate(layout.tree_files(base_path)):
        with atomic_hdf5(path) as file:
            file.attrs["SyntheticUniverse"] = True
            for name, values in sorted(trees.columns.items()):
                create_dataset(file, name, values[edges[chunk] : edges[chunk + 1]])
