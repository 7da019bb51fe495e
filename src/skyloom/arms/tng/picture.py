"""A galaxy's maps as a picture that a notebook shows: the images of the workflow's datasets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from skyloom.arms.tng import channels, variants
from skyloom.arms.tng.arguments import arguments_named, size
from skyloom.errors import InputError, check_one_of
from skyloom.io.files import atomic

if TYPE_CHECKING:
    from astropy.units import Quantity

    from skyloom.arms.tng.galaxies import Maps


#: Pixels a side that a notebook shows at least, each of a picture's as a square of some.
_SHOWN = 256
#: How several channels are stretched: by their mean intensity (Lupton et al. 2004), or each alone.
_STRETCHES = {"lupton": "joint", "asinh": "alone"}


class Picture:
    """An image of 8 bits: notebooks show it, ``numpy.asarray`` gives its bytes.

    Attributes
    ----------
    array : (H, W, 3) uint8 array
        Red, green, blue; rows are y, the first one on top, as in the workflow's images.
    """

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __array__(self, dtype=None, copy=None):
        return np.array(self.array, dtype=dtype, copy=copy)

    def __repr__(self):
        height, width, _ = self.array.shape
        return f"<Picture of {width} x {height} pixels>"

    def _repr_png_(self):
        times = -(-_SHOWN // min(self.array.shape[:2]))
        return _png(self.array.repeat(times, axis=0).repeat(times, axis=1))

    def save(self, path: str | Path) -> None:
        """Write a PNG file, pixel by pixel."""
        if Path(path).suffix.lower() != ".png":
            raise InputError(f"{path} is no name of a PNG file: let it end with .png.")
        with atomic(path) as temporary:
            Path(temporary).write_bytes(_png(self.array))


def _png(array):
    # OpenCV's order is blue, green, red.
    return cv2.imencode(".png", array[..., ::-1])[1].tobytes()


def picture(
    maps: Maps,
    *names: str,
    stretch: str | None = None,
    beta: float = 0.001,
    filter: str | None = None,
    sigma: float | Quantity | str = 3,
    maxima: dict[str, float] | None = None,
    overflow: str = "clip",
    difference: str = "signed",
) -> Picture:
    """Picture of one galaxy: one channel in grey, or three as red, green and blue.

    Parameters
    ----------
    maps : `skyloom.arms.tng.galaxies.Maps`
        Of one galaxy: ``maps[0]``.
    *names : str
        Channels to show, one or three; all of the maps' unless given.
    stretch : 'lupton' or 'asinh', optional
        Stretch three channels by their mean intensity (`skyloom.arms.tng.images.lupton`), which is
        usual for three, or each alone (`skyloom.arms.tng.images.asinh_stretch`). A channel with
        both signs is drawn about mid-grey, and alone.
    beta : float
        Where the stretch turns from linear to logarithmic, in units of the largest pixel.
    filter : 'gaussian' or 'unsharp', optional
        Blur the picture, or show what a blur takes away.
    sigma : float, Quantity or str
        Of the filter: pixels, or a length such as '0.7 ckpc/h' or '1 kpc' (physical).
    maxima : dict of float, optional
        What is white, by channel; the largest pixel of all galaxies that were mapped together,
        unless given. Those of another snapshot's maps make its pictures comparable.
    overflow : 'clip' or 'wrap'
        Intensities above 1 after the stretch: cut, or modulo 256 as in the thesis.
    difference : 'signed' or 'wrapped'
        See `skyloom.arms.tng.images.unsharp_mask`.

    Returns
    -------
    Picture

    Raises
    ------
    InputError
        If the maps are of several galaxies, or an argument makes no sense.
    """
    if maps.values.ndim != 3:
        raise InputError(f"These are maps of {len(maps)} galaxies: show one of them, maps[0].")
    names = names or maps.channels
    for name in names:
        check_one_of("channel", name, maps.channels)
    if len(names) not in (1, 3):
        raise InputError(
            f"A picture shows one channel or three, not {', '.join(names)}: name those after the "
            "maps."
        )
    signed = [name for name in names if channels.QUANTITIES[name].signed]
    stretch = stretch or ("lupton" if len(names) == 3 and not signed else "asinh")
    check_one_of("stretch", stretch, _STRETCHES)
    if stretch == "lupton" and signed:
        raise InputError(f"{signed[0]} has both signs, and no intensity: choose stretch='asinh'.")
    check_one_of("overflow", overflow, ("clip", "wrap"))
    check_one_of("difference", difference, ("signed", "wrapped"))
    if filter is not None:
        check_one_of("filter", filter, ("gaussian", "unsharp"))
    if not 0 < beta < np.inf:
        raise InputError(f"beta is {beta:g}: give a finite number larger than 0.")
    parameters = {
        "kind": filter or "composite",
        "channels": names,
        "stretch": _STRETCHES[stretch],
        "beta": beta,
        "overflow": overflow,
        "difference": difference,
        "sigma": size("sigma", sigma),
    }
    planes = np.stack([maps[name].value for name in names])
    with arguments_named():
        (image,) = variants.render(
            planes[None],
            _white(names, maxima or maps.maxima),
            parameters,
            signed=signed,
            width=maps.width,
            scale_factor=maps.header.scale_factor,
            hubble=maps.header.hubble,
        )
    return Picture(image)


def _white(names, maxima):
    """What is white in each channel, checked."""
    for name in names:
        if not maxima.get(name, 0.0) > 0:
            raise InputError(
                f"Nothing says what is white in {name}: every pixel that was mapped is empty; map "
                "more galaxies together, or give maxima."
            )
    return maxima
