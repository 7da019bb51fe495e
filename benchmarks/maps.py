"""From raw gas cells to three maps: our kernel beside what a user would pick instead.

Every way starts from the same arrays (box coordinates, mass, internal energy, electron abundance,
density, in double precision), wraps them periodically, turns them, works out temperature and
entropy, and fills three 256 x 256 maps (mass summed, the other two summed too, so that every way
does the same). Times are medians over repetitions, taken in turn, as ratios to ours.
``python benchmarks/run.py`` prints the table and writes ``results/bench/bench.json``.
"""

import tempfile
import time
from pathlib import Path

import numpy as np
from fast_histogram import histogram2d as fast_histogram2d

from skyloom.io import write_json
from skyloom.kernels import histogram2d
from skyloom.tng.gas import cell_properties, kernel_constants
from skyloom.tng.rotation import face_on, periodic_offset

BOX, BINS, HALF = 35000.0, 256, 30.0
ROTATION = face_on([1.0, 2.0, 3.0])
CENTRE = np.array([10.0, 34990.0, 17500.0])
EDGES = np.linspace(-HALF, HALF, BINS + 1)
PHYSICS = {"scale_factor": 1.0, "hubble": 0.6774, "electron_abundance_floor": 1e-4}


def galaxy(cells, seed=0):
    """Gas cells of a made-up galaxy about `CENTRE`, in TNG's fields and units."""
    rng = np.random.default_rng(seed)
    return {
        "Coordinates": (CENTRE + rng.normal(0, 12, (cells, 3))) % BOX,
        "Masses": rng.lognormal(-10, 0.2, cells),
        "Density": rng.lognormal(-14, 2, cells),
        "InternalEnergy": rng.lognormal(6, 2, cells),
        "ElectronAbundance": rng.uniform(0.01, 1.16, cells),
        "StarFormationRate": np.zeros(cells),
    }


def plane(gas):
    """Positions in the picture and the three weights, by NumPy."""
    x, y, _ = ROTATION @ periodic_offset(gas["Coordinates"], CENTRE, BOX).T
    properties, _ = cell_properties(gas, **PHYSICS)
    return x, y, [properties[name] for name in ("entropy", "mass", "temperature")]


def numpy_way(gas, _):
    x, y, weights = plane(gas)
    return [np.histogram2d(y, x, bins=[EDGES, EDGES], weights=w)[0] for w in weights]


def thesis_way(gas, _):
    """Indices by NumPy, then one sum a map at the speed of C (here `numpy.bincount`)."""
    x, y, weights = plane(gas)
    inside = (x >= -HALF) & (x < HALF) & (y >= -HALF) & (y < HALF)
    ix = ((x[inside] + HALF) / (2 * HALF) * BINS).astype(np.int32)
    iy = ((y[inside] + HALF) / (2 * HALF) * BINS).astype(np.int32)
    index = iy * BINS + ix
    return [np.bincount(index, w[inside], BINS * BINS).reshape(BINS, BINS) for w in weights]


def fast_histogram_way(gas, _):
    x, y, weights = plane(gas)
    limits = [[-HALF, HALF], [-HALF, HALF]]
    return [fast_histogram2d(y, x, bins=BINS, range=limits, weights=w) for w in weights]


def ours(gas, kernel):
    """One pass of the C kernel, thermodynamics included."""
    return histogram2d.project_gas(
        kernel,
        gas,
        kernel_constants(**PHYSICS),
        statistics=["sum"] * 3,
        edges=EDGES,
        centre=CENTRE,
        box_size=BOX,
        rotation=ROTATION,
    )[0]


WAYS = {
    "numpy.histogram2d": numpy_way,
    "indices, then one sum a map (thesis)": thesis_way,
    "fast-histogram": fast_histogram_way,
    "skyloom": ours,
}


def measure(cells, kernel, repetitions):
    """Median ns a cell of each way, the ways taken in turn; every way must give the same maps."""
    gas = galaxy(cells)
    truth = numpy_way(gas, kernel)
    times = {name: [] for name in WAYS}
    for _ in range(repetitions):
        for name, way in WAYS.items():
            start = time.perf_counter()
            maps = way(gas, kernel)
            times[name].append(time.perf_counter() - start)
            for map_, expected in zip(maps, truth, strict=True):
                np.testing.assert_allclose(map_.sum(), expected.sum(), rtol=1e-6)
    return {name: float(np.median(values)) / cells * 1e9 for name, values in times.items()}


def main():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "histogram2d.so"
        histogram2d.compile_kernel(path)
        kernel = histogram2d.load(path)
        sizes = {10**4: 50, 10**5: 20, 10**6: 7}
        table = {cells: measure(cells, kernel, times) for cells, times in sizes.items()}
    print("From raw cells to three 256 x 256 maps, one thread: ns a cell (ratio to ours)\n")
    print("| way | " + " | ".join(f"{cells:.0e} cells" for cells in table) + " |")
    print("|---|" + "---|" * len(table))
    for name in WAYS:
        cells = [f"{row[name]:.1f} ({row[name] / row['skyloom']:.1f})" for row in table.values()]
        print(f"| {name} | " + " | ".join(cells) + " |")
    largest = table[max(table)]
    write_json(
        {
            "maps_vs_numpy": largest["numpy.histogram2d"] / largest["skyloom"],
            "maps_vs_thesis": largest["indices, then one sum a map (thesis)"] / largest["skyloom"],
            "maps_vs_fast_histogram": largest["fast-histogram"] / largest["skyloom"],
            "maps_ns_per_cell": largest["skyloom"],
        },
        "results/bench/bench.json",
    )


if __name__ == "__main__":
    main()
