"""The dataset variants: which channels, which filter, at which size."""

import re

import numpy as np

from skyloom.errors import InputError
from skyloom.tng import images
from skyloom.tng.maps import CHANNELS

_SIZE = re.compile(r"\s*([0-9.eE+-]+)\s*(pixel|ckpc/h|ckpc|kpc)\s*")


def pixels(size, *, width, bins, scale_factor, hubble):
    """A filter's size in pixels.

    Parameters
    ----------
    size : float or str
        A number is in pixels; a string carries its unit: ``"3 pixel"``, ``"0.7 ckpc/h"``
        (comoving), ``"1 ckpc"`` (comoving) or ``"1 kpc"`` (physical).
    width : float
        Side of the map, ckpc/h.
    bins : int
        Pixels a side.
    scale_factor, hubble : float
        a and h of the map's snapshot.

    Raises
    ------
    InputError
        If the unit is unknown or the size is not positive.
    """
    match = _SIZE.fullmatch(size if isinstance(size, str) else f"{size} pixel")
    try:
        number, unit = float(match[1]), match[2]
    except (TypeError, ValueError) as error:
        raise InputError(
            f"The size {size!r} in tng.variants has no unit known here: write a number (pixels), "
            "'0.7 ckpc/h', '1 ckpc' (comoving) or '1 kpc' (physical)."
        ) from error
    if not 0 < number < np.inf:
        raise InputError(f"The size {size!r} in tng.variants must be larger than 0 and finite.")
    pixel = width / bins
    lengths = {
        "pixel": 1.0,
        "ckpc/h": 1.0 / pixel,
        "ckpc": hubble / pixel,
        "kpc": hubble / scale_factor / pixel,
    }
    return number * lengths[unit]


def render(maps, maxima, parameters, *, width, scale_factor, hubble):
    """Images of one variant.

    Parameters
    ----------
    maps : (n, 3, H, W) array
        In the order of `skyloom.tng.maps.CHANNELS`.
    maxima : dict of float
        Channel maxima of the reference snapshot.
    parameters : dict
        ``kind`` (composite, channel, gaussian, unsharp), and beta, overflow; for a channel
        ``channel`` and ``single_channel`` (alone, joint); for a filter ``sigma``; for unsharp
        ``difference`` (signed, wrapped).
    width, scale_factor, hubble : float
        Of the maps' snapshot.

    Returns
    -------
    (n, H, W, 3) uint8 array
        Channels last; a single channel is copied into all three.
    """
    kind = parameters["kind"]
    options = {
        "beta": parameters["beta"],
        "joint": kind != "channel" or parameters["single_channel"] == "joint",
        "overflow": parameters["overflow"],
        "channel": CHANNELS.index(parameters["channel"]) if kind == "channel" else None,
    }
    if kind in ("composite", "channel"):
        return images.stretched_bytes(maps, maxima, **options)
    stack = images.stretched(maps, maxima, **options)
    size = {"width": width, "bins": maps.shape[-1]}
    sigma = pixels(parameters["sigma"], **size, scale_factor=scale_factor, hubble=hubble)
    if kind == "gaussian":
        return images.gaussian_bytes(stack, sigma)
    return images.unsharp_mask(stack, sigma, difference=parameters["difference"])
