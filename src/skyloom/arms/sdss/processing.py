"""From prepared spectra to datasets: drawings of two sizes, and the spectra themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skyloom.arms.sdss import drawing, preparation
from skyloom.arms.sdss.classes import CLASSES
from skyloom.arms.spectra import wavelengths
from skyloom.errors import InputError
from skyloom.io.files import check_numbers, open_hdf5
from skyloom.prefetch import in_order, one_ahead

if TYPE_CHECKING:
    from astropy.table import Table

    from skyloom.prefetch import Pool

#: Datasets of images: height, width and channels. All channels of an image are equal.
IMAGES = {"images_224": (224, 224, 3), "images_28": (28, 28, 1)}
#: All datasets.
VARIANTS = (*IMAGES, "spectra")
# What images, and spectra, say of themselves.
_DRAWN = {
    "origin": "upper",
    "shows": "a dark line on white, flux over wavelength",
    "encoding": {"gives": "nothing", "loss": "each image is a curve in a frame of its own"},
}
_NORMALISED = {"shows": "flux, each spectrum of mean 0 and deviation 1"}


def inputs(flux, wavelength, variant, *, options=None, kernel=None):
    """Prepared spectra as a network sees them.

    Parameters
    ----------
    flux : (n, N) array
        From `skyloom.arms.sdss.preparation`.
    wavelength : (N,) array
    variant : str
        One of `VARIANTS`.
    options : dict
        For images: ``backend``, ``wavelength``, ``flux`` (the limits), ``width`` and ``margin`` of
        `skyloom.arms.sdss.drawing.draw`.
    kernel : ctypes library
        For the rasteriser.

    Returns
    -------
    (n, H, W, C) uint8 or (n, N) float32 array
        White paper is 255, the line 0; or `skyloom.arms.sdss.preparation.normalise`.

    Raises
    ------
    ValueError
        If the variant is unknown, or as `skyloom.arms.sdss.drawing.draw`.
    """
    if variant not in VARIANTS:
        raise ValueError(f"the variant {variant!r} is none of {', '.join(VARIANTS)}")
    if variant == "spectra":
        return preparation.normalise(flux)
    options = dict(options)
    limits = options.pop("flux")
    shape = IMAGES[variant]
    images = drawing.draw(flux, shape[:2], x=wavelength, kernel=kernel, limits=limits, **options)
    return np.repeat(images[..., None], shape[2], axis=3)


def render_all(
    blocks: Iterable[np.ndarray],
    wavelength,
    variant,
    *,
    options=None,
    kernel=None,
    pool: Pool | None = None,
):
    """What `inputs` makes of blocks of spectra, the same for any number of threads.

    Parameters
    ----------
    blocks : iterable of (n, N) array
    wavelength, variant, options, kernel
        See `inputs`.
    pool : `skyloom.prefetch.Pool`, optional
        Blocks are read and drawn on its threads, ahead of their use.

    Yields
    ------
    (n, H, W, C) uint8 or (n, N) float32 array
    """

    def work(flux):
        return inputs(flux, wavelength, variant, options=options, kernel=kernel)

    yield from in_order(pool, work, one_ahead(pool, blocks))


def read_blocks(
    paths: Sequence[str | Path], identifiers: Sequence[str]
) -> tuple[np.ndarray, int, Iterator[np.ndarray]]:
    """Prepared spectra from their files.

    Parameters
    ----------
    paths : sequence of str or Path
        What `skyloom.arms.sdss.preparation.write_block` wrote, block after block.
    identifiers : sequence of str
        Of the sample, in order.

    Returns
    -------
    wavelength : (N,) float64 array
    window : int
        Pixels of the moving average.
    blocks : iterator of (n, N) float32 array
        In order, a few at a time.

    Raises
    ------
    InputError
        If the files differ in grid or smoothing, or do not hold the sample's spectra; the latter
        while reading.
    """
    found = []
    for path in paths:
        with open_hdf5(path, need=["spectra", "id"]) as file:
            check_numbers(file["spectra"], 2, path)
            pixels, attributes = file["spectra"].shape[1], dict(file.attrs)
        try:
            wavelength, window = (
                wavelengths.grid(attributes, pixels),
                attributes["smoothing_window"],
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"{path} lacks an attribute ({error}): make it again.") from error
        found.append((wavelength, int(window)))
        if window != found[0][1] or not np.array_equal(wavelength, found[0][0]):
            raise InputError(
                f"{path} has another grid or smoothing than {paths[0]}: make both again."
            )
    if not found:
        raise InputError("There is no file of prepared spectra to read: name at least one.")
    return *found[0], _blocks(paths, np.asarray(identifiers).astype("S"))


def _blocks(paths, wanted):
    done = 0
    for path in paths:
        with open_hdf5(path) as file:
            own = file["id"][:]
            if not np.array_equal(own, wanted[done : done + len(own)]):
                raise InputError(f"{path} does not follow the sample: remove it and run again.")
            done += len(own)
            for start in range(0, len(own), preparation.TOGETHER):
                yield file["spectra"][start : start + preparation.TOGETHER]
    if done != len(wanted):
        raise InputError(
            f"The files of prepared spectra hold {done} of the sample's {len(wanted)}: remove them "
            "and run again."
        )


def description(
    sample: Table, wavelength: np.ndarray, window: int, variant: str, parameters: dict, seed: int
):
    """Everything but the samples that `skyloom.datasets.write` wants, as its keyword arguments.

    Parameters
    ----------
    sample : astropy.table.Table
        With id, class, z and object; ``meta["synthetic"]``.
    wavelength : (N,) array
    window : int
        Of the moving average.
    variant : str
    parameters : dict
    seed : int

    Raises
    ------
    InputError
        If the sample is empty, or a class is not one of `skyloom.arms.sdss.classes.CLASSES`.
    """
    if not len(sample):
        raise InputError(
            "The sample has no spectrum, so there is no dataset to make: see rejects.ecsv for the "
            "reasons, and sdss.sample for the cuts."
        )
    labels = np.asarray(sample["class"]).astype(str)
    for label in labels:
        if label not in CLASSES:
            raise InputError(
                f"The sample has the class {label!r}, not one of {', '.join(CLASSES)}: make it "
                "again."
            )
    shape = IMAGES.get(variant, (len(wavelength),))
    return {
        "count": len(sample),
        "kind": "images" if variant in IMAGES else "spectra",
        "shape": shape,
        "dtype": np.uint8 if variant in IMAGES else np.float32,
        "target": np.array([CLASSES.index(label) for label in labels], np.int64),
        "name": "class",
        "units": "",
        "columns": {
            "id": np.asarray(sample["id"]).astype(str),
            "class": labels,
            "z": np.asarray(sample["z"], np.float64),
            "object": np.asarray(sample["object"]).astype(str),
        },
        "attributes": {
            "arm": "sdss",
            "variant": variant,
            "parameters": parameters,
            "seed": seed,
            "synthetic": bool(sample.meta["synthetic"]),
            "classes": ",".join(CLASSES),
            "smoothing_window": window,
            **(_DRAWN if variant in IMAGES else _NORMALISED),
            **wavelengths.attributes(wavelength),
            **{"wavelength_unit": "Angstrom", "wavelength_medium": "vacuum"},
        },
    }
