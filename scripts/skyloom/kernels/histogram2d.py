"""Binding of ``histogram2d.c``: project cells onto maps of all channels in one pass."""

import ctypes
import os
import shlex
import shutil
import subprocess
import threading
from functools import cache
from pathlib import Path

import numpy as np
from numpy.ctypeslib import ndpointer

from skyloom.errors import InputError
from skyloom.io import atomic

SOURCE = Path(__file__).with_suffix(".c")

_WORKSPACE = threading.local()

#: What a pixel holds of the cells that fall on it; the index is the C code's.
STATISTICS = ("sum", "mean", "mass_weighted_mean")

#: Fields of the gas besides Coordinates, in the order of the C code.
GAS_COLUMNS = ("Masses", "InternalEnergy", "ElectronAbundance", "Density", "StarFormationRate")

# No contraction to fused multiply-adds: the same bins and bits on every processor.
_FLAGS = ("-std=c11", "-O3", "-fPIC", "-shared", "-ffp-contract=off", "-fno-math-errno")
# No signals from comparisons either, so that loops with a choice in them are vectorised.
_FLAGS += ("-fno-trapping-math",)


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


class _Column(ctypes.Structure):
    _fields_ = (("data", ctypes.c_void_p), ("type", ctypes.c_int32))


class _Grid(ctypes.Structure):
    _fields_ = (
        ("centre", ctypes.c_double * 3),
        ("box", ctypes.c_double),
        ("rotation", ctypes.c_double * 9),
        ("half_depth", ctypes.c_double),
        ("edges", ctypes.c_void_p),
        ("bins", ctypes.c_int64),
    )


class Thermodynamics(ctypes.Structure):
    """Constants of `project_gas`; see `skyloom.tng.gas.kernel_constants`."""

    _fields_ = (
        *((name, ctypes.c_double) for name in ("kelvin", "electrons", "entropy", "hydrogen")),
        *((name, ctypes.c_double) for name in ("abundance_floor", "star_forming_kelvin")),
        ("logarithm", ctypes.c_int32),
    )


@cache
def load(path):
    """Load the compiled kernel.

    Parameters
    ----------
    path : str or Path
        What `compile_kernel` made.

    Returns
    -------
    ctypes library
        Its functions release the GIL while they run, so threads work on different galaxies.
    """
    try:
        library = ctypes.CDLL(str(Path(path).resolve()))
        functions = library.project_cells, library.project_gas
    except (OSError, AttributeError) as error:
        raise InputError(
            f"{path} is not this machine's kernel ({error}): remove it and run again."
        ) from error
    doubles, whole = ndpointer(np.float64, flags="C_CONTIGUOUS"), ctypes.c_int64
    codes, columns = ndpointer(np.int32, flags="C_CONTIGUOUS"), ctypes.POINTER(_Column)
    grid, sums = ctypes.POINTER(_Grid), (doubles, doubles)
    for function in functions:
        function.restype = whole
    pointers = ctypes.POINTER(ctypes.c_void_p)
    functions[0].argtypes = [grid, doubles, whole, doubles, pointers, codes, whole, *sums]
    counts = ndpointer(np.int64, flags="C_CONTIGUOUS")
    constants = ctypes.POINTER(Thermodynamics)
    functions[1].argtypes = [grid, columns, whole, columns, constants, codes, *sums, counts]
    return library


def _doubles(array, shape, name):
    array = np.ascontiguousarray(array, dtype=np.float64)
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}, expected {shape}")
    return array


def _grid(edges, centre, box_size, rotation, depth):
    """The C structure, and the edges that it points to."""
    edges = _doubles(edges, (len(edges),), "edges")
    if len(edges) < 2 or not np.all(np.diff(edges) > 0):
        raise ValueError("edges must rise")
    rotation = _doubles(np.eye(3) if rotation is None else rotation, (3, 3), "rotation")
    return edges, _Grid(
        centre=tuple(_doubles(centre, (3,), "centre")),
        box=float(box_size),
        rotation=tuple(rotation.ravel()),
        half_depth=np.inf if depth is None else depth / 2.0,
        edges=edges.ctypes.data,
        bins=len(edges) - 1,
    )


