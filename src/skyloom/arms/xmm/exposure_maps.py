"""Which exposure map belongs to an image: by their names, and then by what both headers state."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from skyloom.arms.xmm import images, pixel_grids, products
from skyloom.errors import InputError

if TYPE_CHECKING:
    from skyloom.arms.xmm.images import Image
    from skyloom.arms.xmm.products import Stated

#: Within so many pixels image and map lie on each other: half of one.
_PIXELS = 0.5
#: Edges of an energy band may differ by so many eV: with or without the edge's own channel.
_BAND = 10.0
#: Two pointings closer than this (degrees) are one: 1 arcmin, where a mean and a median of the
#: attitude differ by arcsec and the fields of a mosaic by many arcmin.
_POINTING = 1 / 60
_REMEDY = (
    "put its own beside it, with EXPMAP in place of IMAGE in its name, or set xmm.exposure to "
    "header or table"
)


def _key(name, word):
    """A file's name without the word for what it is, so that an image and its map agree."""
    return re.sub(r"[^a-z0-9]", "", word.sub("", products.stem(name), count=1))


def _contradicts(one, other):
    """Whether two names state different exposures or energy bands."""
    return any(
        of_name(one) and of_name(other) and of_name(one) != of_name(other)
        for of_name in (products.exposure_of_name, products.band_of_name)
    )


class Maps:
    """The exposure maps of a folder, by name and by observation.

    Parameters
    ----------
    names : sequence of str
        Of maps of any kind.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.by_key, self.by_observation = defaultdict(list), defaultdict(list)
        for name in filter(products.is_exposure_map, names):
            self.by_key[_key(name, products.EXPOSURE_WORD)].append(name)
            self.by_observation[images.observation_of_name(name)].append(name)


def find_map(file: str, image: Image, maps: Maps) -> str:
    """The exposure map that belongs to an image, by its name.

    Of the maps whose name holds the image's observation: the one whose name is the image's but for
    the product (``…IMAGE_3000.FTZ`` and ``…EXPMAP3000.FTZ``, ``…OIMAGE8000.FTZ`` and
    ``…OEXPMP8000.FTZ``, ``…img.fits`` and ``…expmap.fits``, ``…obj-im…`` and ``…exp-im…``); where
    no name agrees, the only one of the image's camera whose name states no other exposure or band.

    Parameters
    ----------
    file : str
        The image's name.
    image : `skyloom.arms.xmm.images.Image`
    maps : Maps

    Returns
    -------
    str

    Raises
    ------
    InputError
        If there is none, or several fit equally.
    """
    same = maps.by_key.get(_key(file, products.IMAGE_WORD), [])
    if not same:
        cameras = (str(image.stated.camera), "")
        own = maps.by_observation.get(image.observation, [])
        own = [name for name in own if products.camera_of_name(name) in cameras]
        same = [name for name in own if not _contradicts(file, name)]
        if own and not same:
            raise InputError(
                f"{file} has no exposure map: {own[0]} is, by its name, of another exposure or "
                f"energy band; {_REMEDY}."
            )
    # A map beside its image comes before one in another folder.
    beside = [name for name in same if Path(name).parent == Path(file).parent]
    same = beside or same
    if not same:
        raise InputError(f"{file} has no exposure map: {_REMEDY}.")
    if len(same) > 1:
        raise InputError(
            f"{file} could belong to {len(same)} exposure maps ({', '.join(same[:3])}): "
            "name one like the image."
        )
    return same[0]


def _electronvolts(band):
    return "{:g} to {:g} eV".format(*band)


def _other_grid(one, two, shape):
    """A clause on how the map's grid `two` differs from the image's, or None."""
    if one.kind and two.kind and one.kind != two.kind:
        return f"has the coordinates {two.axis} (CTYPE1), the image {one.axis}"
    if one.matrix is None or two.matrix is None or one.on_sky != two.on_sky:
        return None
    if not pixel_grids.same_scale(one.scale, two.scale):
        size, image = pixel_grids.size(two), pixel_grids.size(one)
        return f"has pixels of {size} (CDELT or CD), the image of {image}"
    if not pixel_grids.comparable(one, two):
        return None
    away = pixel_grids.apart(one, two, shape)
    return f"lies {away:.3g} pixels beside it (CRVAL, CRPIX, CDELT)" if away > _PIXELS else None


def _apart_on_sky(one, two):
    across = (one[0] - two[0] + 180) % 360 - 180
    return math.hypot(across * math.cos(math.radians(one[1])), one[1] - two[1])


def difference(image, other, shape):
    """The first thing in which an image and a map are said to differ.

    Parameters
    ----------
    image, other : `skyloom.arms.xmm.products.Stated`
    shape : (int, int)
        Of the image.

    Returns
    -------
    str or None
        A clause about the map. Only what both state is compared: not every task hands every
        keyword on.
    """
    for what, key, mine, its in (
        ("observation", "OBS_ID", image.observation, other.observation),
        ("camera", "INSTRUME", image.camera, other.camera),
        ("exposure", "EXPIDSTR", image.exposure, other.exposure),
    ):
        if differing := mine.differs(its):
            return f"is of {what} {differing[1]} ({key}, or its name), the image of {differing[0]}"
    if image.band and other.band:
        if any(abs(mine - its) > _BAND for mine, its in zip(image.band, other.band, strict=True)):
            its, mine = _electronvolts(other.band), _electronvolts(image.band)
            return f"is of the energies {its} (DSVAL), the image of {mine}"
    if clause := _other_grid(image.grid, other.grid, shape):
        return clause
    if image.pointing and other.pointing:
        if _apart_on_sky(image.pointing, other.pointing) > _POINTING:
            its, mine = ("{:.3f} {:+.3f}".format(*one.pointing) for one in (other, image))
            return f"points to {its} (RA_PNT, DEC_PNT), the image to {mine}"
    return None


def check_map(file: str, image: Image, name: str, other: Stated) -> None:
    """Raise an InputError if a map is said to be another image's.

    Parameters
    ----------
    file, name : str
        Of the image and of the map.
    image : `skyloom.arms.xmm.images.Image`
    other : `skyloom.arms.xmm.products.Stated`
        Of the map.
    """
    if clause := difference(image.stated, other, image.counts.shape):
        raise InputError(f"{file} has no exposure map: {name} {clause}; {_REMEDY}.")
