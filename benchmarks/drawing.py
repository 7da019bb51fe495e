"""Spectra drawn as images, beside matplotlib and OpenCV, and the moving average beside SciPy.

The spectra are simulated (4,600 points: continuum, lines and noise; synthetic, no science in them)
and drawn as 224 x 224 images, once smoothed over 9 pixels and once as they are. ``cv2.polylines``
takes its points ready in pixels (eight bits of fraction, anti-aliased); all others find the frame
and place the points themselves. SSIM (Wang et al. 2004) is against a new matplotlib figure for
each spectrum, and against matplotlib at eight times the size, averaged: Agg adds up the strokes
that meet within a pixel, so its own image is not the truth either.
"""

import cv2
import matplotlib
import numpy as np
from matplotlib import pyplot
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from scipy.ndimage import gaussian_filter, uniform_filter1d
from tools import seconds, table

from skyloom import datasets, prefetch
from skyloom.arms.sdss import drawing
from skyloom.arms.sdss.smoothing import moving_average
from skyloom.io.files import atomic_hdf5
from skyloom.kernels import polyline

POINTS, SPECTRA, FEW, SIDE, WIDTH, SEED = 4600, 256, 24, 224, 1.5, 6


def simulated():
    """Wavelengths (L,) and noisy fluxes (n, L) with some lines."""
    random = np.random.default_rng(SEED)
    x = np.geomspace(3600, 10300, POINTS)
    flux = (x / 6000) ** random.uniform(-2, 1, (SPECTRA, 1))
    for _ in range(6):
        centre, depth = random.uniform(3700, 10000, (SPECTRA, 1)), random.normal(0, 1, (SPECTRA, 1))
        breadth = 10 ** random.uniform(0.5, 2, (SPECTRA, 1))
        flux = flux + depth * np.exp(-0.5 * ((x - centre) / breadth) ** 2)
    noise = 10 ** random.uniform(-2, -0.3, (SPECTRA, 1)) * (1 + 3 * np.exp((3600 - x) / 200))
    return x, (flux + noise * random.normal(size=flux.shape)).astype(np.float32)


def similarity(first, second):
    """Mean structural similarity: Wang et al. 2004, equation 13, Gaussian windows of sigma 1.5."""
    a, b = np.asarray(first, float), np.asarray(second, float)

    def mean(image):
        return gaussian_filter(image, 1.5, truncate=3.5)

    one, two = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    centre_a, centre_b = mean(a), mean(b)
    spread = mean(a * a) - centre_a**2 + mean(b * b) - centre_b**2
    both = mean(a * b) - centre_a * centre_b
    values = (2 * centre_a * centre_b + one) * (2 * both + two)
    return (values / ((centre_a**2 + centre_b**2 + one) * (spread + two)))[5:-5, 5:-5].mean()


def new_figure(x, flux):
    """What a script does: a figure of its own for each spectrum."""
    images = []
    for row in flux:
        figure = pyplot.figure(figsize=(SIDE / 100, SIDE / 100), dpi=100)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.axis("off")
        axes.plot(x, row, color="black", linewidth=WIDTH * 0.72)
        figure.canvas.draw()
        images.append(np.asarray(figure.canvas.buffer_rgba())[..., 0].copy())
        pyplot.close(figure)
    return np.stack(images)


def reused_figure(x, flux):
    """One figure, cleared for each spectrum."""
    figure = Figure(figsize=(SIDE / 100, SIDE / 100), dpi=100)
    canvas, images = FigureCanvasAgg(figure), []
    axes = figure.add_axes((0, 0, 1, 1))
    for row in flux:
        axes.clear()
        axes.axis("off")
        axes.plot(x, row, color="black", linewidth=WIDTH * 0.72)
        canvas.draw()
        images.append(np.asarray(canvas.buffer_rgba())[..., 0].copy())
    return np.stack(images)


def canvas_only(x, flux):
    """One figure and one line, whose data change: our matplotlib backend."""
    return drawing.draw(flux, (SIDE, SIDE), x=x, backend="matplotlib", width=WIDTH)


