"""Binding of ``histogram2d.c``: project cells onto maps of all channels in one pass."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skyloom.kernels.compiled import cached_library, compile_source, open_library

if TYPE_CHECKING:
    import numpy.typing as npt

SOURCE = Path(__file__).with_suffix(".c")

_KEPT = threading.local()

#: Runs of cells that are summed apart, and so the threads that one galaxy can use.
MOST_SEGMENTS = 8
#: Cells below which a second segment costs more than a second thread saves.
_SEGMENT = 2**18
#: What the C code can hold.
_MOST_CHANNELS, _VECTOR = 16, 4
#: Bytes of a cache line.
_LINE = 64

#: What a pixel holds of the cells that fall on it; the index is the C code's.
STATISTICS = ("sum", "mean", "mass_weighted_mean")

#: How a cell falls on the map: into the one pixel that holds its centre, or on all that it covers.
DEPOSITS = ("nearest", "cell")

#: Fields of the gas besides Coordinates, in the order of the C code.
GAS_COLUMNS = ("Masses", "InternalEnergy", "ElectronAbundance", "Density", "StarFormationRate")


def compile_kernel(path: str | Path, *, compiler: str | None = None) -> None:
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
    compile_source(SOURCE, path, compiler=compiler)


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
        ("even", ctypes.c_int32),
    )


class Thermodynamics(ctypes.Structure):
    """Constants of `project_gas`; see `skyloom.arms.tng.gas.kernel_constants`."""

    _fields_ = (
        *((name, ctypes.c_double) for name in ("kelvin", "electrons", "entropy", "hydrogen")),
        *((name, ctypes.c_double) for name in ("abundance_floor", "star_forming_kelvin")),
        ("logarithm", ctypes.c_int32),
    )


class _Cells(ctypes.Structure):
    _fields_ = (
        ("coordinates", _Column),
        ("fields", ctypes.POINTER(_Column)),
        ("count", ctypes.c_int64),
        ("thermodynamics", ctypes.POINTER(Thermodynamics)),
        ("density", _Column),
    )


class _Sums(ctypes.Structure):
    _fields_ = (
        ("statistic", ctypes.POINTER(ctypes.c_int32)),
        *((name, ctypes.c_int64) for name in ("channels", "lanes", "count_lane", "mass_lane")),
    )


@cache
def load(path: str | Path | None = None) -> ctypes.CDLL:
    """Load the compiled kernel.

    Parameters
    ----------
    path : str or Path, optional
        What `compile_kernel` made; without it, what is kept in the user's cache
        (`skyloom.kernels.compiled.cached_library`).

    Returns
    -------
    ctypes library
        Its functions release the GIL while they run.
    """
    whole, address = ctypes.c_int64, ctypes.c_void_p
    grid, sums = ctypes.POINTER(_Grid), ctypes.POINTER(_Sums)
    cells = ctypes.POINTER(_Cells)
    functions = {
        "accumulate": [grid, cells, sums, whole, whole, address, address],
        "finish": [sums, whole, whole, whole, ctypes.POINTER(address)],
    }
    return open_library(path or cached_library(SOURCE), functions)


@lru_cache
def _edges(content):
    """Edges from their bytes, and whether their bins are as wide as the first."""
    edges = np.frombuffer(content)
    widths = np.diff(edges)
    if len(edges) < 2 or not np.all(widths > 0):
        raise ValueError("edges must rise")
    even = np.all(np.abs(widths[:-1] - widths[0]) < 1e-12 * np.abs(edges).max())
    # The last bin may be narrower (the thesis's edges): no cell is put beyond it.
    return edges, bool(even and widths[-1] <= widths[0] * (1 + 1e-9))


def _grid(edges, centre, box_size, rotation, depth):
    """The C structure, and the edges that it points to."""
    edges, even = _edges(_array(edges, (len(edges),), "edges").tobytes())
    rotation = _array(np.eye(3) if rotation is None else rotation, (3, 3), "rotation")
    return edges, _Grid(
        centre=tuple(_array(centre, (3,), "centre")),
        box=float(box_size),
        rotation=tuple(rotation.ravel()),
        half_depth=np.inf if depth is None else depth / 2.0,
        edges=edges.ctypes.data,
        bins=len(edges) - 1,
        even=even,
    )


def _sums(statistics, channels, mass_channel=None):
    """Which lanes of a pixel hold what; `mass_channel` is the channel that sums the mass."""
    unknown = sorted(set(statistics) - set(STATISTICS))
    if unknown or len(statistics) != channels:
        raise ValueError(f"need one statistic of {STATISTICS} a channel, got {statistics}")
    if channels > _MOST_CHANNELS:
        raise ValueError(f"{_MOST_CHANNELS} channels at most, got {channels}")
    lanes, count_lane, mass_lane = channels, -1, -1
    if "mean" in statistics:
        count_lane, lanes = lanes, lanes + 1
    if "mass_weighted_mean" in statistics:
        if mass_channel is not None and statistics[mass_channel] != "mass_weighted_mean":
            mass_lane = mass_channel
        else:
            mass_lane, lanes = lanes, lanes + 1
    codes = (ctypes.c_int32 * channels)(*map(STATISTICS.index, statistics))
    return _Sums(codes, channels, -(-lanes // _VECTOR) * _VECTOR, count_lane, mass_lane)


def _array(array, shape, name, *, either=False):
    """An array as the kernel reads it: double precision, or `either` as it is."""
    array = np.asarray(array)
    precision = np.float32 if either and array.dtype == np.float32 else np.float64
    array = np.ascontiguousarray(array, dtype=precision)
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}, expected {shape}")
    return array


def _column(array):
    return _Column(array.ctypes.data, int(array.dtype == np.float32))


def segments_of(cells: int) -> list[int]:
    """Ends of the runs of cells that are summed apart: their number decides, nothing else."""
    count = 1
    while count < MOST_SEGMENTS and cells >= 2 * count * _SEGMENT:
        count *= 2
    return [cells * k // count for k in range(count + 1)]


def _lines(doubles):
    """Memory that starts with a cache line, as whole vectors want it, and its address."""
    memory = np.empty(doubles + _LINE // 8)
    skipped = -memory.ctypes.data % _LINE // 8
    memory = memory[skipped : skipped + doubles]
    return memory, memory.ctypes.data


def _workspace(doubles):
    """A thread's own memory, kept from galaxy to galaxy: fresh pages cost more than the sums."""
    if getattr(_KEPT, "doubles", -1) < doubles:
        (_KEPT.memory, _KEPT.address), _KEPT.doubles = _lines(doubles), doubles
    return _KEPT.address


