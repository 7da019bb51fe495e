"""Values of HDF5 datasets that lie in other files: whether all of them are there.

HDF5 gives fill values, without a word, where a virtual dataset's source is missing, cannot be
opened or is too short (HDF5's introduction to virtual datasets; HDFGroup/hdf5 issue 5088), and
zeros behind the end of a raw file of external storage (libhdf5 1.14.6). Links to other files, in
contrast, fail where they lead nowhere, but the error does not say which file is missing.
"""

from __future__ import annotations

import math
import os
from pathlib import Path

import h5py

from skyloom.errors import InputError

# A virtual dataset may be a source of another.
_DEEPEST = 8


def check_sources(dataset: h5py.h5d.DatasetID, name: str, path: str | Path) -> None:
    """Refuse a dataset of which HDF5 would make up values.

    Parameters
    ----------
    dataset : h5py.h5d.DatasetID
    name : str
        What it is called in the file.
    path : str or Path
        Of the file.

    Raises
    ------
    InputError
        Names the file or dataset that its values should come from.
    """
    if absent := lacking(dataset):
        raise InputError(
            f"{path}: {name} takes its values from elsewhere, but {absent}, and HDF5 would make up "
            "the rest: put what is missing back in its place, or get a file that holds the values."
        )


def lacking(dataset: h5py.h5d.DatasetID) -> str | None:
    """What is missing of the files that a dataset's values lie in, as a clause; None if nothing is.

    Parameters
    ----------
    dataset : h5py.h5d.DatasetID

    Returns
    -------
    str or None
    """
    return _lacking(dataset, 0)


def _lacking(dataset, depth):
    properties = dataset.get_create_plist()
    if properties.get_layout() == h5py.h5d.VIRTUAL:
        return _lacking_sources(dataset, properties, depth)
    if properties.get_external_count():
        return _lacking_raw(dataset, properties)
    return None


def _file_of(dataset):
    return os.fsdecode(h5py.h5f.get_name(dataset))


def _lacking_raw(dataset, properties):
    """The first raw file of external storage that is missing or too short."""
    left = math.prod(dataset.shape) * dataset.get_type().get_size()
    for number in range(properties.get_external_count()):
        name, offset, size = properties.get_external(number)
        path, size = _raw_path(os.fsdecode(name), dataset), min(size, left)
        left -= size
        if size and not os.path.isfile(path):
            return f"{path} is not there"
        if size and os.path.getsize(path) < offset + size:
            return f"{path} has {os.path.getsize(path)} of {offset + size} bytes"
    return None


def _raw_path(name, dataset):
    """Where HDF5 looks for a raw file: H5Pset_external and H5Pset_efile_prefix."""
    prefix = os.environ.get("HDF5_EXTFILE_PREFIX", "")
    if prefix.startswith("${ORIGIN}"):
        prefix = os.path.dirname(os.path.abspath(_file_of(dataset))) + prefix[9:]
    return os.path.join("" if prefix == "." else prefix, name)


def _lacking_sources(dataset, properties, depth):
    """The first source of a virtual dataset that does not hold what is taken from it."""
    shape, covered = dataset.shape, 0
    if not math.prod(shape):
        return None
    if depth == _DEEPEST:
        return "its sources have sources without an end"
    for number in range(properties.get_virtual_count()):
        names = properties.get_virtual_filename(number), properties.get_virtual_dsetname(number)
        space = properties.get_virtual_srcspace(number)
        for *source, wanted in _blocks(properties.get_virtual_vspace(number), shape, *names):
            covered += wanted
            if wanted and (absent := _lacking_source(dataset, *source, space, wanted, depth)):
                return absent
    covered = min(covered, _together(properties, shape))
    if covered < math.prod(shape):
        return f"its sources hold {covered} of its {math.prod(shape)} values"
    return None


def _together(properties, shape):
    """How many values all mappings fill, which may overlap; infinite where that cannot be asked."""
    union = h5py.h5s.create_simple(shape)
    union.select_none()
    for number in range(properties.get_virtual_count()):
        space = properties.get_virtual_vspace(number)
        regular = space.get_select_type() == h5py.h5s.SEL_HYPERSLABS
        if not (regular and space.is_regular_hyperslab()):
            return math.inf
        start, stride, count, block = space.get_regular_hyperslab()
        ends = zip(start, stride, count, block, shape, strict=True)
        if any(at + (times - 1) * step + size > end for at, step, times, size, end in ends):
            # One without an end, of which HDF5 counts no places.
            return math.inf
        union.select_hyperslab(start, count, stride, block, op=h5py.h5s.SELECT_OR)
    return union.get_select_npoints()


