"""Whether fields of particles and columns of catalogues are there, whole and finite."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np

from skyloom.errors import InputError
from skyloom.io import hdf5_external

_VECTORS = ("Coordinates", "MagneticField", "Velocities")


def check_fields(group: h5py.Group, fields: Sequence[str], path: str | Path) -> None:
    """Raise an InputError that names all datasets that a group of a file lacks.

    Parameters
    ----------
    group : h5py.Group
    fields : sequence of str
    path : str or Path
        Of the file.
    """
    # Damaged files have named types or groups where data should be.
    group_is_one = isinstance(group, h5py.Group)
    missing = [
        field
        for field in fields
        if not (group_is_one and isinstance(group.get(field), h5py.Dataset))
    ]
    for field in missing if group_is_one else ():
        hdf5_external.check_links(group, field, path)
    if missing:
        raise InputError(
            f"{path} lacks {', '.join(f'{group.name}/{field}' for field in missing)}: "
            "get the file with these fields (a mini snapshot has fewer than a full one)."
        )


def check_columns(
    group: h5py.Group | None, name: str, fields: Sequence[str], path: str | Path, rows: int
) -> None:
    """Refuse columns of one chunk of a catalogue that are absent, of other length, or elsewhere.

    Parameters
    ----------
    group : h5py.Group or None
    name : str
        Of the group, for the message.
    fields : sequence of str
    path : str or Path
        Of the file.
    rows : int
        Length of every column, by the chunk's header.

    Raises
    ------
    InputError
        For the first that is wrong.
    """
    if group is None:
        raise InputError(f"{path} lacks {name}, of which its header counts {rows}: get it again.")
    check_fields(group, fields, path)
    for field in fields:
        hdf5_external.check_sources(group[field].id, f"{name}/{field}", path)
        if group[field].shape[:1] != (rows,):
            raise InputError(
                f"{path} has {name}/{field} of shape {group[field].shape}, but its header counts "
                f"{rows}: the two are not of one file; get it again."
            )


def _finite(array):
    if array.dtype.kind != "f":
        return True
    # A sum is finite only where every value is, and needs no array of its own; one that is not
    # may have overflown.
    with np.errstate(over="ignore", invalid="ignore"):
        total = array.sum()
    return bool(np.isfinite(total)) or bool(np.isfinite(array).all())


def check_finite(arrays, what):
    """The same dict of arrays; an InputError names the first that is not finite, of `what`."""
    for field, array in arrays.items():
        if not _finite(array):
            raise InputError(
                f"{what} has NaN or infinite values in {field}: the file is damaged; get it again."
            )
    return arrays


def empty(fields):
    """Arrays of no particle for some fields: (0, 3) for vectors, (0,) for others."""
    return {field: np.empty((0, 3) if field in _VECTORS else (0,)) for field in fields}
