"""The moving average, in which bad pixels do not take part."""

from __future__ import annotations

import numpy as np

#: Spectra that are worked on while they stay in the second-level cache.
_TOGETHER = 4


def moving_average(flux: np.ndarray, window: int, good: np.ndarray | None = None) -> np.ndarray:
    """Means over windows of pixels.

    Parameters
    ----------
    flux : (..., L) array
    window : int
        Pixels, odd: a pixel and as many on either side; 1 smooths nothing.
    good : (..., L) bool array, optional
        Pixels that take part; those whose flux is not finite never do.

    Returns
    -------
    (..., L) float64 array
        For each pixel the mean over the good pixels of its window, the pixel itself among them if
        it is good. At the ends the window is what of it lies within the spectrum. Where a window
        has no good pixel, the value lies on the straight line between its neighbours' (beyond the
        last of them it is the last one's). A spectrum without a good pixel is NaN throughout.

    Raises
    ------
    ValueError
        If the window is not a positive odd number, or shapes disagree.
    """
    flux = np.asarray(flux, np.float64)
    if window != int(window) or window < 1 or window % 2 == 0:
        raise ValueError(f"a window of {window} pixels is not a positive odd number")
    use = np.isfinite(flux)
    if good is not None:
        use &= np.asarray(good, bool)
    length = flux.shape[-1]
    rows, used = flux.reshape(-1, length), use.reshape(-1, length)
    means = np.empty(rows.shape)
    for start in range(0, len(rows), _TOGETHER):
        some = slice(start, start + _TOGETHER)
        means[some] = _means(rows[some], used[some], int(window) // 2)
    return means.reshape(flux.shape)


def _means(flux, use, half):
    """`moving_average` of some spectra, (n, L)."""
    if half == 0:
        return _bridged(np.where(use, flux, 0.0), use)
    # Sums of what differs from the first value do not lose digits to a common level.
    level = flux[np.arange(len(flux)), use.argmax(axis=-1)][:, None]
    with np.errstate(invalid="ignore"):
        values = np.where(use, flux - level, 0.0)
    means = _window_sums(values, half)
    if use.all():
        counts = _window_sums(np.ones((1, flux.shape[1]), np.int32), half)
    else:
        counts = _window_sums(use.astype(np.int32), half)
    means /= np.maximum(counts, 1)
    means += level
    return _bridged(means, np.broadcast_to(counts > 0, means.shape))


def _window_sums(values, half):
    """Sums over the pixels from `half` before to `half` behind each, as far as there are any."""
    length = values.shape[1]
    half = min(half, length - 1)
    total = np.zeros((len(values), length + 1), values.dtype)
    np.cumsum(values, axis=1, out=total[:, 1:])
    sums = np.empty_like(values)
    sums[:, : length - half] = total[:, half + 1 :]
    sums[:, length - half :] = total[:, -1:]
    sums[:, half + 1 :] -= total[:, 1 : length - half]
    return sums


def _bridged(values, known):
    """Straight lines over the pixels that are not known."""
    if known.all():
        return values
    length = values.shape[-1]
    rows, place = values.reshape(-1, length), np.arange(length)
    for row, sure in zip(rows, known.reshape(-1, length), strict=True):
        if not sure.any():
            row[:] = np.nan
        elif not sure.all():
            row[~sure] = np.interp(place[~sure], place[sure], row[sure])
    return rows.reshape(values.shape)