@cache
def _pool(threads):
    return ThreadPoolExecutor(threads, thread_name_prefix="histogram2d")


def _project(kernel, cells, grid, sums, threads):
    """Maps (C, B, B), and the kernel's two counts."""
    ends = segments_of(cells.count)
    segments, pixels = len(ends) - 1, grid.bins**2
    size = pixels * sums.lanes
    # The first segment is summed where the maps will be, the others in memory that is kept.
    memory, first = _lines(size)
    others = _workspace((segments - 1) * size)
    addresses = [first, *(others + k * size * 8 for k in range(segments - 1))]
    pointers = (ctypes.c_void_p * segments)(*addresses)
    counts = np.zeros((segments, 2), dtype=np.int64)
    counters = [counts.ctypes.data + k * counts.strides[0] for k in range(segments)]
    threads = min(threads, segments)
    parts = [pixels * k // threads for k in range(threads + 1)]

    def accumulate(*run):
        kernel.accumulate(grid, cells, sums, *run)

    def finish(first_pixel, last_pixel):
        kernel.finish(sums, first_pixel, last_pixel, segments, pointers)

    each = map if threads == 1 else _pool(threads).map
    list(each(accumulate, ends[:-1], ends[1:], addresses, counters))
    list(each(finish, parts[:-1], parts[1:]))
    maps = memory.reshape(grid.bins, grid.bins, sums.lanes)[..., : sums.channels]
    return maps.transpose(2, 0, 1), counts.sum(axis=0)


def project(
    kernel: ctypes.CDLL,
    coordinates: np.ndarray,
    values: Sequence[np.ndarray],
    *,
    statistics: Sequence[str],
    edges: np.ndarray,
    mass: np.ndarray | None = None,
    density: np.ndarray | None = None,
    centre: npt.ArrayLike = (0.0, 0.0, 0.0),
    box_size: float = 0.0,
    rotation: np.ndarray | None = None,
    depth: float | None = None,
    threads: int = 1,
) -> np.ndarray:
    """Maps of every channel from one pass over the cells.

    Parameters
    ----------
    kernel : ctypes library
        From `load`.
    coordinates : (N, 3) array
        Positions in the box; as all arrays of cells in single or double precision, read as it is.
    values : sequence of (N,) array
        One array a channel, 16 at most.
    statistics : sequence of str
        One of `STATISTICS` a channel.
    edges : (B + 1,) array
        Rising bin edges, relative to the centre, the same for both axes.
    mass : (N,) array, optional
        Weight of each cell in a mass-weighted mean; not needed without one.
    density : (N,) array, optional
        Mass per volume in the positions' unit. With it a cell is as large as its volume (see
        Notes), and without it a point.
    centre : (3,) array
    box_size : float
        Side of the periodic box; 0 for none.
    rotation : (3, 3) array, optional
        Applied to the positions relative to the centre; the picture is the x-y plane.
    depth : float, optional
        Full extent along the line of sight; None takes all.
    threads : int
        Threads for one long input (there are `segments_of` it to share); the bits of the maps do
        not depend on it.

    Returns
    -------
    (C, B, B) float64 array
        ``maps[c, iy, ix]``, a view of an array whose channels come last; 0 where no cell fell.
        Bins follow `numpy.histogram2d`: half-open, the last one closed; cells outside, or with a
        position that is NaN, are left out.

    Raises
    ------
    ValueError
        If shapes disagree, a statistic is unknown, edges do not rise, or a cell has no volume.

    Notes
    -----
    A Voronoi cell is taken for a uniform sphere of its volume, of radius (3 m / (4 pi rho))^(1/3).
    Seen along an axis, such a sphere has the density 3/4 (1 - u^2) at u = x / r; a pixel gets the
    product of what lies between its edges along both axes, and within the depth along the third.
    Position and spread along each axis are the sphere's, and the shares add up to one. Means weigh
    a cell by its share. A cell is whole about its nearest image in a periodic box; of one that
    reaches over the edge of the map, what lies on the map counts.
    """
    n = len(coordinates)
    sums = _sums(statistics, len(values))
    if mass is None and (sums.mass_lane >= 0 or density is not None):
        raise ValueError("a mass-weighted mean, or a cell's volume, needs the mass")
    edges, grid = _grid(edges, centre, box_size, rotation, depth)
    # The arrays are held by name while the kernel reads them through bare pointers.
    place = _array(coordinates, (n, 3), "coordinates", either=True)
    held = [_array(value, (n,), "values", either=True) for value in values]
    if mass is not None:
        mass = _array(mass, (n,), "mass", either=True)
    fields = [_Column() if mass is None else _column(mass), *map(_column, held)]
    if density is not None:
        density = _array(density, (n,), "density", either=True)
    volume = _Column() if density is None else _column(density)
    cells = _Cells(_column(place), (_Column * len(fields))(*fields), n, None, volume)
    maps, (_, senseless) = _project(kernel, cells, grid, sums, threads)
    if senseless:
        raise ValueError(f"{senseless} cells have no volume: their mass or density is not positive")
    return maps


def project_gas(
    kernel: ctypes.CDLL,
    cells: dict[str, np.ndarray],
    thermodynamics: Thermodynamics,
    *,
    statistics: Sequence[str],
    edges: np.ndarray,
    deposit: str = "nearest",
    centre: npt.ArrayLike = (0.0, 0.0, 0.0),
    box_size: float = 0.0,
    rotation: np.ndarray | None = None,
    depth: float | None = None,
    threads: int = 1,
) -> tuple[np.ndarray, int]:
    """Maps of entropy, mass and temperature straight from TNG's gas fields, in one pass.

    Parameters
    ----------
    kernel : ctypes library
        From `load`.
    cells : dict of array
        Coordinates (N, 3), Masses, InternalEnergy, ElectronAbundance and Density (N,), and
        StarFormationRate (N,) where star-forming gas takes a temperature of its own; each in
        single or double precision, read as they are.
    thermodynamics : Thermodynamics
        From `skyloom.arms.tng.gas.kernel_constants`.
    statistics, edges, centre, box_size, rotation, depth, threads
        As for `project`; three statistics.
    deposit : str
        One of `DEPOSITS`; 'cell' as `project` does with a density.

    Returns
    -------
    maps : (3, B, B) float64 array
        Entropy, mass, temperature; a view of an array whose channels come last.
    floored : int
        Cells whose electron abundance took the floor.

    Raises
    ------
    ValueError
        As `project` does, and if a density is not positive or an energy negative.
    """
    n = len(cells["Coordinates"])
    sums = _sums(statistics, 3, mass_channel=1)
    edges, grid = _grid(edges, centre, box_size, rotation, depth)
    needed = GAS_COLUMNS[:-1] if np.isnan(thermodynamics.star_forming_kelvin) else GAS_COLUMNS
    # The arrays are held by name while the kernel reads them through bare pointers.
    place = _array(cells["Coordinates"], (n, 3), "Coordinates", either=True)
    held = [_array(cells[name], (n,), name, either=True) for name in needed]
    fields = (_Column * len(held))(*map(_column, held))
    if deposit not in DEPOSITS:
        raise ValueError(f"deposit is one of {DEPOSITS}, got {deposit!r}")
    volume = _column(held[GAS_COLUMNS.index("Density")]) if deposit == "cell" else _Column()
    given = _Cells(_column(place), fields, n, ctypes.pointer(thermodynamics), volume)
    maps, (floored, senseless) = _project(kernel, given, grid, sums, threads)
    if senseless:
        raise ValueError(
            f"{senseless} cells have a density that is not positive or an energy below zero"
        )
    return maps, int(floored)
