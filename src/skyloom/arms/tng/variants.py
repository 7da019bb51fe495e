"""The dataset variants: which channels, which filter, at which size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from skyloom.arms.tng import controls, images
from skyloom.arms.tng.gas_channels import CHANNELS
from skyloom.arms.tng.quantities import pixels

if TYPE_CHECKING:
    import numpy as np


def channels(parameters):
    """Channels whose maps a variant is made of, in its order: the gas's three unless it says."""
    return tuple(parameters.get("channels", CHANNELS))


def render(
    maps: np.ndarray,
    maxima: dict[str, float],
    parameters: dict,
    *,
    width: float,
    scale_factor: float,
    hubble: float,
    signed: Sequence[str] = (),
) -> np.ndarray:
    """Images of one variant.

    Parameters
    ----------
    maps : (n, C, H, W) array
        In the order of `channels`.
    maxima : dict of float
        Channel maxima of the reference snapshot.
    parameters : dict
        ``kind`` (composite, channel, gaussian, unsharp, or of `skyloom.arms.tng.controls.KINDS`),
        and beta, overflow; ``channels`` (one, or
        three) with ``stretch`` (joint, alone); or, of the gas's three, ``channel`` where one is
        shown, with ``single_channel`` (alone, joint); for a filter ``sigma``; for unsharp
        ``difference`` (signed, wrapped).
    width, scale_factor, hubble : float
        Of the maps' snapshot.
    signed : sequence of str
        Channels with values of both signs.

    Returns
    -------
    (n, H, W, 3) uint8 array
        Channels last; a single channel is copied into all three.
    """
    kind, names, channel = parameters["kind"], channels(parameters), parameters.get("channel")
    stretch = "joint" if channel is None else parameters["single_channel"]
    options = {
        "beta": parameters["beta"],
        "joint": parameters.get("stretch", stretch) == "joint",
        "overflow": parameters["overflow"],
        "channel": None if channel is None else names.index(channel),
        "names": names,
        "signed": signed,
    }
    if kind in ("composite", "channel"):
        return images.stretched_bytes(maps, maxima, **options)
    stack = images.stretched(maps, maxima, **options)
    if kind in controls.KINDS:
        return images.to_uint8(controls.KINDS[kind](stack))
    size = {"width": width, "bins": maps.shape[-1]}
    sigma = pixels(parameters["sigma"], **size, scale_factor=scale_factor, hubble=hubble)
    if kind == "gaussian":
        return images.gaussian_bytes(stack, sigma)
    return images.unsharp_mask(stack, sigma, difference=parameters["difference"])
