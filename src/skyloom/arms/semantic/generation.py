"""Datasets of synthetic profiles: parameters drawn, images made and noise added, by blocks."""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from astropy.table import Table

from skyloom.arms.semantic import preparation, profiles
from skyloom.errors import InputError
from skyloom.prefetch import in_order
from skyloom.split_tables import PARTS

if TYPE_CHECKING:
    from skyloom.arms.semantic.sampling import Grid
    from skyloom.prefetch import Pool

#: Images with one generator of random numbers.
BLOCK = 1000

#: Images evaluated at once: their intermediate arrays stay in the processor's cache, which makes
#: integrated pixels three times faster than with 20 images.
_AT_ONCE = 2


@dataclasses.dataclass(frozen=True)
class Block:
    """Some images of one part of a dataset.

    Attributes
    ----------
    part : str
        One of `skyloom.split_tables.PARTS`.
    number : int
        Of the block within its part.
    size : int
    """

    part: str
    number: int
    size: int


def blocks(images: dict) -> list[Block]:
    """How a dataset is parted: training first, then validation, then test.

    Parameters
    ----------
    images : dict
        Number of images of each part.

    Returns
    -------
    list of Block
        Each part begins with a block of its own, so that its images do not depend on the number
        of images in the others.

    Raises
    ------
    InputError
        If a part is missing or empty.
    """
    for part in PARTS:
        if not images.get(part, 0) >= 1:
            raise InputError(
                f"images.{part} of a semantic dataset is {images.get(part)!r}: set it to 1 or more."
            )
    return [
        Block(part, number, min(BLOCK, images[part] - start))
        for part in PARTS
        for number, start in enumerate(range(0, images[part], BLOCK))
    ]


def generator(dataset, block, seed):
    """The random numbers of one block: they depend on nothing else than the arguments."""
    name = zlib.crc32(dataset.encode())
    return np.random.default_rng([seed, name, PARTS.index(block.part), block.number])


def draw(profile: dict, size: int, random: np.random.Generator) -> dict:
    """Parameters of some images, uniform between their limits.

    Parameters
    ----------
    profile : dict
        See `skyloom.arms.semantic.profiles.resolve`.
    size : int
    random : numpy.random.Generator

    Returns
    -------
    dict
        Name -> (size,) array of each free parameter, in the decoder's order.
    """
    return {
        name: low + (high - low) * random.random(size)
        for name, (low, high) in profiles.free(profile).items()
    }


def images(profile, values, grid, *, noise=0.0, speckle=0.0, random=None):
    """Images of drawn parameters.

    Parameters
    ----------
    profile : dict
        See `skyloom.arms.semantic.profiles.resolve`; gives the fixed parameters.
    values : dict
        Of `draw`.
    grid : skyloom.arms.semantic.sampling.Grid
    noise : float
        Standard deviation of the white Gaussian noise of a pixel, in units of I0 = 1.
    speckle : float
        See `skyloom.arms.semantic.preparation.speckled`.
    random : numpy.random.Generator, optional
        Of the noise.

    Returns
    -------
    (n, pixels, pixels) float32 array
    """
    decoder, fixed = profiles.create(profile["decoder"]), profiles.fixed(profile)
    size = len(next(iter(values.values())))
    found = np.empty((size, grid.pixels, grid.pixels), np.float32)
    for start in range(0, size, _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        chosen = {name: value[some] for name, value in values.items()}
        found[some] = profiles.evaluate(decoder, {**fixed, **chosen}, grid)
    found = preparation.speckled(found, speckle, random)
    if noise:
        found += noise * random.standard_normal(found.shape, dtype=np.float32)
    return found


def _grain(entry):
    """Standard deviations of an entry's noise and speckle."""
    return {key: float(entry.get(key) or 0) for key in ("noise", "speckle")}


def _drawn(dataset, entry, profile, seed):
    """Each block's parameters and the generator that goes on with its noise."""
    for block in blocks(entry["images"]):
        random = generator(dataset, block, seed)
        yield draw(profile, block.size, random), random


def render(
    dataset: str, entry: dict, profile: dict, grid: Grid, seed: int, *, pool: Pool | None = None
) -> Iterator[np.ndarray]:
    """The images of a dataset.

    Parameters
    ----------
    dataset : str
        Its name, which enters the random numbers.
    entry : dict
        ``images`` (number of each part), ``noise`` and, if there is any, ``speckle``.
    profile : dict
    grid : skyloom.arms.semantic.sampling.Grid
    seed : int
    pool : skyloom.prefetch.Pool, optional
        Blocks are made on its threads; what comes out is the same without.

    Yields
    ------
    (n, pixels, pixels, 1) float32 array
        One a block.
    """

    def make(drawn):
        values, random = drawn
        return images(profile, values, grid, **_grain(entry), random=random)[..., None]

    yield from in_order(pool, make, _drawn(dataset, entry, profile, seed))


def description(dataset, entry, profile, grid, seed):
    """Everything but the images that `skyloom.datasets.write` wants, as its keyword arguments.

    The arguments are those of `render`.

    Raises
    ------
    InputError
        If noise or speckle is negative, profile and grid disagree, or as `blocks` and
        `skyloom.arms.semantic.profiles.resolve`.
    """
    grain = _grain(entry)
    for key, value in grain.items():
        if not value >= 0:
            raise InputError(
                f"{key} of the semantic dataset {dataset} is {value}: set it to 0 or more."
            )
    profile, units = profiles.resolve(profile), profiles.units(profile)
    if profile["half_width"] != grid.half_width:
        raise InputError(
            f"the profile of the semantic dataset {dataset} has a half_width of "
            f"{profile['half_width']:g}, its grid one of {grid.half_width:g}: make them equal."
        )
    drawn = [values for values, _ in _drawn(dataset, entry, profile, seed)]
    target = {name: np.concatenate([values[name] for values in drawn]) for name in units}
    count = sum(entry["images"][part] for part in PARTS)
    return {
        "count": count,
        "kind": "images",
        "shape": (grid.pixels, grid.pixels, 1),
        "dtype": np.float32,
        "target": np.stack(list(target.values()), axis=1),
        "name": ",".join(units),
        "units": ",".join(units.values()),
        "columns": {"id": np.array([f"{dataset}_{row:05d}" for row in range(count)])},
        "attributes": {
            "arm": "semantic",
            "variant": dataset,
            "parameters": {
                "grid": dataclasses.asdict(grid),
                "profile": profile,
                **grain,
                "images": {part: int(entry["images"][part]) for part in PARTS},
            },
            "seed": seed,
            "synthetic": True,
            "labels": ",".join(units),
            "origin": "lower",
            "shows": "brightness of a profile, in units of its own",
        },
    }


def split(ids: np.ndarray, images: dict) -> Table:
    """The part of every image, as the dataset was made.

    Parameters
    ----------
    ids : (N,) array of str
        Of the dataset, in its order.
    images : dict
        Number of images of each part.

    Returns
    -------
    astropy.table.Table
        Columns id and part.

    Raises
    ------
    InputError
        If the numbers do not add up to the dataset's.
    """
    counts = [images[part] for part in PARTS]
    if sum(counts) != len(ids):
        raise InputError(
            f"the semantic dataset has {len(ids)} images, its attribute parameters says "
            f"{sum(counts)}: make the dataset again."
        )
    table = Table({"id": np.asarray(ids).astype(str), "part": np.repeat(PARTS, counts)})
    table.meta["synthetic"] = True
    return table
