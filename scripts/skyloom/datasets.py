"""The one dataset format: images or spectra, targets and identifiers in one HDF5 file.

``images`` (N, H, W, C) or ``spectra`` (N, L), one sample a chunk; ``target`` (N,) or (N, T) with
attributes ``name`` and ``units``; ``id`` (N,) and further identifying columns. Files hold no clock
and no commit: equal inputs give equal bytes. What varies is in ``<name>.provenance.json``.
"""

import json

import numpy as np

from skyloom.errors import InputError
from skyloom.io import create_dataset, open_hdf5

#: gzip: the filter that every HDF5 reader has. Level 4 costs little more than 1 and packs better.
_FILTER = {"compression": "gzip", "compression_opts": 4, "shuffle": True}


def write(file, samples, count, *, kind, shape, dtype, target, name, units, columns, attributes):
    """Fill a new dataset file.

    Parameters
    ----------
    file : h5py.File
        Empty and writable; see `skyloom.io.atomic_hdf5`.
    samples : iterable of (n, *shape) array
        Blocks of samples, in order.
    count : int
        How many samples will come in all.
    kind : 'images' or 'spectra'
    shape : tuple of int
        Of one sample.
    dtype : dtype
        uint8 for images of 8 bits, float32 otherwise.
    target : (count,) or (count, T) array
    name, units : str
        Of the target.
    columns : dict of (count,) array
        ``id`` (strings) first, then whatever else identifies a sample.
    attributes : dict
        Variant, resolved parameters, seed and so on; dicts are stored as JSON.

    Raises
    ------
    ValueError
        If the blocks do not add up to `count`, or a target is not finite.
    """
    target = np.asarray(target)
    if not np.isfinite(target).all():
        raise ValueError("a target is not finite")
    stored = file.create_dataset(
        kind, (count, *shape), dtype, chunks=(1, *shape), track_times=False, **_FILTER
    )
    written = 0
    for block in samples:
        stored[written : written + len(block)] = block
        written += len(block)
    if written != count:
        raise ValueError(f"{written} samples came, {count} were announced")
    create_dataset(file, "target", target)
    file["target"].attrs.update({"name": name, "units": units})
    for column, values in columns.items():
        values = np.asarray(values)
        create_dataset(file, column, values.astype("S") if values.dtype.kind == "U" else values)
    for key, value in attributes.items():
        file.attrs[key] = json.dumps(value, sort_keys=True) if isinstance(value, dict) else value


def check(path):
    """Verify a dataset file.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    dict
        ``kind``, ``samples``, ``shape``, ``dtype``, ``variant``.

    Raises
    ------
    InputError
        With the first thing that is wrong: the file or a column missing, lengths that disagree,
        a target that is not finite, an identifier that occurs twice.
    """
    with open_hdf5(path, need=["target", "id"]) as file:
        kinds = [kind for kind in ("images", "spectra") if kind in file]
        if len(kinds) != 1:
            raise InputError(f"{path} must have either images or spectra: make it again.")
        samples = file[kinds[0]]
        for column in sorted(file):
            if len(file[column]) != len(samples):
                raise InputError(
                    f"{path}: {column} has {len(file[column])} rows, {kinds[0]} {len(samples)}: "
                    "make it again."
                )
        if not np.isfinite(file["target"][()]).all():
            raise InputError(f"{path}: a target is not finite: make it again.")
        names = file["id"][()]
        if len(np.unique(names)) != len(names):
            raise InputError(f"{path}: an id occurs twice: make it again.")
        return {
            "kind": kinds[0],
            "samples": len(samples),
            "shape": samples.shape[1:],
            "dtype": str(samples.dtype),
            "variant": file.attrs.get("variant"),
        }
