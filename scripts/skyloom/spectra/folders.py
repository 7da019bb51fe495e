"""Folders of spectra: what lies in one, and making one that appears only when complete."""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

from skyloom.errors import InputError


def listing(folder, *, key):
    """The files of a folder, at any depth, sorted.

    Parameters
    ----------
    folder : str or Path
    key : str
        The config's key that names the folder, for the message.

    Returns
    -------
    list of str
        Paths below the folder, with ``/``. What begins with a dot belongs to the system and is left
        out.

    Raises
    ------
    InputError
        If the folder does not exist.
    """
    folder = os.fspath(folder)
    if not os.path.isdir(folder):
        raise InputError(f"{folder} is not a folder: set {key} to the folder of spectra.")
    files = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        below = "" if parent == folder else f"{Path(parent).relative_to(folder).as_posix()}/"
        files += [below + name for name in names if not name.startswith(".")]
    return sorted(files)


def block_of(rows, block, blocks):
    """One of `blocks` runs of nearly equal length, in order."""
    start, end = (len(rows) * number // blocks for number in (block, block + 1))
    return rows[start:end]


@contextlib.contextmanager
def complete(folder):
    """Give a temporary folder beside `folder`; rename it to `folder` when the block succeeds.

    A folder that was there before is replaced. On any error the temporary one is removed.

    Yields
    ------
    Path
    """
    folder = Path(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    except OSError as error:
        raise InputError(
            f"{folder} cannot be written ({error.strerror}): "
            "free some space or make its folder writable, then run again."
        ) from error
    try:
        yield temporary
        # mkdtemp makes folders private to the user; outputs follow the user's umask instead.
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o777 & ~umask)
        if folder.exists():
            shutil.rmtree(folder)
        temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
