"""Temporary files and folders of killed writers: whose they are, and when they can go.

A writer that is killed (SIGKILL, a power cut) cannot remove its temporary file. The name
says which process wrote it, so that whoever next writes to that folder can.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import platform
import re
import shutil
import time
from pathlib import Path

# A writer on another machine cannot be asked whether it lives: its file goes when nothing was
# written to it for so long.
_ABANDONED = 86400.0
_STEM = 40
_NAME = re.compile(r"\..*\.([0-9a-f]{8})-(\d+)-[a-z0-9_]{8}(\.[^.]*)?", re.DOTALL)
_swept = set()


@functools.cache
def _machine():
    """Where process numbers mean the same: one machine, and one container on it."""
    where = [platform.node()]
    with contextlib.suppress(OSError):
        where.append(Path("/etc/machine-id").read_text(encoding="utf-8"))
    with contextlib.suppress(OSError):
        where.append(os.readlink("/proc/self/ns/pid"))
    return hashlib.sha256("\n".join(where).encode()).hexdigest()[:8]


def is_temporary(name):
    """Whether a file of this name is a writer's temporary one."""
    return _NAME.fullmatch(name) is not None


def prefix(path: Path) -> str:
    """How the names of this process's temporary files for `path` begin.

    Parameters
    ----------
    path : Path
        The final name; of a long one the beginning is taken, since names have a limit.

    Returns
    -------
    str
        ``.<stem>.<machine>-<process>-``, to be completed by eight random characters and the suffix.
    """
    return f".{path.stem[:_STEM]}.{_machine()}-{os.getpid()}-"


def sweep(folder: Path) -> None:
    """Remove temporary files and folders that dead processes left, once a process and folder.

    Parameters
    ----------
    folder : Path

    Notes
    -----
    One whose process is alive stays, and so does one of another machine or container, such as a
    node of a cluster that shares the folder, until nothing was written to it for a day.
    """
    place = os.path.abspath(folder)
    if (os.getpid(), place) in _swept:
        return
    _swept.add((os.getpid(), place))
    # To tidy up is a courtesy: what cannot be removed is no reason to stop.
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            match = _NAME.fullmatch(entry.name)
            if not match or entry.is_symlink() or not _is_stale(entry, *match.groups()):
                continue
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            elif entry.is_file(follow_symlinks=False):
                Path(entry.path).unlink(missing_ok=True)


def _is_stale(entry, machine, process, _):
    if machine == _machine() and not _is_alive(int(process)):
        return True
    # The number of a process is given again: of an old file it says nothing.
    return time.time() - entry.stat(follow_symlinks=False).st_mtime > _ABANDONED


def _is_alive(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        # It is someone else's.
        return True
    return True
