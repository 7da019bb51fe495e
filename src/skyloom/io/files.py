"""Reading and writing so that nobody ever sees half a file.

Every writer here fills a temporary file beside the final one and renames it when it is complete;
on any error the temporary file is removed and the final name is left as it was. A writer that was
killed leaves its temporary file to the next one that writes to the same folder.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import h5py
import numpy as np
from astropy import units
from astropy.cosmology import units as cosmological_units
from astropy.table import Table

from skyloom.errors import InputError
from skyloom.io import hdf5_damage, hdf5_external, temporary_files

# Masses and lengths of simulations come in units of Msun/h and kpc/h: `littleh` must be readable.
units.add_enabled_units(cosmological_units)

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

# What the system says when a disk or a quota is full, or a disk can be read only.
_UNWRITABLE = tuple(os.strerror(code) for code in (*_FULL, errno.EROFS))


@contextlib.contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; rename it to `path` when the block succeeds.

    Parameters
    ----------
    path : str or Path
        The final name. Its folder is made when it is missing.

    Yields
    ------
    Path
        The temporary name, with the suffix of `path` so that writers which look at it work.

    Raises
    ------
    InputError
        If the folder cannot be written to or the disk is full, now or in the block.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary_files.sweep(path.parent)
        handle, name = tempfile.mkstemp(
            dir=path.parent, prefix=temporary_files.prefix(path), suffix=path.suffix
        )
    except OSError as error:
        raise _unwritable(path, error.strerror) from error
    os.close(handle)
    temporary = Path(name)
    try:
        try:
            yield temporary
        # HDF5 says so in errors of several kinds, and again when the file is closed.
        except (OSError, RuntimeError, ValueError) as error:
            for reason in _UNWRITABLE:
                if reason in str(error):
                    raise _unwritable(path, reason) from error
            raise
        # mkstemp makes files private to the user; outputs follow the user's umask instead.
        umask = os.umask(0)
        os.umask(umask)
        try:
            temporary.chmod(0o666 & ~umask)
            settle(temporary)
            temporary.replace(path)
        except OSError as error:
            raise _unwritable(path, error.strerror) from error
    finally:
        # A folder that became read-only keeps it, for `temporary_files.sweep`.
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _unwritable(path, reason):
    return InputError(
        f"{path} cannot be written ({reason}): "
        "free some space or make its folder writable, then run the same command again."
    )


def settle(path) -> None:
    """Have the disk hold the contents before the name does: a power cut must not part them."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def atomic_hdf5(path):
    """Open a new HDF5 file for writing that takes the name `path` only when complete.

    Group and attribute times are not tracked, so equal contents give equal bytes.
    """
    with atomic(path) as temporary:
        file = h5py.File(temporary, "w", libver=("earliest", "v110"), track_order=False)
        try:
            yield file
            # What HDF5 still holds is written here, where an error can be told.
            file.flush()
            file.close()
        except BaseException:
            _give_up(file)
            raise


def _give_up(file):
    """Close a file that is not wanted any more, wherever its disk has no room.

    HDF5 insists on writing what it holds, and crashes later if it cannot: it gets memory instead.
    """
    with contextlib.suppress(Exception):
        elsewhere = os.memfd_create("skyloom") if hasattr(os, "memfd_create") else None
        if elsewhere is not None:
            os.dup2(elsewhere, file.id.get_vfd_handle())
            os.close(elsewhere)
    with contextlib.suppress(Exception):
        file.close()


def create_dataset(group, name, data=None, **options):
    """``group.create_dataset`` without a time stamp, so that files are reproducible.

    What HDF5 would keep to write when the dataset is closed is written at once: a full disk is an
    error here, where closing drops what it cannot write, without a word, and may crash later.
    """
    dataset = group.create_dataset(name, data=data, track_times=False, **options)
    dataset.flush()
    return dataset


@contextlib.contextmanager
def open_hdf5(path: str | Path, *, need: Sequence[str] = (), texts: bool = True):
    """Open an HDF5 file for reading.

    Parameters
    ----------
    path : str or Path
    need : sequence of str
        Datasets that must be there.
    texts : bool
        Whether texts of variable length may be read, whose heaps are then looked through first:
        up to 16 MiB are read of the file. Numbers alone need none of that.

    Raises
    ------
    InputError
        If the file is missing, is not complete HDF5, lacks a needed dataset (all are named), takes
        values of one of these, or of one at its top, from a file that is not there, or turns out
        to be damaged while it is read within the block.
    """
    if not Path(path).is_file():
        raise InputError(f"{path} does not exist: check the path, or build the file first.")
    try:
        if texts and hdf5_damage.has_endless_heap(path):
            raise OSError("a global heap has an object of size 0")
        file = h5py.File(path, "r")
    except (BlockingIOError, PermissionError) as error:
        # Says nothing of what is in the file.
        raise InputError(
            f"{path} cannot be opened ({_short(error)}): make it readable, wait for whoever writes "
            "to it, or set HDF5_USE_FILE_LOCKING=FALSE where the file system cannot lock."
        ) from error
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(
            f"{path} is not a complete HDF5 file ({_short(error)}): remove it and make it again."
        ) from error
    with file:
        try:
            there = {n: one for n in file if isinstance(one := file.get(n), h5py.Dataset)}
            if spoilt := hdf5_damage.damaged_type(file, there):
                raise InputError(
                    f"{path} is damaged ({spoilt} has no type that can be read): remove it and "
                    "make it again."
                )
            # A name can also be that of a bare data type, where a file is damaged.
            kinds = {name: _class(file, name, path) for name in need}
            missing = [name for name in need if kinds[name] not in (h5py.Dataset, h5py.Group)]
            if missing:
                raise InputError(
                    f"{path} lacks {', '.join(missing)}: it is not the kind of file expected here; "
                    "make it again or point to the right one."
                )
            there |= {name: file[name] for name in need if kinds[name] is h5py.Dataset}
            for name, one in there.items():
                hdf5_external.check_sources(one.id, name, path)
            yield file
        except InputError:
            raise
        except Exception as error:
            _explain_damage(error, path)
            raise


