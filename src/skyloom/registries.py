"""Tables that others add to: an entry is registered under its name by a decorator.

::

    from skyloom.arms.spectra import table_columns, observed

    @observed.READERS.register("mine", identify=lambda path, start: start.startswith(b"MINE"))
    def read_mine(path):
        return table_columns.Raw(wavelength, flux)

A program registers what it likes, as it does with specutils and astropy. The jobs of a workflow
find the entries of the Python files that `PLUGINS` names, which run when a table is first read.
"""

from __future__ import annotations

import gzip
import importlib.util
import os
import sys
import threading
import traceback
import zlib
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skyloom.errors import InputError

#: Variable of the environment that names Python files, as PATH names folders.
PLUGINS = "SKYLOOM_PLUGINS"
#: How much of a file's beginning a reader is shown, bytes.
START = 28800

_lock = threading.RLock()
_run = set()


class Registry(MutableMapping):
    """Entries by name, in the order in which they came.

    Parameters
    ----------
    what : str
        What an entry is, for messages: "decoder".
    make : callable, optional
        ``make(registered, **about)`` gives the entry of what was registered; it is that itself
        without.
    """

    def __init__(self, what: str, make: Callable | None = None) -> None:
        self.what = what
        self._make = make or (lambda registered: registered)
        self._entries, self._owners = {}, {}

    def register(self, name: str, **about: Any) -> Callable:
        """Make a function or class known under a name, as its decorator.

        Raises
        ------
        InputError
            If another has this name.
        """

        def add(registered):
            owner = (registered.__module__, registered.__qualname__)
            if self._owners.setdefault(name, owner) != owner:
                raise InputError(
                    f"There are two entries {name!r} as {self.what}, {'.'.join(owner)} and "
                    f"{'.'.join(self._owners[name])}: give one of them another name."
                )
            self._entries[name] = self._make(registered, **about)
            return registered

        return add

    def __setitem__(self, name, entry):
        self._entries[name] = entry

    def __delitem__(self, name):
        del self._entries[name]

    def __getitem__(self, name):
        load()
        return self._entries[name]

    def __iter__(self):
        load()
        return iter(tuple(self._entries))

    def __len__(self):
        load()
        return len(self._entries)


@dataclass(frozen=True)
class Reader:
    """How files of one format are recognised and read."""

    load: Callable
    identify: Callable
    priority: int = 0


class Readers(Registry):
    """Readers of one kind of data, by the names of their formats.

    A reader is registered with ``identify(path, start)``, whether it can read a file whose
    decompressed content begins with the bytes `start` (`START` of them, or fewer), and
    ``priority``: of several that recognise a file the highest reads it. The library's own have -1.
    """

    def __init__(self, what: str) -> None:
        super().__init__(what, Reader)

    def find(self, path: str | Path) -> str:
        """Name of the reader of a file.

        Raises
        ------
        InputError
            If no reader recognises it, or two of the same priority do.
        """
        names = list(self)
        # One alone says best what is wrong with a file, and saves that it is opened twice.
        if len(names) == 1 or (start := beginning(path)) is None:
            return names[0]
        fitting = self._fitting(path, start)
        if not fitting:
            raise InputError(
                f"{path} is recognised by no reader of {self.what} (tried {', '.join(names)}): "
                "export it as one of these, remove it, or register a reader of its format."
            )
        most = max(self[name].priority for name in fitting)
        first, *others = (name for name in fitting if self[name].priority == most)
        if others:
            raise InputError(
                f"{path} is recognised by several readers of {self.what} "
                f"({', '.join([first, *others])}): give one of them a higher priority."
            )
        return first

    def _fitting(self, path, start):
        return [name for name in self if self[name].identify(Path(path), start)]

    def recognise(self, path: str | Path) -> list[str]:
        """Names of the readers that others have added and that recognise a file."""
        start = beginning(path) if len(self) > 1 else None
        found = self._fitting(path, start) if start else []
        return [name for name in found if self[name].priority >= 0]

    def read(self, path: str | Path, then: Callable = lambda loaded: loaded) -> Any:
        """What the reader of a file gives, and `then` makes of it.

        Raises
        ------
        InputError
            As `find`; or whatever is wrong with the file, in one sentence.
        """
        name = self.find(path)
        try:
            return then(self[name].load(path))
        except InputError:
            raise
        except Exception as error:
            # Files can be damaged in more ways than can be foreseen, and one must not stop all.
            sentence = f"{path} is not readable {name} ({error}): download it again."
            raise InputError(sentence) from error


def beginning(path: str | Path) -> bytes | None:
    """The first bytes of a file, decompressed if they are gzip; None where they cannot be read."""
    try:
        # Nobody may ever write into a pipe.
        if not os.path.isfile(path):
            return None
        with open(path, "rb") as file:
            start = file.read(START)
            if start[:2] != b"\x1f\x8b":
                return start or None
            file.seek(0)
            with gzip.GzipFile(fileobj=file) as unpacked:
                return unpacked.read(START) or None
    except (OSError, EOFError, zlib.error):
        return None


def use(files: list[str | Path]) -> None:
    """Name the Python files whose entries all tables have, here and in processes begun from here.

    Parameters
    ----------
    files : list of str or Path

    Raises
    ------
    InputError
        If one is missing, has the name of another, or cannot be run.
    """
    paths = [os.path.abspath(file) for file in files]
    for file, path in zip(files, paths, strict=True):
        if not (os.path.isfile(path) and path.endswith(".py")):
            raise InputError(f"plugins names {file}, which is no Python file: check the path.")
    if len({Path(path).stem for path in paths}) < len(paths):
        raise InputError("plugins names two files of one name: rename one of them.")
    os.environ[PLUGINS] = os.pathsep.join(paths)
    load()


def load() -> None:
    """Run the files that `PLUGINS` names, each once in a process.

    Raises
    ------
    InputError
        If one cannot be run; the sentence names its line.
    """
    named = os.environ.get(PLUGINS)
    if not named:
        return
    with _lock:
        for path in named.split(os.pathsep):
            # What a file registers may read tables itself.
            if path not in _run:
                _run.add(path)
                _execute(path)


def _execute(path):
    name = f"skyloom_plugin_{Path(path).stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except InputError:
        raise
    except Exception as error:
        lines = [one.lineno for one in traceback.extract_tb(error.__traceback__) if one[0] == path]
        where = f"{path}, line {lines[-1]}" if lines else path
        raise InputError(
            f"{where}, which plugins names, cannot be run ({type(error).__name__}: {error}): "
            "correct it."
        ) from error
