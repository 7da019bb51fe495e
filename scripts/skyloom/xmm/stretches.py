"""Intervals and stretches of ``astropy.visualization``, for many images and in float32.

An image is worked on in pieces that stay in the processor's cache. zscale's line fit to the sorted
samples is made for all images of a block together; the few images whose fit hangs on the last bit
are left to astropy itself, so that its answer is ours there too.
"""

import numpy as np
from astropy.visualization import ZScaleInterval

from skyloom.errors import InputError

INTERVALS = ("minmax", "zscale", "none")
STRETCHES = ("linear", "log", "sqrt", "power", "sinh", "asinh")
#: Parameters of the stretches that have one.
DEFAULTS = {"log": 1000.0, "power": 2.0, "sinh": 1.0 / 3.0, "asinh": 0.1}

# Astropy's defaults of ZScaleInterval that the config does not name.
_REJECT, _FEWEST, _SIGMAS, _ITERATIONS = 0.5, 5, 2.5, 5
# A comparison closer than this, relative to the largest sample, may come out differently in
# astropy, whose fit is rounded differently.
_CLOSE = 1e-10
# Pixels worked on at a time: 128 KiB as float32.
_PIECE = 32768
# Below this an interval is divided by in float64, so that nothing overflows.
_NARROW = 1e-20


def limits(images, interval, *, contrast=0.25, samples=1000):
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
    for row in np.flatnonzero(doubtful):
        peer = ZScaleInterval(n_samples=samples, contrast=contrast)
        found[row] = peer.get_limits(flat[row].astype(np.float64))
    return found


def _grown(bad, length):
    """Each row's True values spread as ``np.convolve(row, ones(length), mode="same")`` does."""
    n = bad.shape[1]
    before, after = (length - 1) // 2, length // 2
    wide = np.zeros((len(bad), n + length - 1), bool)
    wide[:, length - 1 - before : length - 1 - before + n] = bad
    # wide[i : i + length] is what reaches pixel i; windows of 1, 2, 4 ... pixels are joined.
    reach = 1
    while reach < length:
        step = min(reach, length - reach)
        wide[:, : wide.shape[1] - step] |= wide[:, step:].copy()
        reach += step
    del after
    return wide[:, :n]


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
    x = np.arange(count) - 0.5 * (count - 1)
    powers = np.stack([np.ones(count), x, x * x], axis=1)
    bad = np.zeros(chosen.shape, bool)
    good, last = np.full(len(chosen), count), np.full(len(chosen), count + 1)
    slope, doubtful = np.zeros(len(chosen)), np.zeros(len(chosen), bool)
    tolerance = _CLOSE * np.abs(chosen[:, [0, -1]]).max(axis=1)
    for _ in range(_ITERATIONS):
        active = np.flatnonzero((good < last) & (good >= fewest))
        if not len(active):
            break
        y, used = chosen[active], ~bad[active]
        fit, residual, threshold = _line(x, powers, y, used)
        slope[active] = fit[:, 0]
        excess = np.abs(residual) - threshold[:, None]
        # A fit to zeros alone is exactly zero in astropy too, and nothing is in doubt.
        exact = ~fit.any(axis=1)
        nearest = np.abs(excess).min(axis=1)
        doubtful[active] |= (nearest <= tolerance[active]) & ~exact
        bad[active] = _grown(~used | (excess > 0), max(1, int(count * 0.01)))
        last[active] = good[active]
        good[active] = count - bad[active].sum(axis=1)
    middle = (count - 1) // 2
    median = 0.5 * (chosen[:, middle] + chosen[:, count // 2])
    if contrast > 0:
        slope /= contrast
    low = np.maximum(chosen[:, 0], median - (middle - 1) * slope)
    high = np.minimum(chosen[:, -1], median + (count - middle) * slope)
    fitted = good >= fewest
    found = np.where(fitted[:, None], np.stack([low, high], axis=1), chosen[:, [0, -1]])
    return found, doubtful


def _line(x, powers, y, used):
    """Least-squares lines through the used samples: (slope, intercept), residuals, 2.5 sigma."""
    weights = used.astype(np.float64)
    n, sx, sxx = (weights @ powers).T
    kept = weights * y
    sy, sxy = kept.sum(axis=1), kept @ x
    mean = sx / n
    slope = (sxy - mean * sy) / (sxx - mean * sx)
    intercept = (sy - slope * sx) / n
    residual = y - (slope[:, None] * x + intercept[:, None])
    weights *= residual
    sigma = np.sqrt(np.einsum("ij,ij->i", weights, weights) / n)
    return np.stack([slope, intercept], axis=1), residual, _SIGMAS * sigma


def _amplification(name, a):
    """How much a stretch enlarges a relative error of its argument, at most."""
    if name == "power":
        return a
    if name == "sinh":
        return 1.0 / a / np.tanh(1.0 / a)
    # 1 + a x is rounded to the last bit of 1.
    return 1.0 / np.log1p(a) if name == "log" else 1.0


def _apply(name, t, a):
    """Stretch values in [0, 1] in place."""
    if name == "sqrt":
        np.sqrt(t, out=t)
    elif name == "log":
        t *= a
        t += 1
        np.log(t, out=t)
        t /= np.log(a + 1.0)
    elif name == "power":
        np.power(t, a, out=t)
    elif name == "sinh":
        t /= a
        np.sinh(t, out=t)
        t /= np.sinh(1.0 / a)
    elif name == "asinh":
        t /= a
        np.arcsinh(t, out=t)
        t /= np.arcsinh(1.0 / a)


def _normalise(x, low, width, t):
    """(x - low) / width, cut to [0, 1], into `t`, whose type decides the precision."""
    if t.dtype == np.float32:
        # `low` in two parts: values near it lose nothing, however small the interval.
        rough = np.float32(low)
        np.subtract(x, rough, out=t)
        if low != rough:
            t -= np.float32(low - float(rough))
    else:
        np.subtract(x, low, out=t)
    if width != 0:
        t /= width
    np.maximum(t, 0, out=t)
    np.minimum(t, 1, out=t)


def stretch(images, interval, stretch, *, a=None, contrast=0.25, samples=1000):
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
    a = float(DEFAULTS.get(stretch, 1.0) if a is None else a)
    if not 0 < a < np.inf:
        raise InputError(f"xmm.stretch.{stretch} is {a:g}: it must be larger than 0 and finite.")
    rough = np.float32 if _amplification(stretch, a) <= 2 else np.float64
    out = np.empty(images.shape, np.float32)
    pieces = {kind: np.empty(_PIECE, kind) for kind in (np.float32, np.float64)}
    found = limits(images, interval, contrast=contrast, samples=samples)
    rows = zip(images.reshape(len(images), -1), out.reshape(len(images), -1), found, strict=True)
    for image, done, (low, high) in rows:
        kind = np.float64 if 0 < abs(high - low) < _NARROW or image.dtype != out.dtype else rough
        for start in range(0, image.size, _PIECE):
            x, y = image[start : start + _PIECE], done[start : start + _PIECE]
            t = y if kind is np.float32 else pieces[kind][: x.size]
            _normalise(x, low, high - low, t)
            _apply(stretch, t, a)
            if t is not y:
                y[:] = t
    return out


def check_pair(interval, name):
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
