"""Intervals and stretches of ``astropy.visualization``, for many images and in float32.

An image is worked on in pieces that stay in the processor's cache. zscale's line fit to the sorted
samples is made for all images of a block together; the few images whose fit hangs on the last bit
are left to astropy itself, so that its answer is ours there too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from skyloom.errors import InputError
from skyloom.registries import Registry

INTERVALS = ("minmax", "zscale", "none")
REBINS = (1, 2, 4)


@dataclass(frozen=True)
class Stretch:
    """A function of [0, 1] onto itself.

    Attributes
    ----------
    apply : callable
        ``apply(t, a)`` stretches an array in place whose values run from 0 to `end`; what exceeds 1
        is cut afterwards.
    default : float
        Of its parameter a, where it has one.
    end : callable
        From a to what the interval's end is scaled to, so that a stretch need not scale again.
    amplification : callable
        From a to how much it enlarges a relative error of its argument, at most: beyond 2 it is
        worked out in double precision.
    """

    apply: Callable
    default: float = 1.0
    end: Callable = lambda a: 1.0
    amplification: Callable = lambda a: 1.0


#: Stretches by name.
STRETCHES = Registry("stretch", Stretch)

# Astropy's defaults of ZScaleInterval that the config does not name.
_REJECT, _FEWEST, _SIGMAS, _ITERATIONS = 0.5, 5, 2.5, 5
# A comparison closer than this, relative to the largest sample, may come out differently in
# astropy, whose fit is rounded differently.
_CLOSE = 1e-10
# Pixels worked on at a time: 512 KiB as float32.
_PIECE = 131072
# Below this an interval is divided by in float64, so that nothing overflows.
_NARROW = 1e-20


def limits(images: np.ndarray, interval: str, *, contrast=0.25, samples=1000) -> np.ndarray:
    """Values that an interval maps to 0 and 1, for each image.

    Parameters
    ----------
    images : (n, H, W) array
    interval : 'minmax' or 'zscale'
        ``astropy.visualization.MinMaxInterval`` or ``ZScaleInterval``.
    contrast, samples
        Of zscale: how steep, and how many pixels it looks at.

    Returns
    -------
    (n, 2) float64 array

    Raises
    ------
    ValueError
        If a pixel is not finite.
    """
    images = np.asarray(images)
    low, high = (f(images, axis=(1, 2)).astype(np.float64) for f in (np.min, np.max))
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        raise ValueError("an image has pixels that are not finite")
    if interval == "minmax":
        return np.stack([low, high], axis=1)
    if interval != "zscale":
        raise InputError(
            f"There is no interval {interval!r}: choose one of {', '.join(INTERVALS)}."
        )
    flat = images.reshape(len(images), -1)
    stride = int(max(1.0, flat.shape[1] / samples))
    chosen = np.sort(flat[:, ::stride][:, :samples].astype(np.float64), axis=1)
    found, doubtful = _zscale(chosen, contrast)
    if doubtful.any():
        from astropy.visualization import ZScaleInterval
    for row in np.flatnonzero(doubtful):
        peer = ZScaleInterval(n_samples=samples, contrast=contrast)
        found[row] = peer.get_limits(flat[row].astype(np.float64))
    return found


def _grown(bad, length):
    """Each row's True values spread as ``np.convolve(row, ones(length), mode="same")`` does."""
    n = bad.shape[1]
    wide = np.zeros((len(bad), n + length - 1), bool)
    wide[:, length // 2 : length // 2 + n] = bad
    # wide[i : i + length] is what reaches pixel i; windows of 1, 2, 4 ... pixels are joined.
    reach = 1
    while reach < length:
        step = min(reach, length - reach)
        wide = wide[:, :-step] | wide[:, step:]
        reach += step
    return wide


def _zscale(chosen, contrast):
    """Limits from the sorted samples of each image, and whether astropy could differ.

    Parameters
    ----------
    chosen : (n, m) float64 array
        Sorted.
    contrast : float

    Returns
    -------
    (n, 2) float64 array, (n,) bool array
    """
    count = chosen.shape[1]
    fewest = max(_FEWEST, int(count * _REJECT))
    good, slope = np.full(len(chosen), count), np.zeros(len(chosen))
    doubtful = np.zeros(len(chosen), bool)
    rows = np.arange(len(chosen)) if count >= fewest else np.arange(0)
    y, kept = chosen[rows], np.ones((len(rows), count), bool)
    for _ in range(_ITERATIONS):
        if not len(rows):
            break
        line, kept, doubt = _rejected(y, kept, good[rows])
        left = np.count_nonzero(kept, axis=1)
        slope[rows], doubtful[rows] = line, doubtful[rows] | doubt
        # Astropy goes on while samples are rejected and enough of them are left.
        again = (left < good[rows]) & (left >= fewest)
        good[rows] = left
        if not again.all():
            rows, y, kept = rows[again], y[again], kept[again]
    middle = (count - 1) // 2
    median = 0.5 * (chosen[:, middle] + chosen[:, count // 2])
    if contrast > 0:
        slope /= contrast
    low = np.maximum(chosen[:, 0], median - (middle - 1) * slope)
    high = np.minimum(chosen[:, -1], median + (count - middle) * slope)
    fitted = good >= fewest
    found = np.where(fitted[:, None], np.stack([low, high], axis=1), chosen[:, [0, -1]])
    return found, doubtful


def _rejected(y, kept, n):
    """One step of zscale: a line through the samples kept, and those that are close to it.

    Parameters
    ----------
    y : (n, m) float64 array
        Sorted samples.
    kept : (n, m) bool array
    n : (n,) int array
        How many are kept.

    Returns
    -------
    slope : (n,) float64 array
    kept : (n, m) bool array
    doubtful : (n,) bool array
        Whether a sample is too close to the threshold to tell its side.
    """
    count = y.shape[1]
    x = np.arange(count) - 0.5 * (count - 1)
    weights = kept.astype(np.float64)
    sx, sxx = weights @ x, weights @ (x * x)
    residual = weights * y
    sy, sxy = residual.sum(axis=1), residual @ x
    slope = (sxy - sx * sy / n) / (sxx - sx * sx / n)
    intercept = (sy - slope * sx) / n
    np.multiply(slope[:, None], x, out=residual)
    residual += intercept[:, None]
    np.subtract(y, residual, out=residual)
    weights *= residual
    threshold = _SIGMAS * np.sqrt(np.einsum("ij,ij->i", weights, weights) / n)
    # A fit to zeros alone is exactly zero in astropy too, and nothing is in doubt.
    exact = (slope == 0) & (intercept == 0)
    margin = np.where(exact, 0.0, _CLOSE * np.maximum(np.abs(y[:, 0]), np.abs(y[:, -1])))
    np.abs(residual, out=residual)
    far = residual > (threshold + margin)[:, None]
    near = residual > (threshold - margin)[:, None]
    doubtful = (far != near).any(axis=1)
    return slope, ~_grown(~kept | far, max(1, int(count * 0.01))), doubtful


@STRETCHES.register("linear")
def _linear(t, a):
    pass


# 1 + a x is rounded to the last bit of 1.
@STRETCHES.register(
    "log", default=1000.0, end=lambda a: a, amplification=lambda a: 1.0 / np.log1p(a)
)
def _log(t, a):
    t += 1
    np.log(t, out=t)
    t *= 1.0 / np.log(a + 1.0)


@STRETCHES.register("sqrt")
def _sqrt(t, a):
    np.sqrt(t, out=t)


@STRETCHES.register("power", default=2.0, amplification=lambda a: a)
def _power(t, a):
    # Numpy's power of a scalar 2 costs four times a square.
    np.square(t, out=t) if a == 2 else np.power(t, a, out=t)


@STRETCHES.register(
    "sinh",
    default=1.0 / 3.0,
    end=lambda a: 1.0 / a,
    amplification=lambda a: 1.0 / a / np.tanh(1.0 / a),
)
def _sinh(t, a):
    np.sinh(t, out=t)
    t *= 1.0 / np.sinh(1.0 / a)


@STRETCHES.register("asinh", default=0.1, end=lambda a: 1.0 / a)
def _asinh(t, a):
    np.arcsinh(t, out=t)
    t *= 1.0 / np.arcsinh(1.0 / a)


def _normalise(x, low, width, end, t, *, inside):
    """(x - low) / width * end, cut to [0, end], into `t`, whose type decides the precision.

    Parameters
    ----------
    x, t : (n, k) array
    low, width : (n, 1) float64 array
    end : float
    inside : bool
        Whether `x` is known to lie in the interval.
    """
    width = np.where(width == 0, 1.0, width)
    if t.dtype == np.float32:
        # `low` in two parts: values near it lose nothing, however small the interval.
        rough = low.astype(np.float32)
        np.subtract(x, rough, out=t)
        rest = (low - rough).astype(np.float32)
        if rest.any():
            t -= rest
        t *= (end / width).astype(np.float32)
    else:
        np.subtract(x, low, out=t)
        t *= end / width
    if not inside:
        np.maximum(t, 0, out=t)
        np.minimum(t, end, out=t)


def _fill(images, out, found, kind, work):
    """Normalise and stretch flat images (n, P) into `out`, a piece that fits the cache at a time.

    Parameters
    ----------
    images, out : (n, P) array
    found : (n, 2) float64 array
        Limits.
    kind : dtype
        In which to compute.
    work : callable
        (x, low, width, t) -> None, fills t.
    """
    count = max(1, _PIECE // images.shape[1])
    length = min(images.shape[1], _PIECE)
    buffer = None if kind == out.dtype else np.empty((count, length), kind)
    for row in range(0, len(images), count):
        rows = slice(row, row + count)
        low, width = found[rows, :1], found[rows, 1:] - found[rows, :1]
        for start in range(0, images.shape[1], length):
            x, y = (array[rows, start : start + length] for array in (images, out))
            t = y if buffer is None else buffer[: y.shape[0], : y.shape[1]]
            work(x, low, width, t)
            if buffer is not None:
                y[:] = t


def stretch(
    images: np.ndarray,
    interval: str,
    stretch: str,
    *,
    a: float | None = None,
    contrast=0.25,
    samples=1000,
) -> np.ndarray:
    """Normalise each image by its own interval, then stretch it.

    Parameters
    ----------
    images : (n, H, W) array
        Finite; float32 keeps it fast.
    interval : 'minmax', 'zscale' or 'none'
        ``none`` leaves the images as they are and goes with ``linear`` alone.
    stretch : str
        One of `STRETCHES`.
    a : float, optional
        Astropy's parameter of log, power, sinh and asinh; its default unless told, and 2 for power,
        which has none.
    contrast, samples
        See `limits`.

    Returns
    -------
    (n, H, W) float32 array
        In [0, 1], but for ``none``. Equal to astropy's float64 result to 1e-6: float32 where its
        rounding cannot grow beyond, float64, in pieces, for stretches that enlarge it.

    Raises
    ------
    InputError
        If there is no such interval or stretch, or they do not go together.
    """
    images = np.asarray(images)
    check_pair(interval, stretch)
    if interval == "none":
        return images.astype(np.float32)
    chosen = STRETCHES[stretch]
    a = float(chosen.default if a is None else a)
    if not 0 < a < np.inf:
        raise InputError(f"xmm.stretch.{stretch} is {a:g}: it must be larger than 0 and finite.")
    flat = images.reshape(len(images), -1)
    out = np.empty(flat.shape, np.float32)
    found = limits(images, interval, contrast=contrast, samples=samples)
    precise = images.dtype != np.float32 or chosen.amplification(a) > 2

    def work(x, low, width, t):
        _normalise(x, low, width, chosen.end(a), t, inside=interval == "minmax")
        chosen.apply(t, a)
        # Looking is cheaper than cutting, and rounding seldom leads beyond.
        if t.max() > 1:
            np.minimum(t, 1, out=t)

    # An interval too narrow for float32 is given to float64, image by image.
    width = np.abs(found[:, 1] - found[:, 0])
    narrow = np.zeros(len(found), bool) if precise else (width > 0) & (width < _NARROW)
    plain = np.where(narrow[:, None], 0.0, found)
    _fill(flat, out, plain, np.float64 if precise else np.float32, work)
    for row in np.flatnonzero(narrow):
        own = slice(row, row + 1)
        _fill(flat[own], out[own], found[own], np.float64, work)
    return out.reshape(images.shape)


def check_pair(interval, name) -> None:
    """An InputError that names what may be chosen, where an interval and a stretch do not go."""
    if interval not in INTERVALS or name not in STRETCHES:
        raise InputError(
            f"There is no dataset {interval}_{name}: choose an interval of {', '.join(INTERVALS)} "
            f"and a stretch of {', '.join(STRETCHES)}."
        )
    if interval == "none" and name != "linear":
        raise InputError(
            f"none_{name} stretches images that were not normalised: choose none_linear, "
            f"minmax_{name} or zscale_{name}."
        )


def datasets():
    """Names of all that can be asked for; rates without an interval have no stretch."""
    pairs = [(i, s) for i in INTERVALS for s in (STRETCHES if i != "none" else ("linear",))]
    return [f"{interval}_{name}_rebin{rebin}" for interval, name in pairs for rebin in REBINS]
