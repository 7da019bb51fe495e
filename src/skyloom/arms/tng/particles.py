"""Particles of groups and subhaloes straight from the chunks of a TNG-format snapshot.

`illustris_python.snapshot` opens the offsets file, a catalogue file and every chunk again for each
object. Here what a file looks like is learnt once, few files stay open, and rows are read by their
place in the file into the arrays that hold them: such reads need neither Python's nor HDF5's
global lock, so that several threads read at once. The arrays are those of ``loadHalo`` and
``loadSubhalo``, byte for byte.
"""

from __future__ import annotations

import math
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import NamedTuple

import h5py
import numpy as np

from skyloom.errors import InputError
from skyloom.io import hdf5_external

#: Files that stay open: neighbours of a group lie in few chunks, and systems limit open files.
OPEN_FILES = 16


class Stored(NamedTuple):
    """What a dataset is, and where it lies in its file."""

    dtype: np.dtype
    shape: tuple
    row_bytes: int
    offset: int | None  # of its first byte; None where only HDF5 can read it


class _OpenFile:
    """A file held open for positioned reads, and by HDF5 from when it is first asked.

    It closes when the last thread that reads it lets go.
    """

    def __init__(self, path):
        self.path = path
        self.descriptor = os.open(path, os.O_RDONLY)
        self._hdf5 = None

    @property
    def hdf5(self):
        if self._hdf5 is None:
            self._hdf5 = h5py.File(self.path, "r")
        return self._hdf5

    def __del__(self):
        if hasattr(self, "descriptor"):
            os.close(self.descriptor)


def describe(file: h5py.File, name: str, path: str, below: str | None = None) -> Stored:
    """What a dataset of an open file is, and where in that file it lies.

    Parameters
    ----------
    file : h5py.File
    name : str
    path : str
        Of the file.
    below : str, optional
        The folder below which links may lead to other files; anywhere unless told. The file's own
        folder always counts.

    Returns
    -------
    Stored

    Raises
    ------
    InputError
        If its values lie in a file that is not there, or that links may not lead to.
    KeyError
        If the file lacks it.
    """
    # h5py's low-level interface: its high-level one takes four times as long a dataset.
    try:
        dataset = h5py.h5d.open(file.id, name.encode())
    except KeyError:
        hdf5_external.check_links(file, name, path)
        raise
    dtype, shape, properties = dataset.dtype, dataset.shape, dataset.get_create_plist()
    layout, raw = properties.get_layout(), properties.get_external_count()
    if raw or layout == h5py.h5d.VIRTUAL:
        hdf5_external.check_sources(dataset, name, path)
    linked = hdf5_external.other_file(dataset, file.id)
    if linked is not None and below is not None:
        _refuse_beyond(linked, below, name, path)
    plain = (
        hasattr(os, "preadv")
        # Bytes at the same place of this file are another dataset's.
        and linked is None
        and layout == h5py.h5d.CONTIGUOUS
        and raw == 0
        # The bytes on disk are those of the array: also where both are of the other endianness.
        and h5py.h5t.py_create(dtype) == dataset.get_type()
    )
    # A dataset that was never written has no place, only a fill value.
    offset = dataset.get_offset() if plain else None
    return Stored(dtype, shape, dtype.itemsize * math.prod(shape[1:]), offset)


def _refuse_beyond(linked, below, name, path):
    """Refuse a link that leads out of a folder, wherever that folder itself is a link to."""
    place = os.path.realpath(linked)
    for folder in (below, os.path.dirname(os.path.abspath(path))):
        folder = os.path.realpath(folder)
        if os.path.commonpath([folder, place]) == folder:
            return
    raise InputError(
        f"{path}: {name} is a link to {place}, which is not below {below}: move that file there, "
        "or set tng.external to allow if its values are the right ones."
    )


