"""Spectra drawn as images: a dark line on white in a frame of its own, without axes."""

from __future__ import annotations

import ctypes
import threading
from typing import TYPE_CHECKING

import numpy as np

from skyloom.kernels import polyline
from skyloom.prefetch import in_order

if TYPE_CHECKING:
    from skyloom.prefetch import Pool

#: Spectra drawn in one call.
_TOGETHER = 16

_MATPLOTLIB = threading.Lock()


def frames(x, flux, *, wavelength=None, limits="minmax", margin=0.05):
    """What part of the plane each image shows.

    Parameters
    ----------
    x : (L,) or (n, L) array
    flux : (n, L) array
        What is not finite has no part in anything.
    wavelength : (low, high), optional
        Shown exactly; None takes each spectrum's own range and the margin.
    limits : 'minmax' or (low, high)
        Least and greatest flux, or percentiles; either is widened by the margin. Beyond
        percentiles the line leaves the frame.
    margin : float
        Share of the range that is added on either side, as `matplotlib.axes.Axes.margins` does.

    Returns
    -------
    (n, 4) float64 array
        Left, right, bottom, top. A constant spectrum lies in the middle.

    Raises
    ------
    ValueError
        If a range or a percentile is not possible.
    """
    _check(wavelength, limits, margin)
    flux = np.asarray(flux)
    known = np.isfinite(flux)
    x = np.broadcast_to(np.asarray(x, np.float64), flux.shape)
    frame = np.empty((len(flux), 4))
    for row, (place, values, sure) in enumerate(zip(x, flux, known, strict=True)):
        all_sure = sure.all()
        own = values if all_sure else values[sure]
        if limits == "minmax" or not own.size:
            y = (own.min(), own.max()) if own.size else (0.0, 0.0)
        else:
            y = np.percentile(own.astype(np.float64), limits)
        if wavelength is not None:
            across = wavelength
        else:
            seen = np.flatnonzero(sure)[[0, -1]] if own.size else [0, -1]
            across = _widened(*(float(place[end]) for end in seen), margin)
        frame[row] = *across, *_widened(float(y[0]), float(y[1]), margin)
    return frame


def _check(wavelength, limits, margin):
    if wavelength is not None and not -np.inf < wavelength[0] < wavelength[1] < np.inf:
        raise ValueError(f"a wavelength range of {list(wavelength)} is not possible")
    if limits != "minmax" and not 0 <= limits[0] < limits[1] <= 100:
        raise ValueError(f"percentiles of {list(limits)} are not possible")
    if not 0 <= margin < np.inf:
        raise ValueError(f"a margin of {margin} is not possible")


def _widened(low, high, margin):
    extra = (high - low) * margin
    if low - extra < high + extra and np.isfinite(extra):
        return low - extra, high + extra
    # One value: in the middle of a range that rounding cannot close.
    half = max(abs(low), 1.0) / 2
    return low - half, low + half


def draw(
    flux: np.ndarray,
    size: tuple[int, int],
    *,
    x: np.ndarray | None = None,
    kernel: ctypes.CDLL | None = None,
    backend: str = "rasteriser",
    wavelength=None,
    limits="minmax",
    width: float = 1.5,
    margin=0.05,
    pool: Pool | None = None,
) -> np.ndarray:
    """Draw spectra.

    Parameters
    ----------
    flux : (n, L) array
        The line goes straight over what is not finite, and ends with the last that is. A spectrum
        that is constant, or has no finite value, is a flat line in the middle.
    size : (int, int)
        Height and width in pixels.
    x : (L,) or (n, L) array, optional
        Wavelengths, rising; the number of the pixel unless given.
    kernel : ctypes library
        From `skyloom.kernels.polyline.load`, for the rasteriser.
    backend : str
        One of `BACKENDS`: 'rasteriser', ours, or 'matplotlib', the reference.
    wavelength, limits, margin
        See `frames`.
    width : float
        Of the line in pixels of the image, whatever its size. A small image is drawn as such: the
        mean over blocks of a large one would have a line of a fifth of a pixel, a light grey that
        8 bits hardly hold, where the strokes of digits, for which LeNet was made, are 2 pixels.
    pool : `skyloom.prefetch.Pool`, optional
        Spectra are drawn on its threads; not from within a work of the same pool.

    Returns
    -------
    (n, h, w) uint8 array
        White is 255, the line 0. The same for any number of threads.

    Raises
    ------
    ValueError
        If the backend is unknown, or as `frames` and `skyloom.kernels.polyline.rasterise` do.
    """
    if backend not in BACKENDS:
        raise ValueError(f"the backend {backend!r} is none of {', '.join(BACKENDS)}")
    flux = np.asarray(flux)
    x = np.arange(flux.shape[-1], dtype=np.float64) if x is None else np.asarray(x, np.float64)
    options = {"wavelength": wavelength, "limits": limits, "margin": margin}
    images = np.empty((len(flux), *size), np.uint8)

    def work(start):
        some = slice(start, start + _TOGETHER)
        own, values = (x[some] if x.ndim == 2 else x), flux[some]
        frame = frames(own, values, **options)
        own, values = _with_flat(own, values, frame)
        style = {"frame": frame, "size": size, "width": width, "out": images[some]}
        BACKENDS[backend](kernel, own, values, **style)

    for _ in in_order(pool, work, range(0, len(flux), _TOGETHER)):
        pass
    return images


def _with_flat(x, flux, frame):
    """Spectra without any finite value, or of one point, become a line across the frame."""
    counts = np.isfinite(flux).sum(axis=-1)
    if counts.min(initial=2) > 1:
        return x, flux
    x, flux = np.array(np.broadcast_to(x, flux.shape)), np.array(flux, np.float64)
    for row in np.flatnonzero(counts <= 1):
        x[row] = np.linspace(*frame[row, :2], x.shape[1])
        flux[row] = frame[row, 2:].mean()
    return x, flux


def _rasteriser(kernel, x, flux, *, frame, size, width, out):
    if kernel is None:
        raise ValueError("the rasteriser needs its compiled kernel")
    polyline.rasterise(kernel, x, flux, frame=frame, size=size, width=width, out=out)


def _matplotlib(_, x, flux, *, frame, size, width, out):
    """Axes that fill the figure, without a frame; one canvas for all spectra."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    x = np.broadcast_to(x, flux.shape)
    # A point is a pixel at 72 dots an inch. Agg is no place for two threads.
    with _MATPLOTLIB:
        figure = Figure(figsize=(size[1] / 72, size[0] / 72), dpi=72, facecolor="white")
        canvas = FigureCanvasAgg(figure)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.axis("off")
        style = {"solid_capstyle": "round", "solid_joinstyle": "round", "antialiased": True}
        (line,) = axes.plot([], [], color="black", linewidth=width, snap=False, **style)
        for image, place, values, view in zip(out, x, flux, frame, strict=True):
            known = np.isfinite(values)
            line.set_data(place[known], values[known])
            axes.set(xlim=view[:2], ylim=view[2:])
            canvas.draw()
            image[:] = np.asarray(canvas.buffer_rgba())[..., 0]


#: Ways to draw, of one signature.
BACKENDS = {"rasteriser": _rasteriser, "matplotlib": _matplotlib}
