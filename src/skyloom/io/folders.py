"""Folders of spectra: what lies in one, and making one that appears only when complete."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from skyloom.errors import InputError
from skyloom.io import temporary_files

_ENDINGS = re.compile(r"\.(gz|ftz|dat|txt|csv|tsv|asc|ascii|ecsv|fits?|fts)$", re.IGNORECASE)


def name_of(path):
    """A file's name without its endings, such as ``.fits.gz``; other dots stay."""
    name = Path(path).name
    for _ in range(2):
        shorter = _ENDINGS.sub("", name)
        name = shorter or name
    return name


def observed_files(named) -> list[tuple[Path, str]]:
    """The files of observed spectra that a config's value names.

    Parameters
    ----------
    named : None, str, Path, or list of them
        Files and folders; of a folder, all files at any depth, sorted, but hidden ones.

    Returns
    -------
    list of (Path, str)
        Each file, and the name it is listed by: its path within the folder, or as it was given.

    Raises
    ------
    InputError
        If a folder holds no file.
    """
    if named is None:
        return []
    entries = [named] if isinstance(named, str | Path) else list(named)
    files = []
    for entry in map(Path, entries):
        if not entry.is_dir():
            # A file that is missing is found out by the reader, and listed with others' faults.
            files.append((entry, str(entry)))
            continue
        inside = sorted(path.relative_to(entry) for path in entry.rglob("*"))
        inside = [
            path
            for path in inside
            if not any(part.startswith(".") for part in path.parts) and not (entry / path).is_dir()
        ]
        if not inside:
            raise InputError(f"{entry} holds no file: put spectra there, or name another folder.")
        files += [(entry / path, path.as_posix()) for path in inside]
    return files


def listing(folder: str | Path, *, key: str) -> list[str]:
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


def named(path: str | Path) -> tuple[Path, str | None]:
    """What a config's key names: a folder, or the folder of the one file that it names.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    Path, str or None
        The folder, and the file's name where it is one.
    """
    path = Path(path)
    return (path.parent, path.name) if path.is_file() else (path, None)


def block_of(rows, block, blocks):
    """One of `blocks` runs of nearly equal length, in order."""
    start, end = (len(rows) * number // blocks for number in (block, block + 1))
    return rows[start:end]


@contextlib.contextmanager
def complete(folder) -> Iterator[Path]:
    """Give a temporary folder beside `folder`; rename it to `folder` when the block succeeds.

    A folder that was there before is replaced. On any error the temporary one is removed.

    Yields
    ------
    Path
    """
    folder = Path(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary_files.sweep(folder.parent)
        prefix = temporary_files.prefix(folder)
        temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=prefix))
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
