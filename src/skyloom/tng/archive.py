"""Reading map files back, in order and in blocks, joined to their galaxies."""

from typing import NamedTuple

import numpy as np
from astropy.table import vstack

from skyloom.ahead import in_order, one_ahead
from skyloom.errors import InputError
from skyloom.io import check_numbers, open_hdf5
from skyloom.tng import labels, variants
from skyloom.tng.maps import CHANNELS

#: Galaxies read and rendered at a time, for maps of 256 pixels a side; fewer of larger ones.
BLOCK = 8
_GAS = len(CHANNELS)


class MapBlock(NamedTuple):
    """Some galaxies' maps, with what their images need to know."""

    snapshot: int
    subhalo_id: np.ndarray  # (n,)
    maps: np.ndarray  # (n, 3, H, W)
    width: float
    scale_factor: float
    hubble: float


def read_maps(paths, block=BLOCK, wanted=None, channels=_GAS):
    """Maps of many files, in blocks.

    Parameters
    ----------
    paths : iterable of str or Path
    block : int
        Galaxies at a time at 256 pixels a side.
    wanted : callable, optional
        (snapshot, subhalo_id array) -> which of them to read, as booleans; all unless told.
    channels : int
        How many a map has.

    Yields
    ------
    MapBlock
        In the order of the files and of the rows in them.

    Raises
    ------
    InputError
        If a file is damaged or holds values that are not finite.
    """
    for path in paths:
        with open_hdf5(path, need=["maps", "subhalo_id"]) as file:
            maps, attributes = file["maps"], file.attrs
            _check_maps(file, path, channels)
            snapshot, subhalo_id = int(attributes["snapshot"]), file["subhalo_id"][:]
            kept = np.arange(len(maps))
            if wanted is not None:
                kept = np.flatnonzero(wanted(snapshot, subhalo_id))
            count = max(1, block * 256**2 // maps.shape[-1] ** 2)
            for start in range(0, len(kept), count):
                rows = kept[start : start + count]
                stack = np.empty((len(rows), *maps.shape[1:]), maps.dtype)
                for place, row in enumerate(rows):
                    maps.read_direct(stack, np.s_[row], np.s_[place])
                if not np.isfinite(stack).all():
                    raise InputError(f"{path}: a map is not finite; remove it and make it again.")
                yield MapBlock(
                    snapshot,
                    subhalo_id[rows],
                    stack,
                    float(attributes["width"]),
                    float(attributes["scale_factor"]),
                    float(attributes["hubble"]),
                )


def _check_maps(file, path, number):
    """Refuse a file whose maps cannot be those of galaxies."""
    check_numbers(file["maps"], 4, path)
    check_numbers(file["subhalo_id"], 1, path)
    count, channels, height, width = file["maps"].shape
    if channels != number or height != width or file["subhalo_id"].shape != (count,):
        raise InputError(
            f"{path} has maps of shape {file['maps'].shape} for {file['subhalo_id'].size} "
            "galaxies: remove it and make it again."
        )


def _attributes(file, path, names):
    """Attributes of a file of maps, of which those named must be there."""
    found = dict(file.attrs)
    missing = [name for name in names if name not in found]
    if missing:
        raise InputError(
            f"{path} lacks the attribute {', '.join(missing)}: remove it and make it again."
        )
    return found


def labelled(tables):
    """All galaxies that have a label, in the order of datasets.

    Parameters
    ----------
    tables : sequence of astropy.table.Table
        As `skyloom.tng.selection.select` makes them, one a snapshot.

    Returns
    -------
    astropy.table.Table
        Snapshots descending, subhalo numbers rising; ``meta["excluded_zero_sfr"]`` counts the
        galaxies without star formation, which no logarithm describes.
    """
    ordered = sorted(tables, key=lambda table: -table.meta["snapshot"])
    galaxies = vstack(ordered, metadata_conflicts="silent")
    kept = galaxies[labels.usable(galaxies["ssfr"])]
    kept.meta["excluded_zero_sfr"] = len(galaxies) - len(kept)
    if not len(kept):
        raise InputError(
            "No selected galaxy forms stars, so there is nothing to learn: widen tng.selection."
        )
    return kept


def sample_blocks(paths, galaxies, pool, *, channels=_GAS):
    """Blocks of maps of a sample's galaxies, read ahead; an InputError where the two disagree.

    Parameters
    ----------
    paths, galaxies, pool
        As for `render_all`.
    channels : int
        How many a map has.

    Yields
    ------
    MapBlock
    """
    snapshots, numbers = np.asarray(galaxies["snapshot"]), np.asarray(galaxies["subhalo_id"])

    def in_sample(snapshot, subhalo_id):
        return np.isin(subhalo_id, numbers[snapshots == snapshot])

    done = 0
    for block in one_ahead(pool, read_maps(paths, wanted=in_sample, channels=channels)):
        expected = slice(done, done + len(block.subhalo_id))
        if (
            not np.array_equal(block.subhalo_id, numbers[expected])
            or not (snapshots[expected] == block.snapshot).all()
        ):
            raise InputError(
                f"The maps of snapshot {block.snapshot} do not follow the galaxy table: remove "
                "both and make them again."
            )
        done += len(block.subhalo_id)
        yield block
    if done != len(galaxies):
        raise InputError(
            f"The map files hold {done} of the sample's {len(galaxies)} galaxies: make the "
            "missing maps again."
        )


def render_all(paths, galaxies, maxima, parameters, *, pool=None):
    """Images of one variant for the galaxies of a sample.

    Parameters
    ----------
    paths : sequence of str or Path
        Map files; together they hold every galaxy of the sample in its order, and others.
    galaxies : astropy.table.Table
        From `labelled`.
    maxima, parameters : dict
        See `skyloom.tng.variants.render`.
    pool : `skyloom.ahead.Pool`, optional
        Blocks are read and rendered on its threads, ahead of their use.

    Yields
    ------
    (n, H, W, 3) uint8 array
        The same for any number of threads.

    Raises
    ------
    InputError
        If the map files and the sample disagree.
    """

    def render(block):
        return variants.render(
            block.maps,
            maxima,
            parameters,
            width=block.width,
            scale_factor=block.scale_factor,
            hubble=block.hubble,
        )

    yield from in_order(pool, render, sample_blocks(paths, galaxies, pool))


def map_totals(paths, galaxies):
    """Sum over the pixels of each map of the galaxies of a sample, in its order.

    Parameters
    ----------
    paths : sequence of str or Path
        Map files.
    galaxies : astropy.table.Table
        From `labelled`.

    Returns
    -------
    (N, 3) float64 array
        In the maps' units, in the order of `skyloom.tng.maps.CHANNELS`.

    Raises
    ------
    InputError
        If a galaxy of the sample has no map.
    """
    found = {}
    for path in paths:
        with open_hdf5(path, need=["totals", "subhalo_id"]) as file:
            check_numbers(file["totals"], 2, path)
            check_numbers(file["subhalo_id"], 1, path)
            snapshot = int(file.attrs["snapshot"])
            for subhalo, totals in zip(file["subhalo_id"][:], file["totals"][:], strict=True):
                found[snapshot, int(subhalo)] = totals
    names = zip(galaxies["snapshot"].tolist(), galaxies["subhalo_id"].tolist(), strict=True)
    wanted = list(names)
    missing = [name for name in wanted if name not in found]
    if missing:
        raise InputError(
            f"The map files lack {len(missing)} of the sample's {len(wanted)} galaxies, subhalo "
            f"{missing[0][1]} of snapshot {missing[0][0]} first: make the missing maps again."
        )
    return np.array([found[name] for name in wanted])


def most_star_forming(paths, galaxies):
    """The galaxy of some map files that forms the most stars.

    Parameters
    ----------
    paths : sequence of str or Path
        Map files of one snapshot.
    galaxies : astropy.table.Table
        That snapshot's galaxies, with ``subhalo_id`` and ``sfr``.

    Returns
    -------
    row : astropy.table.Row
        Of `galaxies`.
    maps : (3, H, W) array
    attributes : dict
        Of the file that holds it.

    Raises
    ------
    InputError
        If the files hold none of the galaxies.
    """
    for row in np.argsort(-np.asarray(galaxies["sfr"]), kind="stable"):
        for path in paths:
            with open_hdf5(path, need=["maps", "subhalo_id"]) as file:
                place = np.flatnonzero(file["subhalo_id"][:] == galaxies["subhalo_id"][row])
                if len(place):
                    return galaxies[row], file["maps"][place[0]], dict(file.attrs)
    raise InputError(
        f"The map files {', '.join(map(str, paths))} hold no selected galaxy: choose another "
        "tng.reference_snapshot."
    )


def description(galaxies, map_files, variant, parameters, seed, *, channels=_GAS):
    """Everything but the images that `skyloom.datasets.write` wants, as its keyword arguments.

    `channels` is how many a map of `map_files` has.
    """
    kept = ("width", "hubble", "inclination")
    with open_hdf5(map_files[0], need=["maps", "subhalo_id"]) as file:
        _check_maps(file, map_files[0], channels)
        attributes = _attributes(file, map_files[0], ("synthetic", "channels", *kept))
        height = file["maps"].shape[-1]
    return {
        "count": len(galaxies),
        "kind": "images",
        "shape": (height, height, 3),
        "dtype": np.uint8,
        "target": labels.label(galaxies["ssfr"]),
        "name": labels.NAME,
        "units": labels.UNIT,
        "columns": {
            "id": [
                labels.galaxy_id(*row)
                for row in zip(galaxies["snapshot"], galaxies["subhalo_id"], strict=True)
            ],
            "snapshot": np.asarray(galaxies["snapshot"], np.int64),
            "subhalo_id": np.asarray(galaxies["subhalo_id"], np.int64),
            "map_totals": map_totals(map_files, galaxies),
        },
        "attributes": {
            "variant": variant,
            "parameters": parameters,
            "seed": seed,
            "synthetic": bool(attributes["synthetic"]),
            "excluded_zero_sfr": galaxies.meta["excluded_zero_sfr"],
            "channels": attributes["channels"],
            "ssfr_mass": galaxies.meta["ssfr_mass"],
            **{name: float(attributes[name]) for name in kept},
        },
    }
