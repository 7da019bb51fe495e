"""Images that keep one thing and lose another: what a network needs of a picture.

A scrambled image keeps each pixel and loses its place; one of azimuthal means keeps the profile
and loses all that is not round; one over its own total keeps the shape and loses the brightness.
"""

from __future__ import annotations

import zlib
from functools import cache

import numpy as np

#: What the mean intensity of a normalised image is: low enough that few bright pixels are cut.
MEAN_INTENSITY = 1 / 16


#: Controls by ridge regression: on the images' radial profile, on their power spectrum, and on what
#: the backbone's features are on average over an image.
RIDGE = ("profile", "spectrum", "features")


@cache
def _rings(height: int, width: int):
    """Pixels in the order of their ring, where each ring begins, and each pixel's ring."""
    y, x = np.indices((height, width))
    radius = np.hypot(y - (height - 1) / 2, x - (width - 1) / 2)
    ring = np.rint(radius - radius.min()).astype(int).ravel()
    order = np.argsort(ring, kind="stable")
    starts = np.searchsorted(ring[order], np.arange(ring.max() + 1))
    return order, starts, ring


def scrambled(images: np.ndarray) -> np.ndarray:
    """Images whose pixels have changed places, each image's by a draw of its own.

    Parameters
    ----------
    images : (n, H, W, C) array

    Returns
    -------
    (n, H, W, C) array
        All channels of a pixel stay together. The draw follows from the image alone, and so from
        no order of images.
    """
    mixed = np.empty_like(images)
    for image, out in zip(images, mixed, strict=True):
        pixels = image.reshape(-1, image.shape[-1])
        rng = np.random.default_rng(zlib.crc32(image.tobytes()))
        out[:] = pixels[rng.permutation(len(pixels))].reshape(image.shape)
    return mixed


def radial_profiles(images: np.ndarray) -> np.ndarray:
    """Mean of each ring about the centre, of each channel.

    Parameters
    ----------
    images : (n, H, W, C) array

    Returns
    -------
    (n, R, C) float64 array
        Rings one pixel wide, the corners' too.
    """
    order, starts, ring = _rings(*images.shape[1:3])
    flat = images.reshape(len(images), -1, images.shape[-1])[:, order].astype(np.float64)
    return np.add.reduceat(flat, starts, axis=1) / np.bincount(ring)[:, None]


def azimuthal_means(images: np.ndarray) -> np.ndarray:
    """Images of which every pixel holds the mean of its ring about the centre.

    Parameters
    ----------
    images : (n, H, W, C) array

    Returns
    -------
    (n, H, W, C) array
        Of the same type.
    """
    ring = _rings(*images.shape[1:3])[2]
    return radial_profiles(images)[:, ring].reshape(images.shape).astype(images.dtype)


def of_one_brightness(images: np.ndarray) -> np.ndarray:
    """Images over their own totals: each channel's mean is `MEAN_INTENSITY`.

    Parameters
    ----------
    images : (n, H, W, C) array
        Intensities, 0 to 1.

    Returns
    -------
    (n, H, W, C) array
        Of the same type; what would be brighter than 1 is cut, and an empty channel stays empty.
    """
    mean = images.mean(axis=(1, 2), keepdims=True, dtype=np.float64)
    scale = np.divide(MEAN_INTENSITY, mean, out=np.zeros_like(mean), where=mean > 0)
    return np.minimum(images * scale, 1.0).astype(images.dtype)


def power_spectra(images: np.ndarray) -> np.ndarray:
    """log10 of the power in each ring of wave number, of each channel.

    Parameters
    ----------
    images : (n, H, W, C) array

    Returns
    -------
    (n, R, C) float64 array
        Rings one wave a side wide, from one wave on, to the corner of the plane; without the mean.
    """
    values = np.asarray(images, dtype=np.float64)
    power = np.abs(np.fft.fftshift(np.fft.fft2(values, axes=(1, 2)), axes=(1, 2))) ** 2
    height, width = images.shape[1:3]
    y, x = np.indices((height, width))
    ring = np.rint(np.hypot(y - height // 2, x - width // 2)).astype(int).ravel()
    order = np.argsort(ring, kind="stable")
    starts = np.searchsorted(ring[order], np.arange(ring.max() + 1))
    flat = power.reshape(len(images), -1, images.shape[-1])[:, order]
    means = np.add.reduceat(flat, starts, axis=1) / np.bincount(ring)[:, None]
    # Of bytes, less than one unit of power is rounding.
    return np.log10(np.maximum(means[:, 1:], 1.0))


#: Kinds of variants that are made of a stretched image, and how.
KINDS = {
    "scrambled": scrambled,
    "radial": azimuthal_means,
    "normalised": of_one_brightness,
}