def _class(file, name, path):
    """Class of what a name stands for, or None; an InputError where it is a link to nowhere."""
    try:
        return file.get(name, getclass=True)
    except (KeyError, RuntimeError):
        hdf5_external.check_links(file, name, path)
        raise


def _explain_damage(error, path):
    """Raise an InputError in place of what h5py raises while a file is read.

    A file that opens can be damaged anywhere within, and h5py says so by errors of many types,
    which carry no file's name. Errors that do not come from h5py are faults of ours, or said
    better elsewhere, and a full disk is that of a file being written.
    """
    if not _from_hdf5(error) or getattr(error, "errno", None) in _FULL:
        return
    if isinstance(error, MemoryError):
        raise InputError(
            f"{path} asks for more memory than there is ({_short(error)}): it is damaged, and "
            "should be made or fetched again, or this machine is too small for it."
        ) from error
    raise InputError(
        f"{path} is damaged or not the kind of file expected here ({_short(error)}): "
        "make or fetch it again."
    ) from error


def _from_hdf5(error):
    if isinstance(error, UnicodeDecodeError):
        # Texts of a dataset that are none.
        return True
    if isinstance(getattr(error, "obj", None), h5py.HLObject):
        # A group where there should be a dataset, for example, has no shape.
        return True
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_globals.get("__name__", "").split(".")[0] == "h5py":
            return True
        trace = trace.tb_next
    return False


def _short(error):
    """An error in one line: messages of damaged files may hold anything."""
    text = "".join(sign if sign.isprintable() else " " for sign in str(error))
    return " ".join(text.strip("'\"").split())[:200] or type(error).__name__


def check_numbers(dataset: h5py.Dataset, axes: int | tuple[int, ...], path: str | Path) -> None:
    """Refuse a dataset of an open file that does not hold numbers on so many axes.

    Parameters
    ----------
    dataset : h5py.Dataset
    axes : int or tuple of int
    path : str or Path
        Of the file.

    Raises
    ------
    InputError
    """
    axes = (axes,) if isinstance(axes, int) else axes
    name = dataset.name.lstrip("/")
    if not isinstance(dataset, h5py.Dataset) or dataset.dtype.kind not in "biuf":
        raise InputError(f"{path} has no numbers in {name}: make it again.")
    if dataset.ndim not in axes:
        wanted = " or ".join(map(str, axes))
        raise InputError(
            f"{path} has {name} of shape {dataset.shape} where {wanted} axes are right: "
            "make it again."
        )


def write_table(table, path) -> None:
    """Write an astropy table as ECSV (names, units and descriptions kept); ``.csv`` as CSV."""
    form = "ascii.csv" if Path(path).suffix == ".csv" else "ascii.ecsv"
    with atomic(path) as temporary:
        table.write(temporary, format=form, overwrite=True)


def read_table(path, *, need=()):
    """Read an ECSV table.

    Raises
    ------
    InputError
        If the file is missing, cannot be parsed, or lacks a column named in `need`.
    """
    if not Path(path).is_file():
        raise InputError(f"{path} does not exist: check the path, or build the file first.")
    try:
        table = Table.read(path, format="ascii.ecsv")
    except Exception as error:
        raise InputError(
            f"{path} is not a readable ECSV table ({_short(error)}): remove it and make it again."
        ) from error
    missing = [name for name in need if name not in table.colnames]
    if missing:
        raise InputError(
            f"{path} lacks the column {', '.join(missing)}: it has {', '.join(table.colnames)}."
        )
    return table


class _Encoder(json.JSONEncoder):
    """JSON for NumPy scalars and arrays."""

    def default(self, value):
        if isinstance(value, np.generic):
            return value.item()
        if isinstance(value, np.ndarray):
            return value.tolist()
        if isinstance(value, Path):
            return str(value)
        return super().default(value)


def _json(content):
    return json.dumps(content, indent=2, sort_keys=True, allow_nan=False, cls=_Encoder)


def write_json(content, path) -> None:
    """Write `content` as indented JSON with sorted keys; a NaN or infinity is an error."""
    with atomic(path) as temporary:
        temporary.write_text(_json(content) + "\n", encoding="utf-8")


def as_read(content):
    """What `read_json` gives of `content` once `write_json` has written it: keys are strings."""
    return json.loads(_json(content))


def read_json(path):
    """Read a JSON file; an InputError names the file when it is missing or broken."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist: check the path, or build it first.") from error
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}): check its permissions, or make it again."
        ) from error
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{path} is not JSON ({_short(error)}): remove it and make it again."
        ) from error
