"""From the inventory to datasets: rate images of a block, rebinned, kept, and stretched."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skyloom.arms.xmm import stretches
from skyloom.arms.xmm.images import read_rate
from skyloom.arms.xmm.rebin import rebin
from skyloom.errors import InputError
from skyloom.io.files import check_numbers, create_dataset, open_hdf5
from skyloom.prefetch import in_order, one_ahead

if TYPE_CHECKING:
    import h5py
    from astropy.table import Table

    from skyloom.prefetch import Pool

#: Pixels read and stretched at a time: 16 images of 162 x 162, one of 648 x 648.
BLOCK_PIXELS = 16 * 162**2


def block_of(inventory: Table, block: int, blocks: int):
    """The rows of one block: runs of nearly equal length, in the inventory's order.

    Parameters
    ----------
    inventory : astropy.table.Table
    block, blocks : int
        Which of how many, from 0.
    """
    start, end = (len(inventory) * number // blocks for number in (block, block + 1))
    return inventory[start:end]


def rate_images(
    rows: Table, folder: str | Path, *, smaller: str, work: Callable, pool: Pool | None = None
):
    """What `work` makes of each observation's rate image, in order.

    Parameters
    ----------
    rows : astropy.table.Table
        Of the inventory: file, exposure, and exposure_map where maps are used; ``meta["frame"]``
        is the size of all images.
    folder : str or Path
        Of the images.
    smaller : 'reject' or 'pad'
        See `skyloom.arms.xmm.images.read_rate`.
    work : callable
        (H, W) float64 array in counts/s -> anything small.
    pool : `skyloom.prefetch.Pool`, optional
        Images are read and worked on on its threads.

    Yields
    ------
    The results, the same for any number of threads.
    """
    frame = rows.meta.get("frame")
    frame = None if frame is None else tuple(int(side) for side in frame)
    maps = rows["exposure_map"] if "exposure_map" in rows.colnames else [""] * len(rows)

    def one(row):
        file, exposure, exposure_map = row
        rate = read_rate(
            Path(folder) / str(file),
            float(exposure),
            frame=frame,
            smaller=smaller,
            # A dash stands for no map: ECSV reads an empty text back as a missing one.
            exposure_map=None if exposure_map in ("", "-") else Path(folder) / str(exposure_map),
        )
        return work(rate)

    yield from in_order(pool, one, zip(rows["file"], rows["exposure"], maps, strict=True))


def binned(factor, method, *, pad):
    """The work of `rate_images` that gives a rebinned image as float32."""
    return lambda rate: rebin(rate, factor, method=method, pad=pad).astype(np.float32)


def write_rates(
    file: h5py.File, images: Iterable[np.ndarray], rows: Table, *, factor, method
) -> None:
    """Fill a file of rebinned rate images.

    Parameters
    ----------
    file : h5py.File
        Empty and writable; see `skyloom.io.files.atomic_hdf5`.
    images : iterable of (H, W) float32 array
        In counts/s, one a row.
    rows : astropy.table.Table
        Of the inventory, with ``obs_id``.
    factor, method
        How they were rebinned, for the attributes.
    """
    identifiers = np.asarray(rows["obs_id"]).astype("S")
    stored = None
    for row, image in enumerate(images):
        if stored is None:
            shape = (len(rows), *image.shape)
            # Most pixels hold no photon and the others few distinct values, whose bytes repeat
            # four together: without shuffling half the size and 1.6 times faster.
            options = {"compression": "gzip", "compression_opts": 1, "shuffle": False}
            stored = create_dataset(
                file, "images", shape=shape, dtype=np.float32, chunks=(1, *image.shape), **options
            )
        stored[row] = image
    if stored is None:
        create_dataset(file, "images", np.zeros((0, 0, 0), np.float32))
        identifiers = np.zeros(0, "S10")
    create_dataset(file, "id", identifiers)
    file["images"].attrs["units"] = "ct / s"
    file.attrs.update(
        {"rebin": factor, "rebin_method": method, "synthetic": bool(rows.meta["synthetic"])}
    )


def read_rates(paths: Sequence[str | Path], inventory: Table) -> Iterator[np.ndarray]:
    """Rate images of all blocks, a few at a time.

    Parameters
    ----------
    paths : sequence of str or Path
        The files of `write_rates`, block after block.
    inventory : astropy.table.Table

    Yields
    ------
    (n, H, W) float32 array
        In the inventory's order.

    Raises
    ------
    InputError
        If the files do not hold the inventory's observations, or a rate is not finite.
    """
    wanted, done = np.asarray(inventory["obs_id"]).astype("S"), 0
    for path in paths:
        with open_hdf5(path, need=["images", "id"]) as file:
            check_numbers(file["images"], 3, path)
            images, found = file["images"], file["id"][:]
            if not np.array_equal(found, wanted[done : done + len(found)]):
                raise InputError(f"{path} does not follow the inventory: remove it and run again.")
            done += len(found)
            count = max(1, BLOCK_PIXELS // max(1, images.shape[1] * images.shape[2]))
            for start in range(0, len(images), count):
                block = images[start : start + count]
                if not np.isfinite(block).all():
                    raise InputError(f"{path}: a rate is not finite; remove it and run again.")
                yield block
    if done != len(wanted):
        raise InputError(
            f"The rate files hold {done} of the inventory's {len(wanted)} observations: remove "
            "them and run again."
        )


def rates_of(paths: Sequence[str | Path], identifiers: Sequence[str]) -> np.ndarray:
    """Single observations' rate images.

    Parameters
    ----------
    paths : sequence of str or Path
        The files of `write_rates`.
    identifiers : sequence of str

    Returns
    -------
    (n, H, W) float32 array
        In the order asked for.

    Raises
    ------
    InputError
        If an observation is in no file.
    """
    found = {}
    for path in paths:
        with open_hdf5(path, need=["images", "id"]) as file:
            for row, name in enumerate(file["id"].asstr()[:]):
                if name in identifiers:
                    found[name] = file["images"][row]
    missing = [name for name in identifiers if name not in found]
    if missing:
        raise InputError(
            f"The rate files lack observation {missing[0]} of the inventory: remove them and run "
            "again."
        )
    return np.stack([found[name] for name in identifiers])


def render_all(
    paths, inventory, parameters: dict, *, pool: Pool | None = None
) -> Iterator[np.ndarray]:
    """Images of one dataset.

    Parameters
    ----------
    paths, inventory
        See `read_rates`.
    parameters : dict
        ``interval`` and ``stretch``, and their own: ``contrast`` and ``samples`` for zscale, ``a``
        for a stretch that has one. See `skyloom.arms.xmm.stretches.stretch`.
    pool : `skyloom.prefetch.Pool`, optional
        Blocks are read and stretched on its threads, ahead of their use.

    Yields
    ------
    (n, H, W, 1) float32 array
        The same for any number of threads.
    """
    stretches.check_pair(parameters["interval"], parameters["stretch"])

    def work(block):
        return stretches.stretch(block, **parameters)[..., None]

    yield from in_order(pool, work, one_ahead(pool, read_rates(paths, inventory)))


def _shown(parameters, units):
    """What a pixel holds, and its unit: an interval and a stretch leave none."""
    if parameters.get("interval", "none") == "none":
        return {"shows": "count rate", "image_units": units}
    shown = "from the least (0) to the largest (1) of its interval, then stretched"
    return {"shows": f"count rate {shown}; the interval is each image's own"}


def _pixel_scale(inventory, factor):
    """Size of a pixel after rebinning, where the images state it and lie on the sky."""
    if "pixel_scale" not in inventory.colnames or inventory["pixel_scale"].unit is None:
        return {}
    # Of all images alike; of those that state none it is taken for the others'.
    stated = np.asarray(inventory["pixel_scale"], np.float64)
    if not len(stated := stated[np.isfinite(stated)]):
        return {}
    unit = str(inventory["pixel_scale"].unit)
    return {"pixel_scale": float(np.median(stated)) * factor, "pixel_scale_unit": unit}


def description(inventory, rate_files, variant, parameters, seed):
    """Everything but the images that `skyloom.datasets.write` wants, as its keyword arguments."""
    if not len(inventory):
        raise InputError(
            "The inventory lists no good image, so there is no dataset to make: see rejects.ecsv "
            "beside it for the reasons."
        )
    # With more blocks than images some files are empty.
    for path in rate_files:
        with open_hdf5(path, need=["images"]) as file:
            shape = (*file["images"].shape[1:], 1)
            factor, method = int(file.attrs["rebin"]), str(file.attrs["rebin_method"])
            units = str(file["images"].attrs["units"])
        if shape[0]:
            break
    return {
        "count": len(inventory),
        "kind": "images",
        "shape": shape,
        "dtype": np.float32,
        # Few distinct values, as in the rates: half the size and packed 1.7 times faster without.
        "shuffle": False,
        "target": np.asarray(inventory["obs_class"], np.int64),
        "name": "obs_class",
        "units": "",
        "columns": {
            "id": np.asarray(inventory["obs_id"]).astype(str),
            "obs_class": np.asarray(inventory["obs_class"], np.int64),
            "exposure": np.asarray(inventory["exposure"], np.float64),
        },
        "attributes": {
            "variant": variant,
            "parameters": parameters,
            "seed": seed,
            "synthetic": bool(inventory.meta["synthetic"]),
            "rebin": factor,
            "rebin_method": method,
            "origin": "lower",
            "column_units": {"exposure": "s"},
            **_shown(parameters, units),
            **_pixel_scale(inventory, factor),
        },
    }
