"""From raw gas cells to three maps: our kernel beside what a user would pick instead.

Twice: the whole job (periodic wrap, rotation, temperature, entropy, three sums) and binning alone.
Every way starts from the same arrays and must give the same maps; times are the best of several,
the ways taken in turn. The floor is what reading the cells once takes at this machine's measured
bandwidth.
"""

import ctypes
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from peers import (
    BINNING,
    BOX,
    BYTES_PER_CELL,
    CENTRE,
    CONSTANTS,
    EDGES,
    ROTATION,
    WHOLE,
    galaxy,
    plane,
)
from tools import seconds, table

from skyloom.kernels import histogram2d

REPETITIONS = {10**4: 15, 10**5: 15, 10**6: 9, 10**7: 5}
#: Seconds that a way runs before it is timed.
WARM = 0.1


def bandwidth(folder, threads=2, size=2**25):
    """Bytes a second that `threads` read together, in order, of main memory."""
    library = folder / "stream.so"
    source = Path(__file__).with_name("stream.c")
    flags = ["-O3", "-march=native", "-ffast-math", "-fPIC", "-shared"]
    subprocess.run(["cc", *flags, "-o", str(library), str(source)], check=True)
    stream = ctypes.CDLL(str(library)).stream
    stream.argtypes = [ctypes.c_void_p, ctypes.c_int64]
    stream.restype = ctypes.c_double
    arrays = [np.ones(size) for _ in range(threads)]
    best = np.inf
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(9):
            start = time.perf_counter()
            list(pool.map(lambda array: stream(array.ctypes.data, size), arrays))
            best = min(best, time.perf_counter() - start)
    return threads * size * 8 / best


def job(kernel, threads):
    """Our whole job."""
    view = {"edges": EDGES, "centre": CENTRE, "box_size": BOX, "rotation": ROTATION}

    def maps(gas):
        return histogram2d.project_gas(
            kernel, gas, CONSTANTS, statistics=["sum"] * 3, threads=threads, **view
        )[0]

    return maps


def binning(kernel, threads):
    """Our binning alone, of positions as they lie in a file: (N, 3)."""

    def maps(places, weights):
        return histogram2d.project(
            kernel, places, weights, statistics=["sum"] * 3, edges=EDGES, threads=threads
        )

    return maps


def _check(ways):
    """Every way's maps must be those of the first: no way may time nonsense."""
    maps = {name: np.asarray(way()) for name, way in ways.items()}
    truth = maps["numpy.histogram2d"]
    for name, found in maps.items():
        # A cell within rounding of an edge may fall on either side of it.
        moved = np.abs(found - truth).sum() / np.abs(truth).sum()
        if not moved < 1e-3:
            raise AssertionError(f"{name} gives other maps: {moved:.2g} of the sums moved")


def whole_ways(kernel, cells):
    """Every way of the whole job, as calls without arguments."""
    gas = galaxy(cells)
    ours = {f"skyloom, {k} thread{'s' * (k > 1)}": job(kernel, k) for k in (1, 2)}
    return {name: lambda way=way: way(gas) for name, way in (WHOLE | ours).items()}


def binning_ways(kernel, cells):
    """Every way of binning alone."""
    x, y, weights = plane(galaxy(cells))
    weights = [np.ascontiguousarray(weight, np.float64) for weight in weights]
    places = np.stack([x, y, np.zeros_like(x)], axis=1)
    peers = {n: lambda way=way: way(x, y, weights) for n, way in BINNING.items()}
    ours = {f"skyloom, {k} thread{'s' * (k > 1)}": binning(kernel, k) for k in (1, 2)}
    return peers | {n: lambda way=way: way(places, weights) for n, way in ours.items()}


def measure_ways(kernel, make):
    """Ns a cell: {cells: {way: ns}}."""
    found = {}
    for cells, repetitions in REPETITIONS.items():
        ways = make(kernel, cells)
        _check(ways)
        times = seconds(ways, repetitions, warm=WARM, of=min)
        found[cells] = {name: time / cells * 1e9 for name, time in times.items()}
    return found


def _best(row, *, ours=True):
    return min(row[name] for name in row if name.startswith("skyloom") == ours)


def ratios(whole, alone, floor):
    """Figures of the heart: at 10^6 and 10^7 cells, the worse of the two.

    Peer over ours, the better of 1 and 2 threads of each; for the floor, ours over it.
    """
    sizes = (10**6, 10**7)
    return {
        "maps_vs_numpy": min(whole[n]["numpy.histogram2d"] / _best(whole[n]) for n in sizes),
        "maps_vs_floor": max(_best(whole[n]) / floor for n in sizes),
        "maps_vs_best_peer": min(_best(whole[n], ours=False) / _best(whole[n]) for n in sizes),
        "maps_vs_best_peer_1e4": _best(whole[10**4], ours=False) / _best(whole[10**4]),
        "binning_vs_best_peer": min(_best(alone[n], ours=False) / _best(alone[n]) for n in sizes),
    }


def _table(title, found, floor):
    header = ["way", *(f"{cells:.0e} cells".replace("e+0", "e") for cells in found)]
    rows = []
    for name in next(iter(found.values())):
        row = [
            f"{r[name]:.1f} ({r[name] / _best(r):.1f}; {r[name] / floor:.1f})"
            for r in found.values()
        ]
        rows.append([name, *row])
    return table(title, header, rows)


def measure(folder):
    """Both comparisons; see `benchmarks/run.py`."""
    histogram2d.compile_kernel(folder / "histogram2d.so")
    kernel = histogram2d.load(folder / "histogram2d.so")
    speed = bandwidth(folder)
    whole, alone = measure_ways(kernel, whole_ways), measure_ways(kernel, binning_ways)
    # Before and after: the better, as for the ways.
    speed = max(speed, bandwidth(folder))
    floor = BYTES_PER_CELL / speed * 1e9
    note = (
        "ns a cell (times ours, the better of 1 and 2 threads; times the floor of "
        f"{floor:.2f} ns: {BYTES_PER_CELL} bytes a cell at the {speed / 1e9:.0f} GB/s that 2 "
        "threads read)"
    )
    figures = {
        "stream_gb_per_s": speed / 1e9,
        "maps_ns_per_cell": whole[10**6]["skyloom, 2 threads"],
        "maps_ns_per_cell_1_thread": whole[10**6]["skyloom, 1 thread"],
        **ratios(whole, alone, floor),
    }
    tables = [
        _table(f"From raw cells to three 256 x 256 maps, {note}", whole, floor),
        _table(f"Binning alone: positions and weights to three maps, {note}", alone, floor),
    ]
    return {"figures": figures, "tables": tables}
