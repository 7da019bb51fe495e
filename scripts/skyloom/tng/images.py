"""From maps to 8-bit images: normalisation, Lupton's asinh stretch, blur and unsharp mask."""

import cv2
import numpy as np

from skyloom.errors import InputError
from skyloom.tng.maps import CHANNELS

#: Value that a signed difference of zero takes in an 8-bit image; differences of -1 and 1 take
#: 1 and 255.
MID_GREY = 128


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


def channel_maxima(blocks):
    """Largest pixel of each channel over many maps.

    Parameters
    ----------
    blocks : iterable of (n, 3, H, W) array

    Returns
    -------
    dict of float
        A maximum a channel, in the map's unit.

    Raises
    ------
    InputError
        If there is no galaxy with gas, so that a channel has no positive pixel.
    """
    maxima = np.zeros(len(CHANNELS))
    for block in blocks:
        if len(block):
            maxima = np.maximum(maxima, block.max(axis=(0, 2, 3)))
    if not (maxima > 0).all():
        raise InputError(
            "The reference snapshot has no selected galaxy with gas, so its maps cannot scale the "
            "images: choose another tng.reference_snapshot or wider cuts in tng.selection."
        )
    return dict(zip(CHANNELS, map(float, maxima), strict=True))


def to_uint8(image, overflow="clip"):
    """Intensities in [0, 1] as bytes.

    Parameters
    ----------
    image : float array
    overflow : 'clip' or 'wrap'
        What becomes of values above 1: cut to 255 after rounding, or, as in the thesis, cast
        without a check, which wraps modulo 256.

    Returns
    -------
    uint8 array
    """
    if overflow == "wrap":
        return (image * 255.0).astype(np.int64).astype(np.uint8)
    return np.rint(np.clip(image, 0.0, 1.0) * 255.0).astype(np.uint8)


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
        With 'clip' intensities above 1 are cut again after the stretch.

    Returns
    -------
    (n, 3, H, W) float32 array
    """
    scale = np.array([maxima[channel] for channel in CHANNELS], dtype=np.float64)
    normal = np.clip(np.asarray(maps, dtype=np.float64) / scale[:, None, None], 0.0, 1.0)
    image = lupton(normal, beta) if joint else asinh_stretch(normal, beta)
    if overflow == "clip":
        image = np.clip(image, 0.0, 1.0)
    return image.astype(np.float32)


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


def unsharp_mask(images, sigma, *, difference="signed", overflow="clip"):
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
    overflow : 'clip' or 'wrap'
        For the bytes that are subtracted.

    Returns
    -------
    (n, 3, H, W) uint8 array
    """
    blurred = gaussian_blur(images, sigma)
    if difference == "wrapped":
        return to_uint8(images, overflow) - to_uint8(blurred, overflow)
    return np.rint(MID_GREY + (255 - MID_GREY) * (images - blurred)).clip(0, 255).astype(np.uint8)
