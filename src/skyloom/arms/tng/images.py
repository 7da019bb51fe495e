"""From maps to 8-bit images: normalisation, Lupton's asinh stretch, blur and unsharp mask.

Maps are those of some channels, one or three, by name; a signed one is drawn about mid-grey. They
come channels first, as they are stored; images leave channels last, as networks and OpenCV take
them. Galaxies are worked on one by one, so that a galaxy's arrays stay in the processor's cache (a
block of 32 in double precision does not, and took three times as long), and only where there is
something, because elsewhere every stretch gives the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from skyloom.arms.tng.gas_channels import CHANNELS
from skyloom.errors import InputError

#: Value that a signed difference of zero takes in an 8-bit image; differences of -1 and 1 take
#: 1 and 255.
MID_GREY = 128

# Whoever calls decides how many galaxies are worked on at once (`skyloom.prefetch`); OpenCV must
# not start threads of its own beyond what the job was given.
cv2.setNumThreads(1)


def asinh_stretch(x: np.ndarray, beta: float) -> np.ndarray:
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


def lupton(channels: np.ndarray, beta: float) -> np.ndarray:
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


def largest_pixels(
    blocks: Iterable[np.ndarray], names: Sequence[str], *, logarithmic_entropy: bool = False
) -> dict[str, float]:
    """Largest pixel of each channel, or of its amount, over many maps.

    Parameters
    ----------
    blocks : iterable of (n, C, H, W) array
    names : sequence of str
        The C channels.
    logarithmic_entropy : bool
        Whether the entropy is a logarithm, whose zero means nothing.

    Returns
    -------
    dict of float
        A maximum a channel, in the map's unit, 0 where there is nothing; for a logarithmic entropy
        its extremes over the pixels with gas, the lower one as ``entropy_minimum``.
    """
    found = dict.fromkeys(names, 0.0)
    lowest, highest = np.inf, -np.inf
    for block in blocks:
        for place, name in enumerate(names):
            pixels = block[:, place]
            if logarithmic_entropy and name == "entropy":
                pixels = pixels[_filled(block, names, place)]
                highest = max(highest, float(pixels.max(initial=-np.inf)))
                lowest = min(lowest, float(pixels.min(initial=np.inf)))
            else:
                found[name] = max(found[name], float(np.abs(pixels).max(initial=0.0)))
    return found | ({"entropy": highest, "entropy_minimum": lowest} if lowest < np.inf else {})


def channel_maxima(blocks, names=CHANNELS, *, logarithmic_entropy=False):
    """`largest_pixels`, of maps that have a range.

    Raises
    ------
    InputError
        If a channel is the same in every pixel, such as 0, so that nothing can be scaled by it.
    """
    found = largest_pixels(blocks, names, logarithmic_entropy=logarithmic_entropy)
    for name in names:
        if not found[name] > (found.get("entropy_minimum", 0.0) if name == "entropy" else 0.0):
            raise InputError(
                f"The channel {name} is 0 in every map of the reference snapshot, or one value in "
                "all of them, so it cannot scale its images: leave its variants out, choose "
                "another tng.reference_snapshot, or wider cuts in tng.selection."
            )
    return found


def _filled(maps, names, place):
    """Pixels of a channel of the gas that hold some: the mass says so, where that is there too."""
    # A logarithm may be 0 where there is gas.
    return maps[:, names.index("mass") if "mass" in names else place] != 0


def to_uint8(image):
    """Intensities as bytes: cut to [0, 1], times 255, rounded."""
    return np.rint(np.clip(image, 0.0, 1.0) * 255.0).astype(np.uint8)


def wrapped_bytes(image):
    """Intensities as bytes the thesis's way: times 255 and cast unchecked, so modulo 256."""
    return (image * 255.0).astype(np.int64).astype(np.uint8)


def normalised(
    maps: np.ndarray, maxima: dict[str, float], names: Sequence[str] = CHANNELS
) -> np.ndarray:
    """Maps in units of the reference snapshot's largest pixels.

    Parameters
    ----------
    maps : (n, C, H, W) array
    maxima : dict of float
        From `channel_maxima`. Where it has ``entropy_minimum``, entropy is a logarithm: its
        pixels with gas run from that minimum to the maximum.
    names : sequence of str
        The C channels.

    Returns
    -------
    (n, C, H, W) float64 array
        In [0, 1], those of a signed channel in [-1, 1]; 0 where there is nothing.
    """
    normal = np.array(maps, dtype=np.float64)
    for place, name in enumerate(names):
        plane = normal[:, place]
        if name == "entropy" and "entropy_minimum" in maxima:
            low = maxima["entropy_minimum"]
            share = np.maximum((plane - low) / (maxima[name] - low), 0.0)
            plane[:] = np.where(_filled(maps, names, place), share, 0.0)
        else:
            plane /= maxima[name]
    return np.clip(normal, -1.0, 1.0, out=normal)


def _where_filled(maps, work, dtype):
    """Work on the pixels of each map that are not empty; the others are as `work` has an empty one.

    Parameters
    ----------
    maps : (n, C, H, W) array
    work : callable
        (1, C, 1, k) array, the k pixels as an image of one row -> (1, 3, 1, k) array, or
        (1, 1, 1, k), which fills all three channels alike.
    dtype : dtype

    Returns
    -------
    (n, H, W, 3) array of `dtype`
    """
    count, channels, height, width = maps.shape
    out = np.zeros((count, height * width, 3), dtype)
    empty = work(np.zeros((1, channels, 1, 1), maps.dtype))[0, :, 0, 0]
    if empty.any():
        out[:] = empty
    for planes, filled in zip(maps.reshape(count, channels, -1), out, strict=True):
        place = np.flatnonzero(planes.any(axis=0))
        values = work(planes.take(place, axis=1)[None, :, None])[0, :, 0]
        for channel, one in enumerate(np.broadcast_to(values, (3, len(place)))):
            filled[:, channel][place] = one
    return out.reshape(count, height, width, 3)


