"""Cells as large as they are: our three maps beside three calls of swiftsimio's fast projection.

Both spread the same cells over the same pixels, each by its own kernel of the same support; what a
map misses is its L1 distance from the same kernel evaluated at many points a cell in double
precision. swiftsimio needs positions and weights, which are made before its clock starts; ours
starts from TNG's fields, as the workflow does.
"""

import numba
import numpy as np
from peers import BINS, BOX, CENTRE, CONSTANTS, EDGES, HALF, ROTATION, plane
from swiftsimio.visualisation.projection_backends import backends_parallel
from swiftsimio.visualisation.projection_backends.kernels import kernel_gamma
from tools import seconds, table

from skyloom.kernels import histogram2d

CELLS = 10**6
#: Radii in pixels: the median, and what 95 % lie below.
MEDIAN, LARGE = 0.64, 4.3
#: Cells of the comparison with the truth, and points a cell along an axis.
CHECKED, POINTS = 5_000, 400
#: At which the clock's best of several is taken; the ways in turn.
REPETITIONS = 5


def galaxy(cells, seed=0):
    """Gas whose cells have radii of 0.1 to 4.3 pixels (5 to 95 %), in TNG's fields."""
    rng = np.random.default_rng(seed)
    spread = np.log(LARGE / MEDIAN) / 1.645
    radius = 2 * HALF / BINS * MEDIAN * rng.lognormal(0, spread, cells)
    mass = rng.lognormal(-10, 0.2, cells)
    fields = {
        "Masses": mass,
        "Density": mass / (4 / 3 * np.pi * radius**3),
        "InternalEnergy": rng.lognormal(6, 2, cells),
        "ElectronAbundance": rng.uniform(0.01, 1.16, cells),
    }
    single = {name: values.astype(np.float32) for name, values in fields.items()}
    return {"Coordinates": (CENTRE + rng.normal(0, 12, (cells, 3))) % BOX, **single}


def radii(gas):
    """Of a sphere of the cell's volume, ckpc/h."""
    volume = gas["Masses"].astype(np.float64) / gas["Density"]
    return np.cbrt(3 * volume / (4 * np.pi))


def ours(kernel, gas, threads):
    """Our three maps from TNG's fields."""
    return histogram2d.project_gas(
        kernel,
        gas,
        CONSTANTS,
        statistics=["sum"] * 3,
        deposit="cell",
        edges=EDGES,
        centre=CENTRE,
        box_size=BOX,
        rotation=ROTATION,
        threads=threads,
    )[0]


def theirs(gas):
    """A call that makes swiftsimio's three maps, and the same of the mass alone."""
    x, y, weights = plane(gas)
    x, y = ((axis + HALF) / (2 * HALF) for axis in (x, y))
    # A cell's support is our radius; lengths are in units of the picture.
    smoothing = (radii(gas) / (2 * HALF) / kernel_gamma).astype(np.float32)
    weights = [np.asarray(weight, np.float32) for weight in weights]
    fast = backends_parallel["fast"]

    def maps(which=(0, 1, 2)):
        # It gives a density, of pictures of side one, and x first.
        return [fast(x=x, y=y, m=weights[k], h=smoothing, res=BINS).T / BINS**2 for k in which]

    return maps


@numba.njit(fastmath=False)
def _truth(x, y, radius, mass, product, points, bins, low, scale):
    total = np.zeros((bins, bins))
    for i in range(len(x)):
        norm = 0.0
        for sums in range(2):
            for a in range(points):
                u = (2 * a + 1.0) / points - 1
                for b in range(points):
                    v = (2 * b + 1.0) / points - 1
                    if product:
                        weight = (1 - u * u) * (1 - v * v)
                    else:
                        q = np.sqrt(u * u + v * v)
                        weight = (1 - q) ** 4 * (1 + 4 * q) if q < 1 else 0.0
                    if sums == 0:
                        norm += weight
                        continue
                    s = (x[i] + u * radius[i] - low) * scale
                    t = (y[i] + v * radius[i] - low) * scale
                    if s >= 0 and s < bins and t >= 0 and t < bins:
                        total[int(t), int(s)] += mass[i] * weight / norm
    return total


def truth(gas, *, product):
    """The mass map by points in double precision: of our kernel, or of swiftsimio's Wendland C2."""
    x, y, _ = plane(gas)
    mass = gas["Masses"].astype(np.float64)
    return _truth(x, y, radii(gas), mass, product, POINTS, BINS, -HALF, BINS / (2 * HALF))


def missed(found, expected):
    """L1 distance of a map, as a share of all mass."""
    return float(np.abs(found - expected).sum() / expected.sum())


def measure(folder):
    """Time and error of both; see `benchmarks/run.py`."""
    histogram2d.compile_kernel(folder / "histogram2d.so")
    kernel = histogram2d.load(folder / "histogram2d.so")
    gas, few = galaxy(CELLS), galaxy(CHECKED, seed=1)
    swift = theirs(gas)
    ways = {
        "skyloom, 1 thread": lambda: ours(kernel, gas, 1),
        "skyloom, 2 threads": lambda: ours(kernel, gas, 2),
        "swiftsimio fast, parallel": swift,
    }
    swift()
    times = {k: t / CELLS * 1e9 for k, t in seconds(ways, REPETITIONS, warm=0.1, of=min).items()}
    errors = {
        "skyloom": missed(ours(kernel, few, 1)[1], truth(few, product=True)),
        "swiftsimio": missed(theirs(few)([1])[0], truth(few, product=False)),
    }
    if not errors["skyloom"] < 1e-2:
        raise AssertionError(f"our map misses its kernel by {errors['skyloom']:.2g} of the mass")
    best = times["skyloom, 2 threads"]
    rows = [
        [name, f"{time:.1f}", f"{time / best:.1f}", f"{errors[name.split()[0].rstrip(',')]:.2e}"]
        for name, time in times.items()
    ]
    title = (
        f"{CELLS:.0e} cells of median radius {MEDIAN} pixel (95 % below {LARGE}) to three "
        f"{BINS} x {BINS} maps; what is missed of the mass map is measured on {CHECKED} cells"
    )
    figures = {
        "deposit_ns": best,
        "deposit_vs_swiftsimio": times["swiftsimio fast, parallel"] / best,
        "deposit_error": errors["skyloom"],
        "deposit_error_swiftsimio": errors["swiftsimio"],
    }
    header = ["way", "ns a cell", "to ours", "of the mass misplaced"]
    return {"figures": figures, "tables": [table(title, header, rows)]}
