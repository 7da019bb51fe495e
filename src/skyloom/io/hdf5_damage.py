"""Damage that libhdf5 does not survive, looked for before it reads.

Texts of variable length lie in global heaps. libhdf5 (1.14.6 and 2.0.0) walks a heap by the sizes
of its objects and never ends where one of them is 0, as it is where a block of the file was lost
and reads as zeros; nothing can interrupt it.

Of a damaged type libhdf5 (1.14.6) does not notice that it is neither a text nor a sequence, and
reading its values ends the whole process. Nothing here is written with sequences of variable
length, so that any type which is one, or looks like one, is a damaged text.

Other damage it finds itself.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path

import h5py

_SIGNATURE = b"GCOL\x01\x00\x00\x00"
# Of a collection's header, and of an object's: index, references, size.
_HEADER = 16
#: Smaller files are searched whole; of others so many bytes at either end, where texts are written.
WHOLE = 16 << 20
_END = 4 << 20
# Of dimension scales, which other programs write: never read here.
_OTHERS = (b"DIMENSION_LIST",)


def has_endless_heap(path: str | Path) -> bool:
    """Whether a global heap of a file would keep libhdf5 from ever coming back.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    bool

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    state = os.stat(path)
    return _damaged(os.fspath(path), state.st_size, state.st_mtime_ns)


# The same files are opened many times.
@functools.lru_cache(maxsize=256)
def _damaged(path, size, _):
    with open(path, "rb") as file:
        if size <= WHOLE:
            return _endless(file.read())
        first = file.read(_END)
        file.seek(size - _END)
        return _endless(first) or _endless(file.read())


def _endless(content):
    at = content.find(_SIGNATURE)
    while at >= 0:
        if _stands_still(content, at):
            return True
        at = content.find(_SIGNATURE, at + 1)
    return False


def _stands_still(content, at):
    """Walk a collection as H5HG__cache_heap_deserialize does (HDF5 format 3.0, section III.E)."""
    end = min(at + _number(content, at + 8, 8), len(content))
    at += _HEADER
    while at + _HEADER <= end:
        index, size = _number(content, at, 2), _number(content, at + 8, 8)
        # The size of free space, index 0, includes its header; numbers have 64 bits and wrap.
        step = size if index == 0 else (_HEADER + (size + 7 & ~7)) % 2**64
        if step == 0:
            return True
        at += step
    return False


def _number(content, at, length):
    return int.from_bytes(content[at : at + length], "little")


def damaged_type(file: h5py.File, datasets: dict[str, h5py.Dataset]) -> str | None:
    """The first attribute or dataset that cannot be read safely, or None.

    Parameters
    ----------
    file : h5py.File
    datasets : dict of h5py.Dataset
        Those at the top of the file, by name.

    Returns
    -------
    str or None
        Of those at the top of the file, and of the group Header.
    """
    for place in (file, file.get("Header")):
        attribute = _attribute(place) if isinstance(place, h5py.Group) else None
        if attribute:
            return attribute
    for name, one in datasets.items():
        if one.id.get_type().get_class() == h5py.h5t.VLEN:
            return name
        attribute = _attribute(one)
        if attribute:
            return attribute
    return None


def _attribute(place):
    for number in range(h5py.h5a.get_num_attrs(place.id)):
        one = h5py.h5a.open(place.id, index=number)
        if one.name not in _OTHERS and one.get_type().get_class() == h5py.h5t.VLEN:
            return f"{place.name}@{one.name.decode(errors='replace')}"
    return None
