"""How fast this machine multiplies and adds: the C loop of ``fma.c``, compiled for it."""

import ctypes
import os
import subprocess
from pathlib import Path


def compile_loop(folder):
    """The loop as a function: (threads, rounds) -> FLOP/s; a round takes some 8 cycles."""
    library = Path(folder) / "fma.so"
    source = Path(__file__).with_suffix(".c")
    options = ["-O3", "-march=native", "-ffp-contract=fast", "-shared", "-fPIC", "-pthread"]
    compiler = os.environ.get("CC", "cc")
    subprocess.run([compiler, *options, str(source), "-o", str(library)], check=True)
    loop = ctypes.CDLL(str(library)).fma_flops
    loop.argtypes, loop.restype = [ctypes.c_int, ctypes.c_long], ctypes.c_double
    return loop
