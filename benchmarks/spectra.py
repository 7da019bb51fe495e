"""Spectra: rotation, resolution, resampling, continuum and noise, beside loops over spectra.

The spectra are random lines on the two arms' grids (synthetic, no science in them). The peers are
what a user would write: for every spectrum one call of PyAstronomy, specutils or NumPy. Results
are compared before anything is timed; one thread each.
"""

import numpy as np
from PyAstronomy import pyasl
from tools import seconds, table

from skyloom.arms.spectra import broadening, continuum, noise, resampling, wavelengths

SEED = 5


def lines(count, wavelength):
    """Random absorption lines of a tenth of an Å and more, (count, L) float64."""
    rng = np.random.default_rng(SEED)
    flux = np.ones((count, len(wavelength)))
    for row in flux:
        for centre in rng.uniform(wavelength[0], wavelength[-1], 12):
            near = abs(wavelength - centre) < 3
            width = rng.uniform(0.1, 0.5)
            row[near] -= 0.1 * np.exp(-(((wavelength[near] - centre) / width) ** 2))
    return flux


def direct(flux, v_sin_i, step):
    """One spectrum by the sum over pixels, with our kernel: what PyAstronomy does with its own."""
    reach = int(v_sin_i / step) + 1
    velocity = np.arange(-reach, reach + 1) * step
    kernel = broadening.rotation_profile(velocity, v_sin_i, 0.6, width=step) * step
    return np.convolve(np.pad(flux, reach, mode="edge"), kernel, "valid")


def rotation(title, wavelength, count, velocities):
    """Spectra a second of every spectrum at every velocity."""
    flux, step = lines(count, wavelength), wavelengths.velocity_step(wavelength)
    even = np.linspace(wavelength[0], wavelength[-1], len(wavelength))

    def peers():
        return [
            [pyasl.fastRotBroad(even, row, 0.6, v) if v > 0 else row for v in velocities]
            for row in flux
        ]

    each, own = np.repeat(flux, len(velocities), axis=0), np.tile(velocities, count)
    ways = {
        "PyAstronomy fastRotBroad, a loop": peers,
        "the sum over pixels, a loop": lambda: [
            [direct(row, v, step) if v > 0 else row for v in velocities] for row in flux
        ],
        "rotate, one spectrum a call": lambda: [
            [broadening.rotate(row, v, step=step) for v in velocities] for row in flux
        ],
        "rotate, all at once": lambda: broadening.rotate(each, own, step=step),
        "rotate_all": lambda: broadening.rotate_all(flux, velocities, step=step),
    }
    ours = broadening.rotate_all(flux, velocities, step=step)
    np.testing.assert_allclose(ours, ways["the sum over pixels, a loop"](), rtol=0, atol=1e-12)
    # PyAstronomy's kernel is sampled, of one width in Å, and its ends are not continued.
    inner = slice(len(wavelength) // 4, -len(wavelength) // 4)
    np.testing.assert_allclose(ours[..., inner], np.array(peers())[..., inner], atol=0.02)
    rate = {name: len(own) / time for name, time in seconds(ways, 3).items()}
    rows = [
        [name, f"{value:.0f}", f"{value / rate['PyAstronomy fastRotBroad, a loop']:.1f}"]
        for name, value in rate.items()
    ]
    pixels = len(wavelength)
    title = f"Rotation, {title}: {count} spectra of {pixels} pixels at {len(velocities)} velocities"
    return rate, table(title, ["way", "spectra/s", "to PyAstronomy"], rows)


def chain(count=300):
    """Everything else, on a fine grid of the helium arm's window."""
    fine, coarse = np.linspace(4440, 4500, 1801), wavelengths.linear(4460, 4480, 201)
    flux = lines(count, fine)
    weights = broadening.gaussian_weights(fine, 5000)
    rows_of = np.arange(count)
    x = (fine - 4470) / 30

    def clipped(row):
        kept = np.ones(len(row), bool)
        for _ in range(6):
            fit = np.polynomial.Polynomial.fit(x[kept], row[kept], 2)(x)
            residual = row - fit
            sigma = np.sqrt(np.mean(residual[kept] ** 2))
            kept = (residual >= -1.5 * sigma) & (residual <= 3 * sigma)
        return row / fit

    def loop_means(row):
        return resampling.overlap(fine, coarse) @ row

    def loop_noise(row, place):
        draws = np.random.default_rng([SEED, place]).standard_normal(len(row))
        return row + draws * np.sqrt(np.maximum(row, 0)) / 100

    pairs = {
        "resolution (loop: PyAstronomy instrBroadGaussFast)": (
            lambda: [pyasl.instrBroadGaussFast(fine, row, 5000, "firstlast") for row in flux],
            lambda: broadening.instrumental(fine, flux, 5000, weights=weights),
            5e-3,
        ),
        "resampling (loop: ours, one spectrum a call)": (
            lambda: [loop_means(row) for row in flux],
            lambda: resampling.resample(fine, flux, coarse),
            1e-12,
        ),
        "continuum (loop: NumPy's Polynomial.fit)": (
            lambda: [clipped(row) for row in flux],
            lambda: continuum.normalise(fine, flux, order=2, iterations=5)[0],
            1e-6,
        ),
        "noise (loop: the same in NumPy)": (
            lambda: [loop_noise(row, place) for place, row in enumerate(flux)],
            lambda: noise.add(flux, 100, seed=SEED, rows=rows_of),
            1e-12,
        ),
        "block means by 3 (loop: reshape and mean)": (
            lambda: [row[:1800].reshape(-1, 3).mean(axis=1) for row in flux],
            lambda: resampling.downsample(flux[:, :1800], 3),
            1e-12,
        ),
    }
    rows, figures = [], {}
    for name, (loop, ours, tolerance) in pairs.items():
        # Beside the ends, which PyAstronomy continues and we renormalise.
        a, b = (np.array(way())[:, 70:-70] for way in (loop, ours))
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance)
        rate = {way: count / time for way, time in seconds({"a": loop, "b": ours}, 3).items()}
        rows.append([name, f"{rate['a']:.0f}", f"{rate['b']:.0f}", f"{rate['b'] / rate['a']:.1f}"])
        figures[f"spectra_{name.split()[0]}_vs_loop"] = rate["b"] / rate["a"]
    title = f"{count} spectra of 1801 pixels (resampled to 201), spectra a second"
    return figures, table(title, ["what", "loop", "ours", "ours to loop"], rows)


def measure(_folder):
    """Compare, then time rotation on both arms' grids, and the rest."""
    helium = wavelengths.logarithmic(4440, 4500, 1800)
    stellar = wavelengths.logarithmic(5000, 5300, 29788)
    small, first = rotation("a fine grid about 4471 Å", helium, 20, np.arange(100.0, 401, 10))
    large, second = rotation("the stellar grid", stellar, 2, np.linspace(0, 300, 10))
    figures, third = chain()
    for name, rate in (("helium", small), ("stellar", large)):
        figures[f"spectra_rotate_all_{name}_per_s"] = rate["rotate_all"]
        loop = rate["PyAstronomy fastRotBroad, a loop"]
        figures[f"spectra_rotate_all_{name}_vs_pyastronomy"] = rate["rotate_all"] / loop
        figures[f"spectra_rotate_all_{name}_vs_own_loop"] = (
            rate["rotate_all"] / rate["the sum over pixels, a loop"]
        )
    figures = {name: float(value) for name, value in figures.items()}
    return {"figures": figures, "tables": [first, second, third]}
