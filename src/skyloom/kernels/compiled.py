"""C kernels: compiled with the system's compiler, loaded through ctypes."""

import ctypes
import os
import shlex
import shutil
import subprocess
from pathlib import Path

from skyloom.errors import InputError
from skyloom.io import atomic

# No contraction to fused multiply-adds: the same bins and bits on every processor.
_FLAGS = ("-std=c11", "-O3", "-fPIC", "-shared", "-ffp-contract=off", "-fno-math-errno")
# No signals from comparisons either, so that loops with a choice in them are vectorised.
_FLAGS += ("-fno-trapping-math",)


def compile_source(source, path, *, compiler=None):
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


def open_library(path, functions):
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