def canvas_fast(x, flux):
    """The same with matplotlib's own style for speed, which leaves out more points."""
    with pyplot.style.context("fast"):
        return canvas_only(x, flux)


def pixels(x, flux):
    """Points as `cv2.polylines` takes them, pixels with eight bits of fraction."""
    frame = drawing.frames(x, flux)
    across = (x - frame[:, :1]) / (frame[:, 1:2] - frame[:, :1]) * SIDE
    down = (frame[:, 3:] - flux) / (frame[:, 3:] - frame[:, 2:3]) * SIDE
    # OpenCV counts from the middle of a pixel.
    return np.round((np.stack([across, down], axis=-1) - 0.5) * 256).astype(np.int32)


def polylines(points, thickness):
    """OpenCV, one call a spectrum; its lines are 1, 2, 3 pixels thick."""
    images = np.full((len(points), SIDE, SIDE), 255, np.uint8)
    for image, line in zip(images, points, strict=True):
        cv2.polylines(image, [line[:, None]], False, 0, thickness, cv2.LINE_AA, 8)
    return images


def drawn(kernel, pool, x, flux, name):
    """One table: all ways to draw, their rates and similarities."""
    points, few = pixels(x, flux), flux[:FEW]

    def ours(threads=None):
        return drawing.draw(flux, (SIDE, SIDE), x=x, kernel=kernel, width=WIDTH, pool=threads)

    truth = new_figure(x, few)
    with matplotlib.rc_context({"path.simplify": False}):
        size, width = (8 * SIDE, 8 * SIDE), 8 * WIDTH
        large = drawing.draw(few, size, x=x, backend="matplotlib", width=width)
    large = large.reshape(FEW, SIDE, 8, SIDE, 8).mean(axis=(2, 4))
    ways = {
        "matplotlib, new figure": (lambda: new_figure(x, few), FEW),
        "matplotlib, reused figure": (lambda: reused_figure(x, few), FEW),
        "matplotlib, canvas only (our reference backend)": (lambda: canvas_only(x, few), FEW),
        "matplotlib, canvas only, its style `fast`": (lambda: canvas_fast(x, few), FEW),
        "cv2.polylines, 1 pixel thick": (lambda: polylines(points, 1), SPECTRA),
        "cv2.polylines, 2 pixels thick": (lambda: polylines(points, 2), SPECTRA),
        "ours, one thread": (ours, SPECTRA),
        "ours, two threads": (lambda: ours(pool), SPECTRA),
    }
    times = seconds({way: call for way, (call, _) in ways.items()}, 5)
    rate = {way: count / times[way] for way, (_, count) in ways.items()}
    rows, like = [], {}
    for way, (call, _) in ways.items():
        images = call()[:FEW]
        found = [similarity(*pair) for pair in zip(images, truth, strict=True)]
        fine = [similarity(*pair) for pair in zip(images, large, strict=True)]
        like[way] = found
        cells = f"{rate[way] / rate['matplotlib, new figure']:.1f}", f"{np.mean(found):.3f}"
        cells += f"{min(found):.3f}", f"{np.mean(fine):.3f}"
        rows.append([way, f"{rate[way]:.0f}", *cells])
    one = rate["ours, one thread"]
    figures = {
        "spectra_per_s": one,
        "two_threads_spectra_per_s": rate["ours, two threads"],
        "vs_polylines": one / rate["cv2.polylines, 1 pixel thick"],
        "vs_new_figure": one / rate["matplotlib, new figure"],
        "ssim": np.mean(like["ours, one thread"]),
        "least_ssim": min(like["ours, one thread"]),
    }
    header = ["way", "spectra/s", "to a new figure", "SSIM to it", "least", "SSIM to 8 x"]
    title = f"Spectra of {POINTS:,} points to {SIDE} x {SIDE}, {name}"
    return figures, table(title, header, rows)


