"""Other ways from raw gas cells to three maps: what a user would pick instead of our kernel.

All start from the same arrays and give the same sums. `plane` is what most of them share: offset,
periodic wrap, rotation, temperature and entropy in plain NumPy.
"""

import boost_histogram
import numba
import numpy as np
from fast_histogram import histogram2d as fast_histogram2d
from scipy.stats import binned_statistic_2d

from skyloom.arms.tng.gas import kernel_constants
from skyloom.arms.tng.rotation import face_on

BOX, BINS, HALF = 35000.0, 256, 30.0
ROTATION = face_on([1.0, 2.0, 3.0])
CENTRE = np.array([10.0, 34990.0, 17500.0])
EDGES = np.linspace(-HALF, HALF, BINS + 1)
CONSTANTS = kernel_constants(scale_factor=1.0, hubble=0.6774, electron_abundance_floor=1e-4)


def galaxy(cells, seed=0):
    """Gas cells of a made-up galaxy about `CENTRE`, in TNG's fields, units and precisions."""
    rng = np.random.default_rng(seed)
    fields = {
        "Masses": rng.lognormal(-10, 0.2, cells),
        "Density": rng.lognormal(-14, 2, cells),
        "InternalEnergy": rng.lognormal(6, 2, cells),
        "ElectronAbundance": rng.uniform(0.01, 1.16, cells),
    }
    single = {name: values.astype(np.float32) for name, values in fields.items()}
    return {"Coordinates": (CENTRE + rng.normal(0, 12, (cells, 3))) % BOX, **single}


#: Bytes a single pass over a galaxy's cells must read, one cell.
BYTES_PER_CELL = 3 * 8 + 4 * 4


def plane(gas):
    """Positions in the picture and the three weights, by NumPy: no more work than it takes."""
    c = CONSTANTS
    offset = gas["Coordinates"] - CENTRE
    offset -= BOX * np.rint(offset / BOX)
    x, y = ROTATION[:2] @ offset.T
    abundance = gas["ElectronAbundance"].astype(np.float64)
    kelvin = 4.0 * c.kelvin * gas["InternalEnergy"] / (1 + c.hydrogen * (3 + 4 * abundance))
    electrons = c.electrons * np.maximum(abundance, c.abundance_floor) * gas["Density"]
    return x, y, [c.entropy * kelvin / np.cbrt(electrons) ** 2, gas["Masses"], kelvin]


def numpy_bins(x, y, weights):
    """`numpy.histogram2d`, once a map."""
    return [np.histogram2d(y, x, bins=[EDGES, EDGES], weights=w)[0] for w in weights]


def thesis_bins(x, y, weights):
    """The thesis's way: indices by NumPy, then one sum a map in C (here `numpy.bincount`)."""
    inside = (x >= -HALF) & (x < HALF) & (y >= -HALF) & (y < HALF)
    ix = ((x[inside] + HALF) / (2 * HALF) * BINS).astype(np.int32)
    iy = ((y[inside] + HALF) / (2 * HALF) * BINS).astype(np.int32)
    index = iy * BINS + ix
    return [np.bincount(index, w[inside], BINS * BINS).reshape(BINS, BINS) for w in weights]


def fast_histogram_bins(x, y, weights):
    """fast-histogram, once a map."""
    limits = [[-HALF, HALF], [-HALF, HALF]]
    return [fast_histogram2d(y, x, bins=BINS, range=limits, weights=w) for w in weights]


def boost_bins(threads):
    """boost-histogram, once a map."""

    def bins(x, y, weights):
        maps = []
        for weight in weights:
            axis = boost_histogram.axis.Regular(BINS, -HALF, HALF)
            histogram = boost_histogram.Histogram(axis, axis)
            histogram.fill(y, x, weight=weight, threads=threads)
            maps.append(histogram.view())
        return maps

    return bins


def scipy_bins(x, y, weights):
    """`scipy.stats.binned_statistic_2d`, one call for all three maps."""
    return binned_statistic_2d(y, x, weights, "sum", bins=[EDGES, EDGES]).statistic


