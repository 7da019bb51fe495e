"""The moving average, in which bad pixels do not take part."""

import numpy as np


def moving_average(flux, window, good=None):
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
    values = np.where(use, flux, 0.0)
    if window == 1:
        means, counts = values, use
    else:
        half = int(window) // 2
        # Sums of what differs from the first value do not lose digits to a common level.
        level = np.take_along_axis(values, use.argmax(axis=-1)[..., None], axis=-1)
        sums = _window_sums(np.where(use, values - level, 0.0), half)
        counts = _window_sums(use.astype(np.int64), half)
        means = sums / np.maximum(counts, 1) + level
    return _bridged(means, counts > 0)


def _window_sums(values, half):
    """Sums over the pixels from `half` before to `half` behind each, as far as there are any."""
    length = values.shape[-1]
    total = np.zeros((*values.shape[:-1], length + 1), values.dtype)
    np.cumsum(values, axis=-1, out=total[..., 1:])
    place = np.arange(length)
    ends = np.minimum(place + half + 1, length)
    return total[..., ends] - total[..., np.maximum(place - half, 0)]


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