class RowFiles:
    """Runs of rows of datasets in many HDF5 files, few of which are open at a time.

    Parameters
    ----------
    limit : int
        Files that stay open.
    below : str, optional
        See `describe`.

    Notes
    -----
    Safe to use from several threads.
    """

    def __init__(self, limit: int = OPEN_FILES, below: str | None = None) -> None:
        self._limit, self._below, self._lock = limit, below, threading.Lock()
        self._open, self._known = OrderedDict(), {}

    def _file(self, path):
        with self._lock:
            file = self._open.pop(path, None) or _OpenFile(path)
            self._open[path] = file
            if len(self._open) > self._limit:
                self._open.popitem(last=False)
            return file

    def learn(self, path, question):
        """The answer of a function that is given the open ``h5py.File``."""
        # Two threads may ask at once, and learn the same.
        return question(self._file(path).hdf5)

    def stored(self, path, name):
        """What the dataset is; raises KeyError where the file lacks it."""
        stored = self._known.get((path, name))
        if stored is None:
            stored = self.learn(path, lambda file: describe(file, name, path, self._below))
            self._known[path, name] = stored
        return stored

    def read(self, path, name, first, out):
        """Fill an array with the rows of a dataset that begin at `first`.

        Parameters
        ----------
        path : str
        name : str
        first : int
        out : (N, ...) contiguous array
            Its data type is the one to read into; another one on disk is converted.

        Raises
        ------
        OSError
            If the dataset or its file ends before the last row.
        """
        stored = self.stored(path, name)
        if not 0 <= first <= first + len(out) <= stored.shape[0]:
            raise OSError(
                f"{path} has {stored.shape[0]} rows of {name}, rows {first} to "
                f"{first + len(out)} are asked for"
            )
        if not out.size:
            return
        file = self._file(path)
        if stored.offset is None or stored.dtype != out.dtype:
            file.hdf5[name].read_direct(out, np.s_[first : first + len(out)])
            return
        place, view = stored.offset + first * stored.row_bytes, out.reshape(-1).view(np.uint8)
        done = 0
        while done < len(view):
            count = os.preadv(file.descriptor, [view[done:]], place + done)
            if not count:
                raise OSError(f"{path} ends within {name}")
            done += count

    def rows(self, path, name, first=0, count=None):
        """Rows of a dataset as a new array; all of them unless told."""
        stored = self.stored(path, name)
        out = np.empty(
            (stored.shape[0] if count is None else count, *stored.shape[1:]), stored.dtype
        )
        self.read(path, name, first, out)
        return out

    def announce(self, path, name, first, count) -> None:
        """Ask the system to fetch rows that will be read soon, where it can be asked."""
        stored = self.stored(path, name)
        if stored.offset is not None and hasattr(os, "posix_fadvise"):
            os.posix_fadvise(
                self._file(path).descriptor,
                stored.offset + first * stored.row_bytes,
                count * stored.row_bytes,
                os.POSIX_FADV_WILLNEED,
            )


class Workspace:
    """Arrays that are kept from galaxy to galaxy: fresh memory costs more than reading into it.

    What was read last stays valid until the next read under the same name, so that galaxies of
    one group in turn read its particles once. Each thread has its own.
    """

    def __init__(self) -> None:
        self._bytes, self._held = {}, {}

    def held(self, name, number):
        """The array under this name, if it is that of object `number`; else None."""
        owner, array = self._held.get(name, (None, None))
        return array if owner == number else None

    def keep(self, name, number, array) -> None:
        """Record that the array under this name is that of object `number`."""
        self._held[name] = number, array

    def array(self, name, shape, dtype):
        """An array with arbitrary contents; the one last given under this name is overwritten."""
        size = math.prod(shape) * dtype.itemsize
        self._held.pop(name, None)
        if name not in self._bytes or len(self._bytes[name]) < size:
            # Let go of the old memory before there is new.
            self._bytes.pop(name, None)
            self._bytes[name] = np.empty(size, np.uint8)
        return self._bytes[name][:size].view(dtype).reshape(shape)


