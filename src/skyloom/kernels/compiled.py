"""C kernels: compiled with the system's compiler, loaded through ctypes."""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import re
import shlex
import shutil
import subprocess
from pathlib import Path

from skyloom.errors import InputError
from skyloom.io.files import atomic

# No contraction to fused multiply-adds: the same bins and bits on every processor.
_FLAGS = ("-std=c11", "-O3", "-fPIC", "-shared", "-ffp-contract=off", "-fno-math-errno")
# No signals from comparisons either, so that loops with a choice in them are vectorised.
_FLAGS += ("-fno-trapping-math",)


def compile_source(source: Path, path: str | Path, *, compiler: str | None = None) -> None:
    """Compile a kernel to a shared library.

    Parameters
    ----------
    source : Path
        One file of C.
    path : str or Path
        The library to make.
    compiler : str, optional
        A C compiler's command; ``$CC``, else ``cc`` or ``gcc``.

    Raises
    ------
    InputError
        If there is no compiler, or it fails; its own words are repeated.
    """
    words = shlex.split(compiler or os.environ.get("CC", ""))
    if not words:
        words = [next(filter(shutil.which, ("cc", "gcc", "clang")), "cc")]
    if not shutil.which(words[0]):
        raise InputError(
            f"There is no C compiler ({words[0]}): install one (Debian: apt-get install gcc "
            "libc6-dev) or name it in the environment variable CC, then run again."
        )
    with atomic(path) as temporary:
        command = [*words, *_FLAGS, "-o", str(temporary), str(source), "-lm"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise InputError(
                f"The C compiler could not build {source.name} ({shlex.join(words)}): "
                f"{done.stderr.strip()[-400:]}"
            )
        # A shared library is run, not only read.
        temporary.chmod(0o755)


def sources(source: Path) -> list[Path]:
    """A kernel's file of C, and those of ours that it includes.

    Parameters
    ----------
    source : Path

    Returns
    -------
    list of Path
    """
    text = source.read_text(encoding="utf-8")
    return [source, *(source.parent / name for name in re.findall(r'^#include "(.+)"', text, re.M))]


def cached_library(source: Path) -> Path:
    """The shared library of a kernel, compiled when it is first asked for.

    It is kept in ``$XDG_CACHE_HOME/skyloom``, or ``~/.cache/skyloom``, by what it is made of:
    another version of the source, or another kind of machine, has another one.

    Parameters
    ----------
    source : Path
        One file of C.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        If it cannot be compiled, or the folder is not the user's alone.
    """
    made_of = [
        *(path.read_bytes() for path in sources(source)),
        *(flag.encode() for flag in _FLAGS),
    ]
    made_of += [word.encode() for word in (platform.machine(), *platform.libc_ver())]
    digest = hashlib.sha256(b"\0".join(made_of)).hexdigest()[:16]
    path = _cache() / f"{source.stem}-{digest}.so"
    if not path.is_file():
        compile_source(source, path)
    return path


def _cache():
    """A folder into which nobody else could put code that we would run."""
    remedy = "set XDG_CACHE_HOME to a folder that is yours alone"
    given = os.environ.get("XDG_CACHE_HOME", "")
    try:
        # One that is relative is to be ignored, says the XDG Base Directory Specification.
        base = Path(given) if os.path.isabs(given) else Path.home() / ".cache"
        folder = base / "skyloom"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        state = folder.stat()
    except (OSError, RuntimeError) as error:
        raise InputError(
            f"There is no place to keep a compiled kernel ({error}): {remedy}."
        ) from error
    if state.st_uid != os.getuid() or state.st_mode & 0o022:
        raise InputError(
            f"{folder} can be written to by others, and is no place for compiled code: {remedy}."
        )
    return folder


def open_library(path: str | Path, functions: dict[str, list]) -> ctypes.CDLL:
    """Load a compiled kernel.

    Parameters
    ----------
    path : str or Path
        What `compile_source` made.
    functions : dict of list
        Name -> types of its arguments; none returns anything.

    Returns
    -------
    ctypes library
        Its functions release the GIL while they run.

    Raises
    ------
    InputError
        If the file is no library of this machine, or lacks a function.
    """
    try:
        library = ctypes.CDLL(str(Path(path).resolve()))
        for name, types in functions.items():
            function = getattr(library, name)
            function.argtypes, function.restype = types, None
    except (OSError, AttributeError) as error:
        raise InputError(
            f"{path} is not this machine's kernel ({error}): remove it and run again."
        ) from error
    return library