@numba.njit(nogil=True, parallel=True, error_model="numpy")
def _numba_bins(x, y, a, b, c, low, scale, bins, parts):
    maps = np.zeros((parts, bins, bins, 3))
    for part in numba.prange(parts):
        own = maps[part]
        for i in range(len(x) * part // parts, len(x) * (part + 1) // parts):
            s, t = (x[i] - low) * scale, (y[i] - low) * scale
            if s >= 0.0 and s < bins and t >= 0.0 and t < bins:
                pixel = own[int(t), int(s)]
                pixel[0] += a[i]
                pixel[1] += b[i]
                pixel[2] += c[i]
    return maps


@numba.njit(nogil=True, parallel=True, error_model="numpy", fastmath=True)
def _numba_job(r, mass, energy, abundance, density, geometry, physics, bins, parts):
    centre, rotation, box, low, scale = geometry
    kelvin_, electrons_, entropy_, hydrogen, least = physics
    maps = np.zeros((parts, bins, bins, 3))
    for part in numba.prange(parts):
        own = maps[part]
        for i in range(len(r) * part // parts, len(r) * (part + 1) // parts):
            d0, d1, d2 = r[i, 0] - centre[0], r[i, 1] - centre[1], r[i, 2] - centre[2]
            d0 -= box * np.rint(d0 / box)
            d1 -= box * np.rint(d1 / box)
            d2 -= box * np.rint(d2 / box)
            s = (rotation[0, 0] * d0 + rotation[0, 1] * d1 + rotation[0, 2] * d2 - low) * scale
            t = (rotation[1, 0] * d0 + rotation[1, 1] * d1 + rotation[1, 2] * d2 - low) * scale
            if s >= 0.0 and s < bins and t >= 0.0 and t < bins:
                xe = np.float64(abundance[i])
                kelvin = 4.0 * kelvin_ * energy[i] / (1.0 + hydrogen * (3.0 + 4.0 * xe))
                electrons = electrons_ * max(xe, least) * density[i]
                pixel = own[int(t), int(s)]
                pixel[0] += entropy_ * kelvin / np.cbrt(electrons) ** 2
                pixel[1] += mass[i]
                pixel[2] += kelvin
    return maps


def _merged(maps):
    """Sums of the threads' maps, channels first."""
    return np.moveaxis(maps.sum(axis=0) if len(maps) > 1 else maps[0], -1, 0)


def numba_bins(threads):
    """One pass of compiled Python with a private map a thread."""

    def bins(x, y, weights):
        numba.set_num_threads(threads)
        return _merged(_numba_bins(x, y, *weights, -HALF, BINS / (2 * HALF), BINS, threads))

    return bins


def numba_job(threads):
    """The whole job in one pass of compiled Python, with a private map a thread."""
    geometry = (CENTRE, ROTATION, BOX, -HALF, BINS / (2 * HALF))
    names = ("kelvin", "electrons", "entropy", "hydrogen", "abundance_floor")
    physics = tuple(getattr(CONSTANTS, name) for name in names)
    fields = ("Coordinates", "Masses", "InternalEnergy", "ElectronAbundance", "Density")

    def job(gas):
        numba.set_num_threads(threads)
        return _merged(_numba_job(*(gas[f] for f in fields), geometry, physics, BINS, threads))

    return job


#: Binning alone: (x, y, weights) -> three maps.
BINNING = {
    "numpy.histogram2d": numpy_bins,
    "indices, then one sum a map (thesis)": thesis_bins,
    "fast-histogram": fast_histogram_bins,
    "boost-histogram, 1 thread": boost_bins(1),
    "boost-histogram, 2 threads": boost_bins(2),
    "scipy binned_statistic_2d": scipy_bins,
    "numba, 1 thread": numba_bins(1),
    "numba, 2 threads": numba_bins(2),
}


def _after_numpy(bins):
    return lambda gas: bins(*plane(gas))


#: The whole job: gas -> three maps. numba does all of it in its one pass, the others after NumPy.
WHOLE = {
    name: _after_numpy(bins) for name, bins in BINNING.items() if not name.startswith("numba")
} | {"numba, 1 thread": numba_job(1), "numba, 2 threads": numba_job(2)}
