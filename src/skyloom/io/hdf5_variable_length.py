"""HDF5's types of variable length, looked at before values of them are read.

Of a damaged type libhdf5 (1.14.6) does not notice that it is neither a text nor a sequence, and
reading its values ends the whole process. Nothing here is written with sequences of variable
length, so that any type which is one, or looks like one, is a damaged text.
"""

from __future__ import annotations

import h5py

# Of dimension scales, which other programs write: never read here.
_OTHERS = (b"DIMENSION_LIST",)


def find_damaged(file: h5py.File, datasets: dict[str, h5py.Dataset]) -> str | None:
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
        found = _attribute(place) if isinstance(place, h5py.Group) else None
        if found:
            return found
    for name, one in datasets.items():
        if one.id.get_type().get_class() == h5py.h5t.VLEN:
            return name
        found = _attribute(one)
        if found:
            return found
    return None


def _attribute(place):
    for number in range(h5py.h5a.get_num_attrs(place.id)):
        one = h5py.h5a.open(place.id, index=number)
        if one.name not in _OTHERS and one.get_type().get_class() == h5py.h5t.VLEN:
            return f"{place.name}@{one.name.decode(errors='replace')}"
    return None
