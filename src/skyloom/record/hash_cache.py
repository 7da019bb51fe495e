"""What was worked out from source files, kept in a file until one of their bytes changes."""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import json
import os
import sys
from pathlib import Path


class Kept:
    """A table that the next process finds again, if the sources are the same bytes then.

    It is written when the process ends. A file that cannot be read, or whose folder cannot be
    written to, costs time and nothing else.

    Parameters
    ----------
    path : str or Path or None
        Where to keep it; None for this process alone.
    sources : {str: Path}
        All files that the values depend on, by names that are the same wherever they lie.
    """

    def __init__(self, path: str | Path | None, sources) -> None:
        self._path, self._table, self._grown = path and Path(path).absolute(), {}, False
        if self._path:
            # Another Python parses otherwise.
            digest = hashlib.sha256(sys.version.encode())
            for name, source in sorted(sources.items()):
                content = hashlib.sha256(source.read_bytes()).hexdigest()
                digest.update(f"{name}\0{content}\0".encode())
            self._sources = digest.hexdigest()
            self._table = self._read()
            atexit.register(self.write)

    def get(self, key, make):
        """The value of a key; where none is known, what `make` gives: what JSON can hold."""
        if key not in self._table:
            self._table[key], self._grown = make(), True
        return self._table[key]

    def _read(self):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            content = json.loads(self._path.read_text(encoding="utf-8"))
            if content["sources"] == self._sources:
                return dict(content["table"])
        return {}

    def write(self):
        """Write what is new, whole or not at all."""
        if not self._grown:
            return
        temporary = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        content = {"sources": self._sources, "table": self._table}
        with contextlib.suppress(OSError):
            try:
                temporary.write_text(json.dumps(content), encoding="utf-8")
                temporary.replace(self._path)
            finally:
                temporary.unlink(missing_ok=True)
