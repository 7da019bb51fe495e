"""Reading and writing so that nobody ever sees half a file.

Every writer here fills a temporary file beside the final one and renames it when it is complete;
on any error the temporary file is removed and the final name is left as it was. A writer that was
killed leaves its temporary file to the next one that writes to the same folder.
"""

import contextlib
import errno
import json
import os
import tempfile
from pathlib import Path

import h5py
import numpy as np
from astropy import units
from astropy.cosmology import units as cosmological_units
from astropy.table import Table

from skyloom import leftovers
from skyloom import heaps
from skyloom.errors import InputError

# Masses and lengths of simulations come in units of Msun/h and kpc/h: `littleh` must be readable.
units.add_enabled_units(cosmological_units)

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextlib.contextmanager
def atomic(path):
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
        If the folder cannot be written to or the disk is full.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        leftovers.sweep(path.parent)
        handle, name = tempfile.mkstemp(
            dir=path.parent, prefix=leftovers.prefix(path), suffix=path.suffix
        )
    except OSError as error:
        raise InputError(
            f"{path} cannot be written ({error.strerror}): "
            "free some space or make its folder writable, then run again."
        ) from error
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        # mkstemp makes files private to the user; outputs follow the user's umask instead.
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        _settle(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _settle(path):
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
        with h5py.File(temporary, "w", libver=("earliest", "v110"), track_order=False) as file:
            yield file


def create_dataset(group, name, data=None, **options):
    """``group.create_dataset`` without a time stamp, so that files are reproducible."""
    return group.create_dataset(name, data=data, track_times=False, **options)


@contextlib.contextmanager
def open_hdf5(path, *, need=()):
    """Open an HDF5 file for reading.

    Parameters
    ----------
    path : str or Path
    need : sequence of str
        Datasets that must be there.

    Raises
    ------
    InputError
        If the file is missing, is not complete HDF5, lacks a needed dataset (all are named), or
        turns out to be damaged while it is read within the block.
    """
    if not Path(path).is_file():
        raise InputError(f"{path} does not exist: check the path, or build the file first.")
    try:
        if heaps.damaged(path):
            raise OSError("a global heap has an object of size 0")
        file = h5py.File(path, "r")
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(
            f"{path} is not a complete HDF5 file ({_short(error)}): remove it and make it again."
        ) from error
    with file:
        try:
            missing = [name for name in need if name not in file]
            if missing:
                raise InputError(
                    f"{path} lacks {', '.join(missing)}: it is not the kind of file expected here; "
                    "make it again or point to the right one."
                )
            yield file
        except InputError:
            raise
        except Exception as error:
            _explain_damage(error, path)
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


def write_table(table, path):
    """Write an astropy table as ECSV (names, units and descriptions kept)."""
    with atomic(path) as temporary:
        table.write(temporary, format="ascii.ecsv", overwrite=True)


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


def write_json(content, path):
    """Write `content` as indented JSON with sorted keys; a NaN or infinity is an error."""
    with atomic(path) as temporary:
        text = json.dumps(content, indent=2, sort_keys=True, allow_nan=False, cls=_Encoder)
        temporary.write_text(text + "\n", encoding="utf-8")


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
