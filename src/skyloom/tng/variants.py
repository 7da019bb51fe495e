"""The dataset variants: which channels, which filter, at which size."""

from skyloom.tng import images
from skyloom.tng.maps import CHANNELS
from skyloom.tng.quantities import pixels


def render(maps, maxima, parameters, *, width, scale_factor, hubble):
    """Images of one variant.

    Parameters
    ----------
    maps : (n, 3, H, W) array
        In the order of `skyloom.tng.maps.CHANNELS`.
    maxima : dict of float
        Channel maxima of the reference snapshot.
    parameters : dict
        ``kind`` (composite, channel, gaussian, unsharp), and beta, overflow; for a channel, and
        for a filter on one alone, ``channel`` and ``single_channel`` (alone, joint); for a filter
        ``sigma``; for unsharp ``difference`` (signed, wrapped).
    width, scale_factor, hubble : float
        Of the maps' snapshot.

    Returns
    -------
    (n, H, W, 3) uint8 array
        Channels last; a single channel is copied into all three.
    """
    kind, channel = parameters["kind"], parameters.get("channel")
    options = {
        "beta": parameters["beta"],
        "joint": channel is None or parameters["single_channel"] == "joint",
        "overflow": parameters["overflow"],
        "channel": None if channel is None else CHANNELS.index(channel),
    }
    if kind in ("composite", "channel"):
        return images.stretched_bytes(maps, maxima, **options)
    stack = images.stretched(maps, maxima, **options)
    size = {"width": width, "bins": maps.shape[-1]}
    sigma = pixels(parameters["sigma"], **size, scale_factor=scale_factor, hubble=hubble)
    if kind == "gaussian":
        return images.gaussian_bytes(stack, sigma)
    return images.unsharp_mask(stack, sigma, difference=parameters["difference"])