def _blocks(space, shape, file_name, dataset_name):
    """What one mapping takes from which source: file, dataset, number of values.

    ``%b`` in a name is the number of a block along the axis without end, ``%%`` a percent sign
    (H5Pset_virtual).
    """
    names = file_name, dataset_name
    if not any("%b" in name.replace("%%", "") for name in names):
        yield *(name.replace("%%", "%") for name in names), _points(space, shape)
        return
    starts, strides, counts, blocks = space.get_regular_hyperslab()
    along = [_within(*one) for one in zip(starts, strides, counts, blocks, shape, strict=True)]
    axis = counts.index(max(counts))
    others = math.prod(along[:axis] + along[axis + 1 :])
    for number, start in enumerate(range(starts[axis], shape[axis], strides[axis])):
        filled = (name.replace("%%", "\0").replace("%b", str(number)) for name in names)
        yield (
            *(name.replace("\0", "%") for name in filled),
            others * min(blocks[axis], shape[axis] - start),
        )


def _lacking_source(dataset, file_name, name, space, wanted, depth):
    """What is wrong with one source, in words, or None."""
    if file_name == ".":
        return _lacking_here(
            h5py.h5i.get_file_id(dataset), _file_of(dataset), name, space, wanted, depth
        )
    for path in _places(file_name, _file_of(dataset)):
        try:
            file = h5py.File(path, "r")
        except OSError:
            continue
        with file:
            return _lacking_here(file.id, path, name, space, wanted, depth)
    return f"{file_name} is not there or cannot be opened"


def _lacking_here(file, path, name, space, wanted, depth):
    try:
        source = h5py.h5d.open(file, name.encode())
    except (KeyError, OSError, RuntimeError, TypeError, ValueError):
        return f"{path} has no dataset {name}"
    held = _points(space, source.shape)
    if held < wanted:
        return f"{name} in {path} has {held} of the {wanted} values that are taken from it"
    return _lacking(source, depth + 1)


def _places(name, path):
    """Where libhdf5 looks for a source, in its order (H5F_prefix_open_file, H5Fint.c)."""
    if os.path.isabs(name):
        yield name
        name = os.path.basename(name)
    prefixes = os.environ.get("HDF5_VDS_PREFIX", "")
    here = os.path.dirname(os.path.abspath(path))
    for prefix in (*prefixes.split(":"), prefixes.replace("${ORIGIN}", here, 1)):
        if prefix:
            yield os.path.join(prefix, name)
    yield os.path.join(here, name)
    yield name
    yield os.path.join(os.path.dirname(os.path.realpath(path)), name)


def _points(space, shape):
    """How many values of a selection lie within an extent."""
    kind = space.get_select_type()
    if kind == h5py.h5s.SEL_ALL:
        return math.prod(shape)
    if kind == h5py.h5s.SEL_NONE:
        return 0
    if kind == h5py.h5s.SEL_HYPERSLABS and space.is_regular_hyperslab():
        slab = space.get_regular_hyperslab()
        if len(slab[0]) != len(shape):
            return 0
        return math.prod(_within(*one) for one in zip(*slab, shape, strict=True))
    last = space.get_select_bounds()[1]
    inside = len(last) == len(shape) and all(a < n for a, n in zip(last, shape, strict=True))
    return space.get_select_npoints() if inside else 0


def _within(start, stride, count, block, length):
    """Places of one axis of a hyperslab below a length; `count` or `block` may have no end."""
    room = length - start
    if room <= 0:
        return 0
    steps = min(count, -(-room // stride))
    return (steps - 1) * block + min(block, room - (steps - 1) * stride)


def check_links(group: h5py.Group, name: str, path) -> None:
    """Refuse a name that links lead nowhere from, which HDF5 reports as a file that is damaged.

    Parameters
    ----------
    group : h5py.Group
    name : str
        A path below it; one that is not there is no link.
    path : str or Path
        Of the file.

    Raises
    ------
    InputError
        Names what the link should lead to.
    """
    if target := _broken_link(group, name):
        raise InputError(
            f"{path}: {name} is a link to {target}, which is not there: put that back in its "
            "place, or get a file that holds the values."
        )


def _broken_link(place, name):
    for part in name.strip("/").split("/"):
        link = place.get(part, getlink=True) if isinstance(place, h5py.Group) else None
        if link is None:
            return None
        try:
            place = place[part]
        except (KeyError, OSError, RuntimeError):
            if isinstance(link, h5py.ExternalLink):
                return f"{link.path} in {link.filename}"
            return link.path if isinstance(link, h5py.SoftLink) else None
    return None


def other_file(dataset: h5py.h5d.DatasetID, file) -> str | None:
    """Path of the file that holds a dataset, where links led to another than the one asked.

    Parameters
    ----------
    dataset : h5py.h5d.DatasetID
    file : h5py.h5f.FileID

    Returns
    -------
    str or None
    """
    name = h5py.h5f.get_name(dataset)
    return None if name == h5py.h5f.get_name(file) else os.fsdecode(name)