class ParticleReader:
    """Particles of the objects of one snapshot.

    Parameters
    ----------
    snapshot_files, catalogue_files : sequence of str
        All chunks, in order.
    offsets_file : str
        TNG's ``offsets_NNN.hdf5``.
    below : str, optional
        See `describe`.
    """

    def __init__(
        self,
        snapshot_files: Sequence[str],
        catalogue_files: Sequence[str],
        offsets_file: str,
        below: str | None = None,
    ) -> None:
        self._chunks = [str(path) for path in snapshot_files]
        self._catalogue = [str(path) for path in catalogue_files]
        self._offsets, self._files = str(offsets_file), RowFiles(below=below)
        self._first_particle = self._files.rows(self._offsets, "FileOffsets/SnapByType")
        self._first_object, self._extents = {}, {}
        self._templates, self._lengths = {}, {}

    def row(self, owner, number, column):
        """What the catalogue says of one object in one of its columns."""
        if owner not in self._first_object:
            edges = self._files.rows(self._offsets, f"FileOffsets/{owner}")
            self._first_object[owner] = edges
        edges = self._first_object[owner]
        # Empty files share their edge with the next: the last of them holds the object.
        chunk = int(np.searchsorted(edges, number, side="right")) - 1
        row = number - int(edges[chunk])
        return self._files.rows(self._catalogue[chunk], f"{owner}/{column}", row, 1)[0]

    def extent(self, owner: str, number: int, kind: int) -> tuple[int, int]:
        """Where an object's particles of one type lie in the snapshot.

        Parameters
        ----------
        owner : 'Group' or 'Subhalo'
        number : int
        kind : int
            Particle type.

        Returns
        -------
        first, count : int
        """
        if (owner, number) not in self._extents:
            starts = self._files.rows(self._offsets, f"{owner}/SnapByType", number, 1)
            self._extents[owner, number] = starts[0], self.row(owner, number, f"{owner}LenType")
        starts, lengths = self._extents[owner, number]
        return int(starts[kind]), int(lengths[kind])

    def _template(self, kind, field):
        """How the first chunk with this particle type stores a field."""
        if (kind, field) not in self._templates:
            path = next((path for path in self._chunks if self._length(path, kind)[1]), None)
            if path is None:
                raise OSError(f"no chunk has PartType{kind}")
            stored = self._files.stored(path, f"PartType{kind}/{field}")
            self._templates[kind, field] = stored
        return self._templates[kind, field]

    def _length(self, path, kind):
        """Particles of one type in a chunk, and whether it has their group at all."""
        if (path, kind) not in self._lengths:

            def question(file):
                there = f"PartType{kind}" in file
                held = int(file["Header"].attrs["NumPart_ThisFile"][kind])
                if held and not there:
                    raise OSError(f"{path} has no PartType{kind}, its header counts {held}")
                return held, there

            self._lengths[path, kind] = self._files.learn(path, question)
        return self._lengths[path, kind]

    def _pieces(self, kind, first, count):
        """Runs of rows in single files that make up a run in the snapshot: path, row, rows."""
        edges = self._first_particle[:, kind]
        chunk = int(np.searchsorted(edges, first, side="right")) - 1
        row = first - int(edges[chunk])
        while count:
            if chunk == len(self._chunks):
                raise OSError(f"the last chunk ends {count} particles too early")
            path = self._chunks[chunk]
            held, there = self._length(path, kind)
            if there and held < row:
                raise OSError(f"{path} has {held} particles of type {kind}, fewer than {row}")
            rows = min(count, held - row) if there else 0
            if rows:
                yield path, row, rows
            chunk, row, count = chunk + 1, 0, count - rows

    def read(
        self,
        kind: int,
        fields: Sequence[str],
        first: int,
        count: int,
        allocate: Callable | None = None,
    ) -> dict[str, np.ndarray]:
        """Fields of a run of particles.

        Parameters
        ----------
        kind : int
            Particle type.
        fields : sequence of str
        first, count : int
            From `extent`.
        allocate : callable, optional
            ``allocate(field, shape, dtype)`` gives the arrays to fill; new ones unless told.

        Returns
        -------
        dict of (count, ...) array
            In the data types of the files.
        """
        arrays = {}
        for field in fields:
            stored = self._template(kind, field)
            shape = (count, *stored.shape[1:])
            arrays[field] = (
                allocate(field, shape, stored.dtype) if allocate else np.empty(shape, stored.dtype)
            )
        done = 0
        for path, row, rows in self._pieces(kind, first, count):
            for field, array in arrays.items():
                name = f"PartType{kind}/{field}"
                self._check_rows(path, name, kind)
                self._files.read(path, name, row, array[done : done + rows])
            done += rows
        return arrays

    def _check_rows(self, path, name, kind):
        rows, held = self._files.stored(path, name).shape[0], self._length(path, kind)[0]
        if rows != held:
            raise OSError(f"{path} has {rows} rows of {name}, its header counts {held}")

    def announce(self, kind, fields, first, count) -> None:
        """Ask the system to fetch what `read` with these arguments will read."""
        for path, row, rows in self._pieces(kind, first, count):
            for field in fields:
                self._files.announce(path, f"PartType{kind}/{field}", row, rows)
