"""From maps to 8-bit images: normalisation, Lupton's asinh stretch, blur and unsharp mask."""

import cv2
import numpy as np

from skyloom.errors import InputError
from skyloom.tng.maps import CHANNELS

#: Value that a signed difference of zero takes in an 8-bit image; differences of -1 and 1 take
#: 1 and 255.
MID_GREY = 128

_MASS = CHANNELS.index("mass")


def asinh_stretch(x, beta):
    """The stretch f(x) = asinh(x / beta) / asinh(1 / beta) on [0, 1].

    Parameters
    ----------
    x : array
        Intensities, 0 to 1.
    beta : float
        Where the stretch turns from linear to logarithmic, larger than 0.

    Returns
    -------
    array
        Same shape; f(0) = 0, f(1) = 1.

    Notes
    -----
    Lupton et al. (2004), with the thesis's scaling (section III.1.2), which is that of
    ``astropy.visualization.AsinhStretch(a=beta)``.
    """
    return np.arcsinh(np.asarray(x) / beta) / np.arcsinh(1.0 / beta)


def lupton(channels, beta):
    """Stretch three channels jointly by their mean intensity (Lupton et al. 2004, equation 2).

    Parameters
    ----------
    channels : (..., 3, H, W) array
        Normalised to [0, 1].
    beta : float
        See `asinh_stretch`.

    Returns
    -------
    (..., 3, H, W) array
        c f(I) / I with I the mean of the three; 0 where I is 0. A channel can exceed 1: with
        beta = 0.001 the pixel (1, 0, 0) gives 2.57.
    """
    channels = np.asarray(channels)
    intensity = channels.mean(axis=-3, keepdims=True)
    ratio = np.divide(
        asinh_stretch(intensity, beta),
        intensity,
        out=np.zeros_like(intensity),
        where=intensity > 0,
    )
    return channels * ratio


def channel_maxima(blocks, *, logarithmic_entropy=False):
    """Largest pixel of each channel over many maps.

    Parameters
    ----------
    blocks : iterable of (n, 3, H, W) array
    logarithmic_entropy : bool
        Whether the entropy is a logarithm, whose zero means nothing.

    Returns
    -------
    dict of float
        A maximum a channel, in the map's unit; for a logarithmic entropy its extremes over the
        pixels with gas, the lower one as ``entropy_minimum``.

    Raises
    ------
    InputError
        If there is no galaxy with gas, so that a channel has no range.
    """
    highest = np.full(len(CHANNELS), -np.inf)
    lowest = np.inf
    for block in blocks:
        filled = block[:, _MASS] > 0
        if not filled.any():
            continue
        pixels = block.transpose(0, 2, 3, 1)[filled]
        highest = np.maximum(highest, pixels.max(axis=0))
        lowest = min(lowest, float(pixels[:, 0].min()))
    floor = np.array([lowest if logarithmic_entropy else 0.0, 0.0, 0.0])
    if not (np.isfinite(highest).all() and (highest > floor).all()):
        raise InputError(
            "The reference snapshot has no selected galaxy with gas, so its maps cannot scale the "
            "images: choose another tng.reference_snapshot or wider cuts in tng.selection."
        )
    maxima = dict(zip(CHANNELS, map(float, highest), strict=True))
    return maxima | ({"entropy_minimum": lowest} if logarithmic_entropy else {})


def to_uint8(image):
    """Intensities as bytes: cut to [0, 1], times 255, rounded."""
    return np.rint(np.clip(image, 0.0, 1.0) * 255.0).astype(np.uint8)


def wrapped_bytes(image):
    """Intensities as bytes the thesis's way: times 255 and cast unchecked, so modulo 256."""
    return (image * 255.0).astype(np.int64).astype(np.uint8)


def normalised(maps, maxima):
    """Maps in units of the reference snapshot's largest pixels, cut to [0, 1].

    Parameters
    ----------
    maps : (n, 3, H, W) array
    maxima : dict of float
        From `channel_maxima`. Where it has ``entropy_minimum``, entropy is a logarithm: its
        pixels with gas run from that minimum to the maximum.

    Returns
    -------
    (n, 3, H, W) float64 array
        0 where there is no gas.
    """
    normal = np.array(maps, dtype=np.float64)
    if "entropy_minimum" in maxima:
        low, high = maxima["entropy_minimum"], maxima["entropy"]
        entropy = (normal[:, 0] - low) / (high - low)
        normal[:, 0] = np.where(normal[:, _MASS] > 0, entropy, 0.0)
        scale = [1.0, *(maxima[channel] for channel in CHANNELS[1:])]
    else:
        scale = [maxima[channel] for channel in CHANNELS]
    return np.clip(normal / np.array(scale)[:, None, None], 0.0, 1.0)


def stretched(maps, maxima, *, beta, joint, overflow="clip"):
    """Normalised, clipped and stretched maps.

    Parameters
    ----------
    maps : (n, 3, H, W) array
    maxima : dict of float
        From `channel_maxima`.
    beta : float
    joint : bool
        Stretch the three channels together (`lupton`) or each alone (`asinh_stretch`).
    overflow : 'clip' or 'wrap'
        What becomes of intensities above 1 after the stretch: cut, or, as in the thesis, cast to
        bytes at once, which wraps them modulo 256; its filters act on those bytes.

    Returns
    -------
    (n, 3, H, W) float32 array
        In [0, 1].
    """
    normal = normalised(maps, maxima)
    image = lupton(normal, beta) if joint else asinh_stretch(normal, beta)
    if overflow == "wrap":
        return wrapped_bytes(image).astype(np.float32) / np.float32(255.0)
    return np.clip(image, 0.0, 1.0).astype(np.float32)


def gaussian_blur(images, sigma):
    """Blur every channel of every image by a Gaussian.

    Parameters
    ----------
    images : (n, 3, H, W) float32 array
    sigma : float
        Standard deviation in pixels.

    Returns
    -------
    (n, 3, H, W) float32 array
        The kernel is cut at 4 sigma and the edge pixels are repeated, as by
        ``scipy.ndimage.gaussian_filter(mode="nearest")``. (The thesis's PIL filter approximates
        the same Gaussian by boxes.)
    """
    size = 2 * int(4.0 * sigma + 0.5) + 1
    blurred = np.empty_like(images)
    for index in np.ndindex(images.shape[:2]):
        blurred[index] = cv2.GaussianBlur(
            images[index], (size, size), sigma, borderType=cv2.BORDER_REPLICATE
        )
    return blurred


def unsharp_mask(images, sigma, *, difference="signed"):
    """What a Gaussian blur takes away: the structures smaller than it.

    Parameters
    ----------
    images : (n, 3, H, W) float32 array
        In [0, 1].
    sigma : float
        Pixels.
    difference : 'signed' or 'wrapped'
        ``signed``: mid-grey plus 127 times image minus blurred, so that both signs fit in a byte.
        ``wrapped``: the thesis's subtraction of bytes, which wraps modulo 256.

    Returns
    -------
    (n, 3, H, W) uint8 array
    """
    blurred = gaussian_blur(images, sigma)
    if difference == "wrapped":
        return to_uint8(images) - to_uint8(blurred)
    return np.rint(MID_GREY + (255 - MID_GREY) * (images - blurred)).clip(0, 255).astype(np.uint8)
