"""Where a TNG-format universe keeps its files; imports nothing that costs time.

The names are those of the public release, which `illustris_python` 1.1.1 builds by itself from
``base_path``: catalogue and snapshots below it, offsets and trees in ``postprocessing`` beside it.
"""

from __future__ import annotations

import os
from pathlib import Path

#: Number of files of a group catalogue: two, since `illustris_python` fails on one.
CATALOGUE_CHUNKS = 2
#: Number of files of the merger trees.
TREE_CHUNKS = 2


def snapshot_files(base_path: str | Path, snapshot: int, *, chunks: int) -> dict:
    """Every file that one snapshot consists of.

    Parameters
    ----------
    base_path : str or Path
        The folder ``…/universe/output``.
    snapshot : int
        Snapshot number.
    chunks : int
        Number of snapshot files.

    Returns
    -------
    dict
        ``groups`` (list of 2 paths), ``snapshots`` (list of `chunks` paths), ``offsets`` (path).
    """
    base = os.path.normpath(os.fspath(base_path))
    number = f"{int(snapshot):03d}"
    catalogue = os.path.join(base, f"groups_{number}", f"fof_subhalo_tab_{number}")
    particles = os.path.join(base, f"snapdir_{number}", f"snap_{number}")
    return {
        "groups": [f"{catalogue}.{chunk}.hdf5" for chunk in range(CATALOGUE_CHUNKS)],
        "snapshots": [f"{particles}.{chunk}.hdf5" for chunk in range(int(chunks))],
        "offsets": os.path.join(_postprocessing(base), "offsets", f"offsets_{number}.hdf5"),
    }


def tree_files(base_path):
    """The two files of the SubLink merger trees that belong to `base_path`."""
    folder = os.path.join(
        _postprocessing(os.path.normpath(os.fspath(base_path))), "trees", "SubLink"
    )
    return [os.path.join(folder, f"tree_extended.{chunk}.hdf5") for chunk in range(TREE_CHUNKS)]


def _postprocessing(base):
    return os.path.join(os.path.dirname(base), "postprocessing")
