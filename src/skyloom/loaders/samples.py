"""Samples of a dataset file, read when they are asked for, in whatever process asks."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np
from astropy.table import Table

from skyloom import datasets
from skyloom.errors import InputError
from skyloom.io.files import open_hdf5, read_table
from skyloom.split_tables import PARTS

if TYPE_CHECKING:
    import numpy.typing as npt

#: Other names of a side.
_ALIASES = {"training": "train"}


def texts(values: npt.ArrayLike) -> np.ndarray:
    """Bytes as h5py reads texts become str; everything else stays."""
    values = np.asarray(values)
    return np.char.decode(values, "utf-8") if values.dtype.kind == "S" else values


def side_of(ids: np.ndarray, split: str | Path | Table, path: str | Path) -> np.ndarray:
    """The side of each sample.

    Parameters
    ----------
    ids : (N,) array of str
    split : str, Path or Table
        Columns id and part; it may know more samples than the dataset.
    path : str or Path
        Of the dataset, for messages.

    Returns
    -------
    (N,) array of str

    Raises
    ------
    InputError
        If a sample is on no side, or on two.
    """
    name = "the split" if isinstance(split, Table) else split
    found = split if isinstance(split, Table) else read_table(split, need=("id", "part"))
    sides = dict(zip(found["id"].astype(str), found["part"].astype(str), strict=True))
    if len(sides) != len(found):
        raise InputError(f"{name} has an id twice: make it again.")
    lost = [identifier for identifier in ids if identifier not in sides]
    if lost:
        raise InputError(
            f"{name} does not say on which side {lost[0]} of {path} is ({len(lost)} samples in "
            "all): take the split of the same run, or make both again."
        )
    return np.array([sides[identifier] for identifier in ids])


def beside(path: str | Path) -> dict[str, Path]:
    """The splits that lie beside a dataset.

    Parameters
    ----------
    path : str or Path
        ``results/<run>/<arm>/datasets/<name>.h5``.

    Returns
    -------
    dict of Path
        By name: ``<arm>/splits/<name>.ecsv``, and ``<arm>/split.ecsv`` as ``split``.
    """
    arm = Path(os.path.abspath(path)).parent.parent
    found = [*sorted((arm / "splits").glob("*.ecsv")), *arm.glob("split.ecsv")]
    return {file.stem: file for file in found}


def _chosen(path, split, part):
    """The split that is meant: as given, by its name, or the only one beside the dataset."""
    named = isinstance(split, str) and not Path(split).suffix and not os.path.exists(split)
    if split is not None and not named:
        return split
    there = beside(path)
    if named:
        if split in there:
            return there[split]
        raise InputError(
            f"No split {split!r} lies beside {path}: there are {', '.join(there) or 'none'}; give "
            "one of these, or a table's path."
        )
    if part is None:
        return None
    # A split that is named after the dataset is of that alone.
    own = there.get(Path(path).stem)
    if own is None and len(there) > 1:
        raise InputError(
            f"part is {part!r}, but {len(there)} splits lie beside {path}: give split, one of "
            f"{', '.join(there)}."
        )
    return own or next(iter(there.values()), None)


def column_names(samples: Samples) -> list[str]:
    """The labels as columns: ``target`` where there is one, as in the file, or else their names.

    A name that another column has gets target_ before it.
    """
    if samples.target.ndim == 1:
        return ["target"]
    taken = {"id", "part", "image", "spectrum", *samples.columns}
    return [f"target_{name}" if name in taken else name for name in samples.names]


class Samples:
    """A dataset file, or one side of it.

    Parameters
    ----------
    path : str or Path
    split : str, Path or Table, optional
        A table of sides, or the name of one that lies beside the dataset (`beside`). Where a part
        is wanted and only one lies there, or one of the dataset's own name, it is that.
    part : {'train', 'validation', 'test', 'training'}, optional
        The side wanted; all samples unless told.
    normalise : bool
        Whether images of 8 bits become float32 from 0 to 1.

    Attributes
    ----------
    kind : 'images' or 'spectra'
    shape : tuple of int
        Of one sample.
    rows : (n,) array of int
        In the file, in its order.
    ids : (n,) array of str
    target : (n,) or (n, T) array
    names, units : list of str
        Of the labels.
    classes : list of str
        Names of the classes, where the target is one of them; else empty.
    columns : list of str
        What else the file has, one value a sample.
    column_units : dict
        Units of those that have one.
    attributes : dict
        Of the file; what is stored as JSON is decoded.
    lacks : list of str
        Attributes that an older file does not have; see `skyloom.datasets.check`.
    split : Path or Table or None
        The split that was meant.

    Raises
    ------
    InputError
        If the file is no complete dataset, the part is none or has no sample, or the split lacks
        some of the samples.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        split: str | Path | Table | None = None,
        part: str | None = None,
        normalise: bool = True,
    ) -> None:
        self.path = os.path.abspath(path)
        self.normalise = normalise
        found = datasets.check(path)
        self.kind, self.shape = found["kind"], tuple(map(int, found["shape"]))
        self.lacks, self.split = found["lacks"], _chosen(path, split, part)
        with open_hdf5(path) as file:
            self.dtype = file[self.kind].dtype
            self.ids = texts(file["id"][()])
            self.target = file["target"][()]
            self._describe(file)
        self.rows = np.arange(len(self.ids))
        if part is not None:
            self._keep(part, self.split)
        self._file, self._process = None, None

    def _describe(self, file):
        about = file["target"].attrs
        name, unit = str(about.get("name", "target")), str(about.get("units", ""))
        several = self.target.ndim == 2
        self.names = name.split(",") if several else [name]
        self.units = unit.split(",") if several else [unit]
        if several and not len(self.names) == len(self.units) == self.target.shape[1]:
            raise InputError(
                f"{self.path}: target has {self.target.shape[1]} columns, but its names are "
                f"{name!r} and its units {unit!r}: make it again."
            )
        self.columns = sorted(set(file) - {self.kind, "target", "id"})
        self.attributes = {key: _decoded(value) for key, value in sorted(file.attrs.items())}
        classes = str(self.attributes.get("classes", ""))
        self.classes = classes.split(",") if classes and self.target.dtype.kind in "iu" else []
        beyond = (self.target < 0) | (self.target >= len(self.classes))
        if self.classes and beyond.any():
            raise InputError(
                f"{self.path}: target has classes beyond the {len(self.classes)} that are named "
                f"({classes}): make it again."
            )
        found = self.attributes.get("column_units")
        self.column_units = found if isinstance(found, dict) else {}

    def _keep(self, part, split):
        wanted = _ALIASES.get(part, part)
        if wanted not in PARTS:
            raise InputError(f"part is {part!r}: it must be one of {', '.join(PARTS)}.")
        if split is None:
            raise InputError(
                f"part is {part!r}, but no split says which samples of {self.path} are on that "
                "side: give split, a table of results/<run>/<arm>/splits."
            )
        sides = side_of(self.ids, split, self.path)
        self.rows = np.flatnonzero(sides == wanted)
        if not len(self.rows):
            raise InputError(
                f"No sample of {self.path} is on the side {wanted!r}: the split has "
                f"{', '.join(sorted(set(sides.tolist())))}."
            )
        self.ids, self.target = self.ids[self.rows], self.target[self.rows]

    def __len__(self):
        return len(self.rows)

    def __getstate__(self):
        # An open file cannot go to another process.
        return {**self.__dict__, "_file": None, "_process": None}

    def _stored(self):
        """The open file's samples: a process that was forked opens the file for itself."""
        if self._process != os.getpid():
            self._file, self._process = h5py.File(self.path, "r"), os.getpid()
        return self._file[self.kind]

    def read(self, indices: Sequence[int]) -> np.ndarray:
        """Some samples.

        Parameters
        ----------
        indices : sequence of int
            From 0 to ``len(self) - 1``, in any order.

        Returns
        -------
        (n, *shape) array
            float32 from 0 to 1 where images of 8 bits are normalised, else as in the file.

        Raises
        ------
        InputError
            If the file has gone, or is damaged there.
        """
        block = np.empty((len(indices), *self.shape), self.dtype)
        try:
            stored = self._stored()
            for place, index in enumerate(indices):
                stored.read_direct(block, np.s_[int(self.rows[index])], np.s_[place])
        except (OSError, RuntimeError, KeyError) as error:
            raise InputError(
                f"{self.path} is damaged or was removed while it was read ({error}): make it again."
            ) from error
        if self.normalise and block.dtype == np.uint8:
            return block.astype(np.float32) / np.float32(255)
        return block


def _decoded(value):
    """An attribute as Python has it."""
    if isinstance(value, np.ndarray):
        return [str(part) if isinstance(part, str | bytes) else part for part in value.tolist()]
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, str) and value.startswith("{"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