def _stretched_pixels(
    pixels, maxima, *, beta, joint, overflow, channel=None, names=CHANNELS, signed=()
):
    """What `stretched` does, for (n, C, H, W) pixels that stay channels first."""
    normal = normalised(pixels, maxima, names)
    shown = slice(None) if channel is None else slice(channel, channel + 1)
    if joint:
        image = lupton(normal, beta)[:, shown]
    else:
        image = asinh_stretch(normal[:, shown], beta)
        for place, name in enumerate(names[shown]):
            if name in signed:
                image[:, place] *= (255 - MID_GREY) / 255
                image[:, place] += MID_GREY / 255
    if overflow == "wrap":
        return wrapped_bytes(image).astype(np.float32) / np.float32(255.0)
    return np.clip(image, 0.0, 1.0).astype(np.float32)


def stretched(maps: np.ndarray, maxima: dict[str, float], **options) -> np.ndarray:
    """Normalised, clipped and stretched maps.

    Parameters
    ----------
    maps : (n, C, H, W) array
        Of three channels, or of one, which is copied into all three.
    maxima : dict of float
        From `channel_maxima`.
    **options
        ``beta`` (float). ``joint`` (bool): stretch the channels together (`lupton`) or each alone
        (`asinh_stretch`). ``overflow`` ('clip' or 'wrap'): what becomes of intensities above 1
        after the stretch: cut, or, as in the thesis, cast to bytes at once, which wraps them modulo
        256; its filters act on those bytes. ``channel`` (int, optional): copy this one into all
        three. ``names`` (sequence of str): the C channels, entropy, mass and temperature unless
        given. ``signed`` (sequence of str): channels with values of both signs, which are stretched
        alone: 128 / 255 where they are 0, also where there is nothing, and 127 / 255 away from that
        at their largest.

    Returns
    -------
    (n, H, W, 3) float32 array
        In [0, 1].
    """
    return _where_filled(maps, lambda row: _stretched_pixels(row, maxima, **options), np.float32)


def stretched_bytes(maps, maxima, **options):
    """The bytes of `stretched`, which takes the same arguments: (n, H, W, 3) uint8."""
    return _where_filled(
        maps, lambda row: to_uint8(_stretched_pixels(row, maxima, **options)), np.uint8
    )


def _blurred(image, sigma, out=None):
    """One (H, W, 3) image blurred, into `out` where that is given."""
    size = 2 * int(4.0 * sigma + 0.5) + 1
    return cv2.GaussianBlur(image, (size, size), sigma, dst=out, borderType=cv2.BORDER_REPLICATE)


def gaussian_blur(images: np.ndarray, sigma: float) -> np.ndarray:
    """Blur every channel of every image by a Gaussian.

    Parameters
    ----------
    images : (n, H, W, 3) float32 array
    sigma : float
        Standard deviation in pixels.

    Returns
    -------
    (n, H, W, 3) float32 array
        The kernel is cut at 4 sigma and the edge pixels are repeated, as by
        ``scipy.ndimage.gaussian_filter(mode="nearest")``. (The thesis's PIL filter approximates
        the same Gaussian by boxes.)
    """
    blurred = np.empty_like(images)
    for image, out in zip(images, blurred, strict=True):
        _blurred(image, sigma, out)
    return blurred


def gaussian_bytes(images, sigma):
    """The bytes of `gaussian_blur`, for images in [0, 1]: (n, H, W, 3) uint8."""
    done = np.empty(images.shape, np.uint8)
    work = np.empty(images.shape[1:], np.float32)
    for image, out in zip(images, done, strict=True):
        # Scales and rounds as `to_uint8` does, in one pass; a blur does not leave [0, 1].
        cv2.convertScaleAbs(_blurred(image, sigma, work), dst=out, alpha=255.0)
    return done


def unsharp_mask(images: np.ndarray, sigma: float, *, difference: str = "signed") -> np.ndarray:
    """What a Gaussian blur takes away: the structures smaller than it.

    Parameters
    ----------
    images : (n, H, W, 3) float32 array
        In [0, 1].
    sigma : float
        Pixels.
    difference : 'signed' or 'wrapped'
        ``signed``: mid-grey plus 127 times image minus blurred, so that both signs fit in a byte.
        ``wrapped``: the thesis's subtraction of bytes, which wraps modulo 256.

    Returns
    -------
    (n, H, W, 3) uint8 array
    """
    if difference == "wrapped":
        return to_uint8(images) - gaussian_bytes(images, sigma)
    done = np.empty(images.shape, np.uint8)
    work = np.empty(images.shape[1:], np.float32)
    for image, out in zip(images, done, strict=True):
        np.subtract(image, _blurred(image, sigma, work), out=work)
        work *= 255 - MID_GREY
        # From 1 to 255 before it is rounded, so nothing is cut and no sign is lost.
        cv2.convertScaleAbs(work, dst=out, beta=MID_GREY)
    return done
