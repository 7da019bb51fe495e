"""SubLink's merger trees, looked at before illustris_python reads them."""

from __future__ import annotations

from pathlib import Path

import h5py
from illustris_python.sublink import treePath

from skyloom.errors import InputError
from skyloom.io import hdf5_external

#: What illustris_python reads of the trees, and what of the offsets points into them.
_COLUMNS = ("MainLeafProgenitorID", "SubfindID", "SubhaloID")
_OFFSETS = tuple(f"Subhalo/SubLink/{name}" for name in ("RowNum", "LastProgenitorID", "SubhaloID"))


def check_columns(base_path, offsets):
    """Refuse columns that HDF5 would make up, or that links lead nowhere from.

    Parameters
    ----------
    base_path : str
        The folder ``output``.
    offsets : str
        Path of the snapshot's file of offsets.

    Raises
    ------
    InputError
        See `skyloom.io.hdf5_external`.
    OSError
        If a file is no HDF5.
    """
    files = sorted(Path(treePath(base_path, "SubLink")).parent.glob("tree_extended.*.hdf5"))
    for path, names in [(offsets, _OFFSETS), *((path, _COLUMNS) for path in files)]:
        with h5py.File(path, "r") as file:
            for name in names:
                hdf5_external.check_links(file, name, path)
                # What is not there is missed where it is read.
                if isinstance(column := file.get(name), h5py.Dataset):
                    hdf5_external.check_sources(column.id, name, path)


def check_branch(branch: dict, subhalo: int, offsets: str) -> None:
    """Refuse a branch that is another subhalo's.

    Parameters
    ----------
    branch : dict
        Of illustris_python, with ``SubfindID``: the numbers of the subhaloes along the branch, the
        one that was asked for first.
    subhalo : int
        Its number.
    offsets : str
        Path of the snapshot's file of offsets.

    Raises
    ------
    InputError
        If the offsets point to another.
    """
    found = branch["SubfindID"][:1].tolist()
    if found != [subhalo]:
        other = f"that of subhalo {found[0]}" if found else "none"
        raise InputError(
            f"{offsets} and the SubLink trees do not belong together, the branch of subhalo "
            f"{subhalo} by the one is {other} in the other: keep the files of one run together."
        )