def _zeroed(*shape):
    """A thread's own workspace for sums, kept from galaxy to galaxy: fresh pages cost more."""
    if getattr(_WORKSPACE, "shape", None) != shape:
        _WORKSPACE.sums, _WORKSPACE.shape = np.empty(shape), shape
    _WORKSPACE.sums.fill(0.0)
    return _WORKSPACE.sums


def _codes(statistics, channels):
    unknown = sorted(set(statistics) - set(STATISTICS))
    if unknown or len(statistics) != channels:
        raise ValueError(f"need one statistic of {STATISTICS} a channel, got {statistics}")
    return np.array([STATISTICS.index(name) for name in statistics], dtype=np.int32)


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
    kernel : ctypes library
        From `load`.
    coordinates : (N, 3) array
        Positions in the box.
    values : sequence of (N,) array
        One array a channel, 16 at most.
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
    n, channels = len(coordinates), len(values)
    codes = _codes(statistics, channels)
    if channels > 16:
        raise ValueError(f"16 channels at most, got {channels}")
    edges, grid = _grid(edges, centre, box_size, rotation, depth)
    values = [_doubles(value, (n,), "values") for value in values]
    maps = np.empty((channels, grid.bins, grid.bins))
    kernel.project_cells(
        grid,
        _doubles(coordinates, (n, 3), "coordinates"),
        n,
        _doubles(mass, (n,), "mass"),
        (ctypes.c_void_p * channels)(*(value.ctypes.data for value in values)),
        codes,
        channels,
        _zeroed(grid.bins, grid.bins, channels + 2),
        maps,
    )
    return maps


def _column(array, shape, name):
    """An array as the kernel reads it, in single or double precision, and its C structure."""
    array = np.asarray(array)
    single = array.dtype == np.float32
    array = np.ascontiguousarray(array, dtype=np.float32 if single else np.float64)
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}, expected {shape}")
    return array, _Column(data=array.ctypes.data, type=int(single))


def project_gas(
    kernel,
    cells,
    thermodynamics,
    *,
    statistics,
    edges,
    centre=(0.0, 0.0, 0.0),
    box_size=0.0,
    rotation=None,
    depth=None,
):
    """Maps of entropy, mass and temperature straight from TNG's gas fields, in one pass.

    Parameters
    ----------
    kernel : ctypes library
        From `load`.
    cells : dict of array
        Coordinates (N, 3), Masses, InternalEnergy, ElectronAbundance, Density and
        StarFormationRate (N,), each in single or double precision, read as they are.
    thermodynamics : Thermodynamics
        From `skyloom.tng.gas.kernel_constants`.
    statistics, edges, centre, box_size, rotation, depth
        As for `project`; three statistics.

    Returns
    -------
    maps : (3, B, B) float64 array
        Entropy, mass, temperature.
    floored : int
        Cells whose electron abundance took the floor.

    Raises
    ------
    ValueError
        As `project` does, and if a density is not positive or an energy negative.
    """
    n = len(cells["Coordinates"])
    codes = _codes(statistics, 3)
    edges, grid = _grid(edges, centre, box_size, rotation, depth)
    # The arrays are held by name while the kernel reads them through bare pointers.
    _held, place = _column(cells["Coordinates"], (n, 3), "Coordinates")
    columns = [_column(cells[name], (n,), name) for name in GAS_COLUMNS]
    maps, counts = np.empty((3, grid.bins, grid.bins)), np.zeros(2, dtype=np.int64)
    kernel.project_gas(
        grid,
        place,
        n,
        (_Column * len(columns))(*(column for _, column in columns)),
        thermodynamics,
        codes,
        _zeroed(grid.bins, grid.bins, 5),
        maps,
        counts,
    )
    if counts[1]:
        raise ValueError(
            f"{counts[1]} cells have a density that is not positive or an energy below zero"
        )
    return maps, int(counts[0])


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
