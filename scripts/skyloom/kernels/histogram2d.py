"""Binding of ``histogram2d.c``: project cells onto maps of all channels in one pass."""

import ctypes
import os
import shlex
import shutil
import subprocess
from functools import cache
from pathlib import Path

import numpy as np
from numpy.ctypeslib import ndpointer

from skyloom.errors import InputError
from skyloom.io import atomic

SOURCE = Path(__file__).with_suffix(".c")

#: What a pixel holds of the cells that fall on it; the index is the C code's.
STATISTICS = ("sum", "mean", "mass_weighted_mean")

# No contraction to fused multiply-adds: the same bins and bits on every processor.
_FLAGS = ("-std=c11", "-O3", "-fPIC", "-shared", "-ffp-contract=off", "-fno-math-errno")


def compile_kernel(path, *, compiler=None):
    """Compile the kernel to a shared library.

    Parameters
    ----------
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
        command = [*words, *_FLAGS, "-o", str(temporary), str(SOURCE), "-lm"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise InputError(
                f"The C compiler could not build {SOURCE.name} ({shlex.join(words)}): "
                f"{done.stderr.strip()[-400:]}"
            )
        # A shared library is run, not only read.
        temporary.chmod(0o755)


@cache
def load(path):
    """Load the compiled kernel.

    Parameters
    ----------
    path : str or Path
        What `compile_kernel` made.

    Returns
    -------
    ctypes function
        Releases the GIL while it runs, so threads work on different galaxies at once.
    """
    try:
        function = ctypes.CDLL(str(Path(path).resolve())).project_cells
    except (OSError, AttributeError) as error:
        raise InputError(
            f"{path} is not this machine's kernel ({error}): remove it and run again."
        ) from error
    array = ndpointer(np.float64, flags="C_CONTIGUOUS")
    whole, real = ctypes.c_int64, ctypes.c_double
    function.restype = whole
    function.argtypes = [
        *(array, whole, array, real, array, array, whole, real, array),
        *(ctypes.POINTER(ctypes.c_void_p), ndpointer(np.int32, flags="C_CONTIGUOUS"), whole),
        *(array, array, array),
    ]
    return function


def _doubles(array, shape, name):
    array = np.ascontiguousarray(array, dtype=np.float64)
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}, expected {shape}")
    return array


def project(
    kernel,
    coordinates,
    values,
    *,
    mass,
    statistics,
    edges,
    centre=(0.0, 0.0, 0.0),
    box_size=0.0,
    rotation=None,
    depth=None,
):
    """Maps of every channel from one pass over the cells.

    Parameters
    ----------
    kernel : ctypes function
        From `load`.
    coordinates : (N, 3) array
        Positions in the box.
    values : sequence of (N,) array
        One array a channel.
    mass : (N,) array
        Weight of each cell in a mass-weighted mean.
    statistics : sequence of str
        One of `STATISTICS` a channel.
    edges : (B + 1,) array
        Rising bin edges, relative to the centre, the same for both axes.
    centre : (3,) array
    box_size : float
        Side of the periodic box; 0 for none.
    rotation : (3, 3) array, optional
        Applied to the positions relative to the centre; the picture is the x-y plane.
    depth : float, optional
        Full extent along the line of sight; None takes all.

    Returns
    -------
    (C, B, B) float64 array
        ``maps[c, iy, ix]``; 0 where no cell fell. Bins follow `numpy.histogram2d`: half-open,
        the last one closed; cells outside, or with a position that is NaN, are left out.

    Raises
    ------
    ValueError
        If shapes disagree, a statistic is unknown, or edges do not rise.
    """
    n = len(coordinates)
    edges = _doubles(edges, (len(edges),), "edges")
    if len(edges) < 2 or not np.all(np.diff(edges) > 0):
        raise ValueError("edges must rise")
    unknown = sorted(set(statistics) - set(STATISTICS))
    if unknown or len(statistics) != len(values):
        raise ValueError(f"need one statistic of {STATISTICS} a channel, got {statistics}")
    bins, channels = len(edges) - 1, len(values)
    values = [_doubles(value, (n,), "values") for value in values]
    pointers = (ctypes.c_void_p * channels)(*(value.ctypes.data for value in values))
    maps = np.zeros((channels, bins, bins))
    kernel(
        _doubles(coordinates, (n, 3), "coordinates"),
        n,
        _doubles(centre, (3,), "centre"),
        float(box_size),
        _doubles(np.eye(3) if rotation is None else rotation, (3, 3), "rotation"),
        edges,
        bins,
        np.inf if depth is None else depth / 2.0,
        _doubles(mass, (n,), "mass"),
        pointers,
        np.array([STATISTICS.index(name) for name in statistics], dtype=np.int32),
        channels,
        maps,
        np.zeros((bins, bins)),
        np.zeros((bins, bins)),
    )
    return maps


def project_reference(
    coordinates,
    values,
    *,
    mass,
    statistics,
    edges,
    centre=(0.0, 0.0, 0.0),
    box_size=0.0,
    rotation=None,
    depth=None,
):
    """The same as `project` in plain NumPy, slowly: the truth that the kernel is tested against."""
    offset = np.asarray(coordinates, dtype=np.float64) - np.asarray(centre, dtype=np.float64)
    if box_size:
        offset -= box_size * np.rint(offset / box_size)
    x, y, z = offset.T if rotation is None else np.asarray(rotation) @ offset.T
    kept = np.abs(z) <= (np.inf if depth is None else depth / 2.0)
    x, y, mass = x[kept], y[kept], np.asarray(mass, dtype=np.float64)[kept]

    def histogram(weights):
        return np.histogram2d(y, x, bins=[edges, edges], weights=weights)[0]

    norms = {"sum": 1.0, "mean": histogram(None), "mass_weighted_mean": histogram(mass)}
    maps = []
    for value, statistic in zip(values, statistics, strict=True):
        weights = np.asarray(value, dtype=np.float64)[kept]
        total = histogram(weights * mass if statistic == "mass_weighted_mean" else weights)
        norm = norms[statistic]
        maps.append(np.divide(total, norm, out=np.zeros_like(total), where=np.asarray(norm) > 0))
    return np.stack(maps)
