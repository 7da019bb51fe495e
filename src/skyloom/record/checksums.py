"""What a file or a folder holds, as numbers that tell whether it has changed.

A file is known by its SHA-256, a folder by that of the sorted list of its files. Hashing runs at
about 1 GB/s, so what was hashed once and has the same size and time is not hashed again, and of a
folder of more than `HASHED` bytes only names, sizes and times are taken, which is said.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from pathlib import Path

from skyloom.errors import InputError
from skyloom.io.files import read_json, write_json
from skyloom.progress import track

# A folder above this is described by its listing: 2 GB take two seconds in every job that reads it.
HASHED = 2_000_000_000
# Above this the hash of a file takes seconds, and says how far it is; so much is read at a time.
_LONG, _BLOCK = 2_000_000_000, 1 << 24
# Below this a file is hashed as fast as its hash is looked up.
_SMALL = 1_000_000
# Snakemake puts it into a finished folder, after the job.
_NOT_CONTENTS = ".snakemake_timestamp"


def checksum(path):
    """SHA-256 of a file's contents, as hexadecimal digits."""
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size < _LONG:
            return hashlib.file_digest(file, "sha256").hexdigest()
        hasher = hashlib.sha256()
        with track(None, label=f"checksum of {Path(path).name}", total=size, unit="B") as bar:
            while block := file.read(_BLOCK):
                hasher.update(block)
                bar.update(len(block))
        return hasher.hexdigest()


def digest(content):
    """SHA-256 of what JSON can hold, the same for any order of its keys."""
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def listing(folder: str | Path, only: str | None = None) -> dict[str, tuple[int, int]]:
    """The files below a folder.

    Parameters
    ----------
    folder : str or Path
    only : str, optional
        Only files with this in their name, or in that of a folder between.

    Returns
    -------
    dict of str to (int, int)
        Bytes and time of change (ns) by the name below `folder`, sorted. Links to folders are not
        followed; what is no file, such as a pipe or a link to nothing, has -1 bytes.
    """
    files = {}
    label = f"files of {Path(folder).name}"
    for parent, _, names in track(os.walk(folder), label=label, unit="folder"):
        for name in names:
            path = os.path.join(parent, name)
            below = Path(path).relative_to(folder).as_posix()
            if name == _NOT_CONTENTS or (only is not None and only not in below):
                continue
            try:
                state = os.stat(path)
                is_file = stat.S_ISREG(state.st_mode)
            except OSError:
                is_file = False
            files[below] = (state.st_size, state.st_mtime_ns) if is_file else (-1, 0)
    return dict(sorted(files.items()))


def checksum_within(folder, name, size):
    """Checksum of a file of a `listing`; None of what is none or cannot be read."""
    try:
        return checksum(Path(folder) / name) if size >= 0 else None
    except OSError:
        # An arm that reads folders goes on without such a file, and so does its record.
        return None


class Known:
    """Checksums that were taken before, kept in a folder, and lists of what folders hold.

    Parameters
    ----------
    folder : str or Path, optional
        Where they are kept: ``.checksums`` and ``listings`` in it. None keeps nothing.
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        self.folder = None if folder is None else Path(folder)

    def _kept(self, path):
        name = hashlib.sha256(os.path.abspath(path).encode(errors="surrogateescape")).hexdigest()
        return self.folder / ".checksums" / f"{name[:32]}.json"

    def recall(self, path, state):
        """What was kept of `path` when its size and times were `state`, or None."""
        try:
            kept = read_json(self._kept(path)) if self.folder else {}
        except InputError:
            return None
        return kept.get("content") if kept.get("state") == state else None

    def keep(self, path, state, content) -> None:
        """Keep `content` of `path` for as long as its size and times are `state`."""
        if self.folder:
            write_json({"state": state, "content": content}, self._kept(path))

    def keep_listing(self, files):
        """Write the list of a folder's files, once for all jobs; its name is its digest."""
        name = digest(files)
        path = None if self.folder is None else self.folder / "listings" / f"{name}.json"
        if path and not path.is_file():
            write_json(files, path)
        return name


def of_file(path, cache=None):
    """``bytes`` and ``sha256`` of a file; hashed only where `cache` does not have it."""
    state = os.stat(path)
    if cache is None or state.st_size < _SMALL:
        return {"bytes": state.st_size, "sha256": checksum(path)}
    size_and_time = [state.st_size, state.st_mtime_ns]
    content = cache.recall(path, size_and_time)
    if content is None:
        content = {"bytes": state.st_size, "sha256": checksum(path)}
        cache.keep(path, size_and_time, content)
    return content


def of_folder(folder, cache=None, *, contents=None, only=None):
    """Number of files, bytes and one checksum of a folder.

    Parameters
    ----------
    folder : str or Path
    cache : Known, optional
    contents : bool, optional
        Whether contents are hashed, or only names, sizes and times taken; unless told, the first
        for up to `HASHED` bytes.
    only : str, optional
        As for `listing`.

    Returns
    -------
    dict
        ``files``, ``bytes``, ``sha256`` (of the names with the contents' SHA-256, or with sizes
        and times), ``contents`` (which of the two), ``only`` if given, and ``listing``, the name of
        the list in `cache`: per file bytes and SHA-256, or bytes and time (ns).
    """
    cache, listed = cache or Known(), listing(folder, only)
    size = sum(max(number, 0) for number, _ in listed.values())
    contents = size <= HASHED if contents is None else contents
    state = [contents, only, digest(listed)]
    content = cache.recall(folder, state)
    if content is None:
        files = listed
        if contents:
            label = f"checksums of {Path(folder).name}"
            files = {
                name: (number, checksum_within(folder, name, number))
                for name, (number, _) in track(listed.items(), label=label, unit="file")
            }
        content = {"files": len(files), "bytes": size, "contents": contents}
        content |= {} if only is None else {"only": only}
        named = {name: value for name, (_, value) in files.items()} if contents else files
        content["sha256"] = digest(named)
        content["listing"] = cache.keep_listing(files)
        cache.keep(folder, state, content)
    return content


def of_path(path, cache=None):
    """`of_folder` or `of_file`, whichever `path` is; an InputError if it cannot be read."""
    try:
        return of_folder(path, cache) if os.path.isdir(path) else of_file(path, cache)
    except OSError as error:
        raise InputError(
            f"{path} cannot be read any more ({error.strerror}), though a job used it: put it "
            "back, then run the same command again."
        ) from error
