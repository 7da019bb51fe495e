"""Images of variants that show further channels: each in its own way, or three of them jointly.

Map files of each channel, or of the gas's three together, stand beside each other, galaxy by galaxy
in the same order. A signed channel is drawn about mid-grey.
"""

from typing import NamedTuple

import numpy as np

from skyloom.ahead import in_order
from skyloom.errors import InputError
from skyloom.io import open_hdf5
from skyloom.tng import archive, channels, images
from skyloom.tng.maps import CHANNELS
from skyloom.tng.quantities import pixels

#: The maps of `skyloom.tng.maps`, all three in one file.
GAS = "gas"


class Shown(NamedTuple):
    """What a variant is made of."""

    sources: dict  # GAS or a channel's name -> its map files
    scalings: list  # of dicts: the largest pixel of each channel
    parameters: dict  # resolved: kind, channels (one or three), beta, stretch, definitions ...

    @property
    def maxima(self):
        """Largest pixel of every channel; and the least of a logarithmic entropy."""
        merged = {}
        for scaling in self.scalings:
            merged.update(scaling)
        return merged

    @property
    def signed(self):
        """Channels with values of both signs."""
        return [name for name in self.parameters["channels"] if signed(name, self.parameters)]


def largest_pixel(blocks, name):
    """Largest pixel of a channel, or of its amount, over many maps.

    Parameters
    ----------
    blocks : iterable of (n, 1, H, W) array
    name : str
        The channel's.

    Raises
    ------
    InputError
        If every pixel is 0, so that the channel has no range.
    """
    largest = max((float(np.abs(block).max(initial=0.0)) for block in blocks), default=0.0)
    if not largest > 0:
        raise InputError(
            f"The channel {name} is 0 in every map of the reference snapshot, so it cannot scale "
            "its images: leave its variants out, choose another tng.reference_snapshot, or wider "
            "cuts in tng.selection."
        )
    return largest


def normalised(planes, names, maxima):
    """Maps in units of the reference snapshot's largest pixels.

    Parameters
    ----------
    planes : (C, k) array
        Pixels of the channels of `names`.
    names : sequence of str
    maxima : dict of float

    Returns
    -------
    (C, k) float64 array
        In [0, 1], those of a signed channel in [-1, 1].
    """
    normal = np.array(planes, dtype=np.float64)
    for plane, name in zip(normal, names, strict=True):
        if name == "entropy" and "entropy_minimum" in maxima:
            low, filled = maxima["entropy_minimum"], plane != 0
            # Below the reference's least: black, as in the main maps, and no negative light.
            plane[filled] = np.maximum(plane[filled] - low, 0.0) / (maxima[name] - low)
        else:
            plane /= maxima[name]
    return np.clip(normal, -1.0, 1.0)


def signed(name, parameters):
    """Whether a channel has values of both signs."""
    definition = parameters["definitions"].get(name)
    return bool(definition) and channels.quantity(definition["quantity"]).signed


def stretched(maps, maxima, parameters):
    """Normalised and stretched maps, from 0 to 1.

    Parameters
    ----------
    maps : (C, H, W) array
        The variant's channels in its order: one, or three.
    maxima : dict of float
    parameters : dict
        See `Shown`; ``stretch`` is joint (`skyloom.tng.images.lupton`) or alone.

    Returns
    -------
    (H, W, 3) float32 array
        One channel is copied into all three. A signed one is 128 / 255 where it is 0, also where
        there is nothing, and 127 / 255 away from that at its largest.
    """
    names, beta = parameters["channels"], parameters["beta"]
    flat = maps.reshape(len(names), -1)
    normal = normalised(flat, names, maxima)
    if parameters["stretch"] == "joint":
        grey = images.lupton(normal[:, None], beta)[:, 0]
    else:
        grey = images.asinh_stretch(normal, beta)
        for plane, name in zip(grey, names, strict=True):
            if signed(name, parameters):
                plane *= 127 / 255
                plane += images.MID_GREY / 255
    if parameters["overflow"] == "wrap":
        grey = images.wrapped_bytes(grey).astype(np.float32) / np.float32(255.0)
    picture = np.clip(grey, 0.0, 1.0).astype(np.float32).reshape(maps.shape)
    return np.broadcast_to(picture.transpose(1, 2, 0), (*maps.shape[1:], 3))


def render(maps, shown, *, width, scale_factor, hubble):
    """Images of one variant.

    Parameters
    ----------
    maps : (n, C, H, W) array
        The variant's channels in its order.
    shown : Shown
    width, scale_factor, hubble : float
        Of the maps' snapshot.

    Returns
    -------
    (n, H, W, 3) uint8 array
    """
    parameters, maxima = shown.parameters, shown.maxima
    stack = np.stack([stretched(galaxy, maxima, parameters) for galaxy in maps])
    if parameters["kind"] not in ("gaussian", "unsharp"):
        return images.to_uint8(stack)
    size = {"width": width, "bins": maps.shape[-1]}
    sigma = pixels(parameters["sigma"], **size, scale_factor=scale_factor, hubble=hubble)
    if parameters["kind"] == "gaussian":
        return images.gaussian_bytes(stack, sigma)
    return images.unsharp_mask(stack, sigma, difference=parameters["difference"])


def _channel_blocks(shown, galaxies):
    """Blocks of all sources side by side, with the channels of the variant in its order."""
    streams = [
        archive.sample_blocks(paths, galaxies, None, channels=3 if name == GAS else 1)
        for name, paths in shown.sources.items()
    ]
    held = [CHANNELS if name == GAS else (name,) for name in shown.sources]
    places = [name for names in held for name in names]
    order = [places.index(name) for name in shown.parameters["channels"]]
    for blocks in zip(*streams, strict=True):
        yield blocks[0]._replace(
            maps=np.concatenate([block.maps for block in blocks], axis=1)[:, order]
        )


def render_all(shown, galaxies, *, pool=None):
    """Images of one variant for the galaxies of a sample, as `skyloom.tng.archive.render_all`."""

    def work(block):
        return render(
            block.maps,
            shown,
            width=block.width,
            scale_factor=block.scale_factor,
            hubble=block.hubble,
        )

    yield from in_order(pool, work, _channel_blocks(shown, galaxies))


def _totals(shown, galaxies):
    """Sums over the pixels of the variant's maps, (N, C), in its channels' order."""
    found = {}
    for name, paths in shown.sources.items():
        totals = archive.map_totals(paths, galaxies)
        names = CHANNELS if name == GAS else (name,)
        found.update(zip(names, totals.T, strict=True))
    return np.stack([found[name] for name in shown.parameters["channels"]], axis=1)


def description(galaxies, shown, variant, seed):
    """Everything but the images that `skyloom.datasets.write` wants, as its keyword arguments."""
    first = next(iter(shown.sources.values()))
    with open_hdf5(first[0], need=["maps"]) as file:
        count = file["maps"].shape[1]
    about = archive.description(galaxies, first, variant, shown.parameters, seed, channels=count)
    about["columns"]["map_totals"] = _totals(shown, galaxies)
    about["attributes"]["channels"] = list(shown.parameters["channels"])
    return about
