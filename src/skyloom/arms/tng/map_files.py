"""Reading map files back, in order and in blocks, joined to their galaxies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from astropy.table import vstack

from skyloom.arms.tng import labels, variants
from skyloom.errors import InputError
from skyloom.io.files import check_numbers, open_hdf5
from skyloom.prefetch import in_order, one_ahead

if TYPE_CHECKING:
    from astropy.table import Table

    from skyloom.prefetch import Pool

#: Galaxies read and rendered at a time, for maps of 256 pixels a side; fewer of larger ones.
BLOCK = 8


class MapBlock(NamedTuple):
    """Some galaxies' maps, with what their images need to know."""

    snapshot: int
    subhalo_id: np.ndarray  # (n,)
    maps: np.ndarray  # (n, C, H, W)
    width: float
    scale_factor: float
    hubble: float


def read_maps(
    paths: Iterable[str | Path], block: int = BLOCK, wanted: Callable | None = None
) -> Iterator[MapBlock]:
    """Maps of many files, in blocks.

    Parameters
    ----------
    paths : iterable of str or Path
    block : int
        Galaxies at a time at 256 pixels a side.
    wanted : callable, optional
        (snapshot, subhalo_id array) -> which of them to read, as booleans; all unless told.

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
            _check_maps(file, path)
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


def _check_maps(file, path):
    """Names of a file's channels; refuse one whose maps cannot be those of galaxies."""
    check_numbers(file["maps"], 4, path)
    check_numbers(file["subhalo_id"], 1, path)
    names = tuple(_attributes(file, path, ["channels"])["channels"])
    count, channels, height, width = file["maps"].shape
    if channels != len(names) or height != width or file["subhalo_id"].shape != (count,):
        raise InputError(
            f"{path} has maps of shape {file['maps'].shape} for {file['subhalo_id'].size} "
            "galaxies: remove it and make it again."
        )
    return names


def sources(paths: Iterable[str | Path], wanted: Iterable[str] = ()) -> dict:
    """Map files by the channels that each of their maps has.

    Parameters
    ----------
    paths : iterable of str or Path
    wanted : iterable of str
        Channels that there must be.

    Returns
    -------
    dict
        tuple of str -> list of path, in the order of `paths`.

    Raises
    ------
    InputError
        If a channel is in none of them, or a file's maps cannot be those of galaxies.
    """
    held = {}
    for path in paths:
        with open_hdf5(path, need=["maps", "subhalo_id"]) as file:
            held.setdefault(_check_maps(file, path), []).append(path)
    for name in wanted:
        if not any(name in channels for channels in held):
            raise InputError(
                f"The map files {', '.join(map(str, paths))} hold no map of the channel {name}: "
                "remove them and make them again."
            )
    return held


def channels_of(paths: Sequence[str | Path]) -> tuple[str, ...]:
    """Names of the channels that some map files all have.

    Raises
    ------
    InputError
        If they differ, or a file's maps cannot be those of galaxies.
    """
    (names, alike), *others = sources(paths).items()
    for _, (path, *_) in others:
        raise InputError(
            f"{path} has maps of other channels than {alike[0]}: remove both and make them again."
        )
    return names


def _attributes(file, path, names):
    """Attributes of a file of maps, of which those named must be there."""
    found = dict(file.attrs)
    missing = [name for name in names if name not in found]
    if missing:
        raise InputError(
            f"{path} lacks the attribute {', '.join(missing)}: remove it and make it again."
        )
    return found


def labelled(tables: Sequence[Table]) -> Table:
    """All galaxies that have a label, in the order of datasets.

    Parameters
    ----------
    tables : sequence of astropy.table.Table
        As `skyloom.arms.tng.selection.select` makes them, one a snapshot.

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


def _sample_blocks(paths, galaxies):
    """Blocks of maps of a sample's galaxies; an InputError where the two disagree."""
    snapshots, numbers = np.asarray(galaxies["snapshot"]), np.asarray(galaxies["subhalo_id"])

    def in_sample(snapshot, subhalo_id):
        return np.isin(subhalo_id, numbers[snapshots == snapshot])

    done = 0
    for block in read_maps(paths, wanted=in_sample):
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


def _channel_blocks(paths, galaxies, names):
    """Blocks with the channels of these names, from files of several side by side."""
    held = sources(paths, names)
    places = [name for channels in held for name in channels]
    order = [places.index(name) for name in names]
    for blocks in zip(*(_sample_blocks(own, galaxies) for own in held.values()), strict=True):
        maps = blocks[0].maps
        if places != list(names):
            maps = np.concatenate([block.maps for block in blocks], axis=1)[:, order]
        yield blocks[0]._replace(maps=maps)


def render_all(
    paths: Sequence[str | Path],
    galaxies: Table,
    maxima: dict,
    parameters: dict,
    *,
    signed: Sequence[str] = (),
    pool: Pool | None = None,
) -> Iterator[np.ndarray]:
    """Images of one variant for the galaxies of a sample.

    Parameters
    ----------
    paths : sequence of str or Path
        Map files of all channels of the variant; those of the same channels together hold every
        galaxy of the sample in its order, and others.
    galaxies : astropy.table.Table
        From `labelled`.
    maxima, parameters : dict
    signed : sequence of str
        See `skyloom.arms.tng.variants.render`.
    pool : `skyloom.prefetch.Pool`, optional
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
            signed=signed,
        )

    blocks = _channel_blocks(paths, galaxies, variants.channels(parameters))
    yield from in_order(pool, render, one_ahead(pool, blocks))


def map_totals(paths: Sequence[str | Path], galaxies: Table) -> np.ndarray:
    """Sum over the pixels of each map of the galaxies of a sample, in its order.

    Parameters
    ----------
    paths : sequence of str or Path
        Map files of the same channels.
    galaxies : astropy.table.Table
        From `labelled`.

    Returns
    -------
    (N, C) float64 array
        In the maps' units, in the order of the files' channels.

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


def most_star_forming(paths: Sequence[str | Path], galaxies: Table):
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


def description(galaxies, map_files, variant, parameters, seed):
    """Everything but the images that `skyloom.datasets.write` wants, as its keyword arguments."""
    kept, totals = ("width", "hubble", "inclination"), {}
    shown = variants.channels(parameters)
    for names, paths in sources(map_files, shown).items():
        totals.update(zip(names, map_totals(paths, galaxies).T, strict=True))
    with open_hdf5(map_files[0], need=["maps"]) as file:
        attributes = _attributes(file, map_files[0], ("synthetic", *kept))
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
            "map_totals": np.stack([totals[name] for name in shown], axis=1),
        },
        "attributes": {
            "variant": variant,
            "parameters": parameters,
            "seed": seed,
            "synthetic": bool(attributes["synthetic"]),
            "excluded_zero_sfr": galaxies.meta["excluded_zero_sfr"],
            "channels": list(shown),
            "ssfr_mass": galaxies.meta["ssfr_mass"],
            **{name: float(attributes[name]) for name in kept},
        },
    }