def stored(folder, kernel, pool, x, flux):
    """Drawing, packing and writing, and bytes a spectrum."""
    rows, figures = [], {}
    for name, side, channels in (("images_224", 224, 3), ("images_28", 28, 1)):
        shape, path = (side, side, channels), folder / f"{name}.h5"

        def write(shape=shape, path=path):
            def work(start):
                images = drawing.draw(flux[start : start + 64], shape[:2], x=x, kernel=kernel)
                return np.repeat(images[..., None], shape[2], axis=3)

            blocks = prefetch.in_order(pool, work, range(0, SPECTRA, 64))
            described = {"target": np.zeros(SPECTRA), "name": "class", "units": ""}
            described |= {"columns": {"id": np.arange(SPECTRA).astype(str)}, "attributes": {}}
            with atomic_hdf5(path) as file:
                options = {"kind": "images", "shape": shape, "dtype": np.uint8}
                datasets.write(file, blocks, SPECTRA, **options, **described, pool=pool)

        rate = SPECTRA / seconds({"write": write}, 3)["write"]
        size = path.stat().st_size / SPECTRA
        figures[f"drawing_{name}_bytes"] = size
        figures[f"drawing_{name}_written_per_s"] = rate
        raw = np.prod(shape)
        rows.append([name, f"{raw}", f"{size:.0f}", f"{3e5 * size / 1e9:.2f}", f"{rate:.0f}"])
    header = ["dataset", "bytes in memory", "bytes on disk", "GB for 300,000", "spectra/s written"]
    title = "Smoothed spectra drawn, packed (gzip 1) and written with two threads"
    return figures, table(title, header, rows)


def smoothed(flux):
    """The moving average of 9 pixels: with a tenth of the pixels masked, and without masks."""
    flux = flux.astype(np.float64)
    good = np.random.default_rng(SEED).random(flux.shape) > 0.1
    ones = np.ones(9)

    def loop():
        # For each spectrum two convolutions: of what is good, and of how much is.
        rows = zip(flux, good, strict=True)
        return [np.convolve(f * g, ones, "same") / np.convolve(g, ones, "same") for f, g in rows]

    np.testing.assert_allclose(moving_average(flux, 9, good), np.stack(loop()), atol=1e-9)
    ways = {
        "loop of numpy.convolve, masked": loop,
        "ours, masked": lambda: moving_average(flux, 9, good),
        "loop of scipy's uniform_filter1d, no masks": lambda: [
            uniform_filter1d(f, 9) for f in flux
        ],
        "ours, no masks": lambda: moving_average(flux, 9),
    }
    rate = {way: len(flux) / time for way, time in seconds(ways, 5).items()}
    rows = [[way, f"{value:.0f}"] for way, value in rate.items()]
    figures = {"smoothing_masked_vs_loop": rate["ours, masked"] / rate[next(iter(ways))]}
    return figures, table("Moving average of 9 pixels, one thread", ["way", "spectra/s"], rows)


def measure(folder):
    """Draw, compare and time; then what is stored, and the moving average."""
    matplotlib.use("Agg")
    cv2.setNumThreads(1)
    polyline.compile_kernel(folder / "polyline.so")
    kernel = polyline.load(folder / "polyline.so")
    x, flux = simulated()
    smooth = moving_average(flux, 9).astype(np.float32)
    figures, tables = {}, []
    with prefetch.Pool(2) as pool:
        for key, some, name in (
            ("smoothed", smooth, "smoothed over 9 pixels"),
            ("raw", flux, "not smoothed"),
        ):
            found, text = drawn(kernel, pool, x, some, name)
            figures |= {f"drawing_{key}_{what}": value for what, value in found.items()}
            tables.append(text)
        found, text = stored(folder, kernel, pool, x, smooth)
    figures |= found
    tables.append(text)
    found, text = smoothed(flux)
    figures |= found
    return {
        "figures": {name: float(value) for name, value in figures.items()},
        "tables": [*tables, text],
    }
