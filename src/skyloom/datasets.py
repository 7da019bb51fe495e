"""The one dataset format: images or spectra, targets and identifiers in one HDF5 file.

``images`` (N, H, W, C) or ``spectra`` (N, L), one sample a chunk; ``target`` (N,) or (N, T) with
attributes ``name`` and ``units``; ``id`` (N,) and further columns. The file's own attributes say
the rest: ``format_version``, ``axes``, ``column_units``, ``pixel_scale``, ``encoding`` and so on
(docs/datasets.md). Files hold no clock and no commit: equal inputs give equal bytes. What varies is
in ``<name>.provenance.json``.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np
from h5py._objects import phil

from skyloom import encoding
from skyloom.errors import InputError
from skyloom.io.files import atomic_hdf5, check_numbers, create_dataset, open_hdf5
from skyloom.prefetch import Pool, in_order
from skyloom.progress import track_blocks

if TYPE_CHECKING:
    import numpy.typing as npt

# Measured by benchmarks/variants.py: gzip, the filter that every HDF5 reader has, at level 1, one
# sample a chunk. Level 4 makes files 10 to 30 % smaller in 1.4 times the time, level 9 little
# smaller ones in 4 to 20 times; lzf, which h5py brings, is 1.4 to 1.9 times faster and 25 to 65 %
# larger, and gzip alone can be packed outside HDF5, on several threads, which makes up for that.
# All are read at about the same rate. Several samples a chunk pack no better (deflate looks back
# 32 KiB) and would be unpacked together for every sample drawn. Shuffling does nothing to bytes;
# it is for float32.
_LEVEL = 1

#: Of the files written here. The first, which names no version, says less of itself.
VERSION = 2
#: Axes of the samples, in the order of the file.
AXES = {"images": ("sample", "row", "column", "channel"), "spectra": ("sample", "wavelength")}


def make(
    path: str | Path, render: Callable, described: dict, *, label: str, unit: str, threads: int = 1
) -> None:
    """Make a dataset file and check it.

    Parameters
    ----------
    path : str or Path
    render : callable
        From a pool of threads to blocks of samples.
    described : dict
        Everything but the samples that `write` wants.
    label, unit : str
        What is made, and what one sample is called, for the progress bar.
    threads : int
    """
    with Pool(threads) as pool, atomic_hdf5(path) as file:
        blocks = track_blocks(render(pool), label=label, total=described["count"], unit=unit)
        write(file, blocks, **described, pool=pool)
    check(path)


def _packed(samples, dtype, shuffle):
    """Each sample as HDF5 stores it under gzip, with or without shuffle: a list of bytes."""
    itemsize = np.dtype(dtype).itemsize
    packed = []
    for sample in np.ascontiguousarray(samples, dtype):
        if shuffle:
            sample = np.ascontiguousarray(sample.reshape(-1).view(np.uint8).reshape(-1, itemsize).T)
        packed.append(zlib.compress(sample, _LEVEL))
    return packed


def write(
    file: h5py.File,
    samples: Iterable[np.ndarray],
    count: int,
    *,
    kind: str,
    shape: tuple[int, ...],
    dtype: npt.DTypeLike,
    target: np.ndarray,
    name: str,
    units: str,
    columns: dict[str, np.ndarray],
    attributes: dict,
    shuffle: bool | None = None,
    pool: Pool | None = None,
) -> None:
    """Fill a new dataset file.

    Parameters
    ----------
    file : h5py.File
        Empty and writable; see `skyloom.io.files.atomic_hdf5`.
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
    shuffle : bool, optional
        Whether the bytes of a number are parted before packing: it helps numbers that vary
        smoothly, not sparse images of few distinct values. Everything but bytes is, unless told.
    pool : `skyloom.prefetch.Pool`, optional
        Samples are compressed on its threads, while the next ones are made and the last ones
        written. The file is the same without.

    Raises
    ------
    ValueError
        If the blocks do not add up to `count`, a sample has another shape, or a target is not
        finite.
    """
    target = np.asarray(target)
    if not np.isfinite(target).all():
        raise ValueError("a target is not finite")
    shuffle = np.dtype(dtype).itemsize > 1 if shuffle is None else shuffle
    stored = file.create_dataset(
        kind,
        (count, *shape),
        dtype,
        chunks=(1, *shape),
        compression="gzip",
        compression_opts=_LEVEL,
        shuffle=shuffle,
        track_times=False,
    )

    def pack(block):
        if block.shape[1:] != tuple(shape):
            raise ValueError(f"samples of shape {block.shape[1:]} came, {shape} was announced")
        return _packed(block, dtype, shuffle)

    identifier, written = stored.id, 0
    for block in in_order(pool, pack, samples):
        # Chunks come packed: HDF5 would pack one after another, under h5py's lock, which would
        # keep the next maps from being read. h5py before 3.16 does not take its lock here itself
        # (https://github.com/h5py/h5py/pull/2764), and a thread may be reading.
        for row, sample in enumerate(block[: count - written], written):
            with phil:
                identifier.write_direct_chunk((row, *(0 for _ in shape)), sample)
        written += len(block)
    if written != count:
        raise ValueError(f"{written} samples came, {count} were announced")
    create_dataset(file, "target", target)
    file["target"].attrs.update({"name": name, "units": units})
    for column, values in columns.items():
        values = np.asarray(values)
        create_dataset(file, column, values.astype("S") if values.dtype.kind == "U" else values)
    own = {"format_version": VERSION, "axes": list(AXES[kind])}
    for key, value in {**own, **attributes}.items():
        file.attrs[key] = json.dumps(value, sort_keys=True) if isinstance(value, dict) else value


def check(path: str | Path) -> dict:
    """Verify a dataset file.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    dict
        ``kind``, ``samples``, ``shape``, ``dtype``, ``variant``; and ``lacks``, names of the
        attributes of this version that an older file does not have.

    Raises
    ------
    InputError
        With the first thing that is wrong: the file or a column missing, lengths that disagree,
        samples or targets that are no numbers, a target that is not finite, an identifier that
        occurs twice, an attribute that describes another file or makes no sense.
    """
    with open_hdf5(path, need=["target", "id"]) as file:
        kinds = [kind for kind in ("images", "spectra") if kind in file]
        if len(kinds) != 1:
            raise InputError(f"{path} must have either images or spectra: make it again.")
        samples = file[kinds[0]]
        check_numbers(samples, 4 if kinds[0] == "images" else 2, path)
        check_numbers(file["target"], (1, 2), path)
        # Names of a damaged file may be bytes.
        for column in sorted(file, key=str):
            # Where a file is damaged, a name can be that of a bare data type.
            if not isinstance(file[column], h5py.Dataset) or not file[column].shape:
                raise InputError(f"{path}: {column} is no column of values: make it again.")
            if len(file[column]) != len(samples):
                raise InputError(
                    f"{path}: {column} has {len(file[column])} rows, {kinds[0]} {len(samples)}: "
                    "make it again."
                )
        if not np.isfinite(file["target"][()]).all():
            raise InputError(f"{path}: a target is not finite: make it again.")
        names = file["id"][()]
        if len(set(names.tolist())) != len(names):
            raise InputError(f"{path}: an id occurs twice: make it again.")
        return {
            "kind": kinds[0],
            "samples": len(samples),
            "shape": samples.shape[1:],
            "dtype": str(samples.dtype),
            "variant": file.attrs.get("variant"),
            "lacks": _check_attributes(file, samples, path),
        }


def _check_attributes(file, samples, path):
    """Refuse a file that says of itself what is not so; what it does not say, by name."""
    said, kind = file.attrs, samples.name.lstrip("/")
    version = said.get("format_version", 1)
    if not isinstance(version, int | np.integer) or not 1 <= version <= VERSION:
        raise InputError(
            f"{path} has the format version {version}, and this Skyloom knows 1 to {VERSION}: read "
            "it with a newer one, or make it again."
        )
    if version > 1 and len(np.atleast_1d(said.get("axes", ""))) != samples.ndim:
        raise InputError(f"{path}: axes do not name the {samples.ndim} of {kind}: make it again.")
    units = _described(said, "column_units", path)
    for name in units or {}:
        if name not in file:
            raise InputError(f"{path}: column_units names {name}, no column: make it again.")
    scale = said.get("pixel_scale", 1.0)
    if not (isinstance(scale, float) and 0 < scale < np.inf):
        raise InputError(f"{path}: pixel_scale is {scale}, no size of a pixel: make it again.")
    if "pixel_scale" in said and not str(said.get("pixel_scale_unit", "")):
        raise InputError(f"{path}: pixel_scale has no pixel_scale_unit: make it again.")
    how = _described(said, "encoding", path)
    if how is not None and (wrong := encoding.faults(how, samples.shape[-1])):
        raise InputError(f"{path}: encoding {wrong}: make it again.")
    bytes_ = ("encoding",) if samples.dtype == np.uint8 else ()
    return [name for name in ("format_version", "axes", *bytes_) if name not in said]


def _described(attributes, name, path):
    """An attribute that is a dict, stored as JSON; None where there is none."""
    if name not in attributes:
        return None
    try:
        found = json.loads(attributes[name])
    except (TypeError, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise InputError(f"{path}: {name} is no description in JSON: make it again.")
    return found
