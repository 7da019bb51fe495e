"""Which images of a folder can be used, and why the others cannot.

Blocks of files are inspected one by one (`inspect`), each into two tables; `merge` then sees what
no block can: the camera, band, pixel size and frame that most images have, observations that occur
twice, and rows of the observation table that no image belongs to. Every file of the folder ends up
in the inventory, in the rejects, or, where it is named EXPMAP, OEXPMP or BKGMAP or serves as an
exposure map, in neither.
"""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from astropy import units

from skyloom.arms.xmm import exposure_maps, images, observations, products, selection
from skyloom.errors import InputError
from skyloom.io import inventory as inventories

if TYPE_CHECKING:
    from astropy.table import Table

    from skyloom.arms.xmm.observations import Observations

_COLUMNS = {"file": str, "obs_id": str, "obs_class": "i8", "exposure": "f8"}
_COLUMNS |= {"height": "i8", "width": "i8", "camera": str, "band": str, "pixel_scale": "f8"}
_COLUMNS |= {"coordinates": str, "exposure_map": str, "synthetic": bool}
# What stands in a table for no text: ECSV reads an empty text back as a missing one.
_NOTHING = selection.NOTHING
#: The camera of the images to which the exposures that `observations.cameras_of` adds belong.
_EXPOSED = {"sum": "EP", "pn": "PN", "mos1": "M1", "mos2": "M2"}
_REJECTS = {"file": str, "reason": str, "obs_id": str}


def listing(folder: str | Path, *, table: str | Path | None = None) -> tuple[list[str], list[str]]:
    """The files of a folder, at any depth, sorted.

    Parameters
    ----------
    folder : str or Path
    table : str or Path, optional
        The observation table, which may lie in the folder and is no image.

    Returns
    -------
    files, maps : list of str
        Paths below the folder, with ``/``: candidates for images (whatever their names end in) and
        exposure or background maps by their names; those named so in one word that is not the
        pipeline's (``_exp``, ``exp-im``) are in both. Files that begin with a dot belong to the
        system and are left out.

    Raises
    ------
    InputError
        If the folder does not exist.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder: set xmm.images to the folder of EPIC images.")
    table = os.path.realpath(table) if table else None
    files, maps = [], []
    for parent, folders, inside in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in inside:
            path = os.path.join(parent, name)
            if not name.startswith(".") and os.path.realpath(path) != table:
                below = Path(path).relative_to(folder).as_posix()
                if products.is_left_out(name) or products.is_exposure_map(name):
                    maps.append(below)
                if not products.is_left_out(name):
                    files.append(below)
    return sorted(files), sorted(maps)


def _exposure(file, image, row, maps, folder, options):
    """Exposure in seconds and the map's name, as configured."""
    if options["exposure"] == "table":
        _check_camera(file, image, options["camera"])
        cameras = observations.cameras_of(options["camera"])
        total = sum(row.exposure[camera] for camera in cameras)
        if total <= 0:
            raise InputError(
                f"{file}: the row of observation {image.observation} has no exposure above 0 for "
                f"{' + '.join(cameras)}."
            )
        return total, ""
    if options["exposure"] == "header":
        return images.seconds(image.exposure, f"{file}: its header"), ""
    name = exposure_maps.find_map(file, image, maps)
    exposed, stated = images.read_stated_map(Path(folder) / name)
    exposure_maps.check_map(file, image, name, stated)
    images.divide_by_map(image.counts, exposed, name=name)
    # The map's peak is the time on the axis, where nothing is vignetted.
    return float(exposed.max()), name


def _camera(image):
    """The camera; sums of all are named EP and may have the header of the first that went in."""
    own = image.stated.camera
    return own.name if own.name == "EP" else str(own)


def _check_camera(file, image, wanted):
    own = _camera(image)
    if own and own != _EXPOSED[wanted]:
        fitting = next(name for name, camera in _EXPOSED.items() if camera == own)
        raise InputError(
            f"{file} is an image of {' + '.join(observations.cameras_of(fitting))}, but xmm.camera "
            f"is {wanted}, whose exposure is another: set it to {fitting}, or xmm.exposure to "
            "header."
        )


def _row(file, folder, table, maps, options):
    if not (products.is_fits(file) or images.READERS.recognise(Path(folder) / file)):
        raise InputError(
            f"{file} is not an image: its name does not end in {', '.join(products.SUFFIXES[:1])}, "
            ".fits.gz or .FTZ."
        )
    products.check_name(file)
    image = images.read_image(Path(folder) / file)
    if not image.observation:
        raise InputError(f"{file} names no observation, neither by OBS_ID nor in its name.")
    row = table.rows.get(image.observation)
    if row is None:
        raise InputError(f"{file}: {table.name} has no row for observation {image.observation}.")
    if row.obs_class is None:
        raise InputError(
            f"{file}: the OBS_CLASS of observation {image.observation} in {table.name} is "
            f"{row.given_class}, not one of 0 to 5."
        )
    exposure, exposure_map = _exposure(file, image, row, maps, folder, options)
    height, width = image.counts.shape
    grid = image.stated.grid
    return {
        "file": file,
        "obs_id": image.observation,
        "obs_class": row.obs_class,
        "exposure": exposure,
        "height": height,
        "width": width,
        "camera": _camera(image) or _NOTHING,
        "band": selection.band_text(image.stated.band or products.named_band(file)),
        "pixel_scale": np.nan if grid.scale is None else round(grid.scale, 6),
        "coordinates": grid.kind or _NOTHING,
        "exposure_map": exposure_map or _NOTHING,
        "synthetic": image.synthetic,
    }


def inspect(
    folder: str | Path,
    files: Sequence[str],
    maps: Sequence[str],
    table: Observations,
    options: dict,
) -> Iterator[dict]:
    """Look at files one by one.

    Parameters
    ----------
    folder : str or Path
    files, maps : sequence of str
        Paths below the folder; see `listing`.
    table : `skyloom.arms.xmm.observations.Observations`
    options : dict
        ``exposure`` ('header', 'table' or 'map') and ``camera`` ('sum', 'pn', 'mos1' or 'mos2':
        which exposures of the table are added).

    Yields
    ------
    dict
        A good file's row (file, obs_id, obs_class, exposure, height, width, camera, band in keV,
        pixel_scale in arcsec, coordinates, exposure_map, synthetic), or a reject: file, reason and
        the obs_id that it seems to have.
    """
    # Where maps are used they are no images that nobody wants.
    used = frozenset(maps) if options["exposure"] == "map" else ()
    maps = exposure_maps.Maps(maps)

    def look(file):
        return _row(file, folder, table, maps, options)

    for file in files:
        if file in used:
            continue
        (found,) = inventories.inspect(look, [file], folder=folder)
        if isinstance(found, inventories.Reject):
            claimed = images.claimed_observation(Path(folder) / file)
            found = {**found._asdict(), "obs_id": claimed or _NOTHING}
        yield found


def _table(rows, columns):
    table = inventories.table([[row[name] for name in columns] for row in rows], columns)
    if "exposure" in columns:
        table["exposure"].unit = units.s
    return table


def tables(rows):
    """The good rows and the rejects of `inspect` as two tables."""
    rows = list(rows)
    good = [row for row in rows if "reason" not in row]
    bad = [row for row in rows if "reason" in row]
    return _table(good, _COLUMNS), _table(bad, _REJECTS)


def _rows(parts):
    return [dict(zip(part.colnames, row, strict=True)) for part in parts for row in part]


def common_frame(rows, size=None):
    """The frame, (height, width): `size`, or that of most rows (of equally many, the larger)."""
    if size is not None:
        return int(size[0]), int(size[1])
    # Images of one observation and one size count once: all but one of them will be rejected.
    sizes = {(str(row["obs_id"]), int(row["height"]), int(row["width"])) for row in rows}
    counted = Counter((height, width) for _, height, width in sizes)
    return max(counted, key=lambda shape: (counted[shape], shape[0] * shape[1]))


def _fitting(rows, size, smaller, lost):
    """The rows whose images fit a frame; the others go to `lost` with the reason."""
    fitting = []
    for row in rows:
        shape = int(row["height"]), int(row["width"])
        try:
            images.check_frame(shape, size, smaller=smaller, name=str(row["file"]))
            fitting.append(row)
        except InputError as error:
            lost.append({"file": str(row["file"]), "reason": str(error)})
    return fitting


def merge(
    tables: Sequence[Table], rejects: Sequence[Table], table: Observations, frame: dict
) -> tuple[Table, Table]:
    """One inventory and one list of rejects from those of all blocks.

    Parameters
    ----------
    tables, rejects : sequence of Table
        Of the blocks, as `tables` makes them.
    table : `skyloom.arms.xmm.observations.Observations`
    frame : dict
        ``size``: (height, width) or None for the most frequent; ``smaller``: 'reject' or 'pad'.

    Returns
    -------
    inventory : Table
        file, obs_id, obs_class, exposure (s), height, width, camera, band (keV), pixel_scale
        (arcsec), and exposure_map where maps are used, sorted by obs_id, all of one kind (see
        `skyloom.arms.xmm.selection`);
        ``meta["frame"]`` is [height, width], ``meta["synthetic"]`` whether any image is.
    rejects : Table
        file, reason, sorted; rows of the table stand under the table's name.

    Raises
    ------
    InputError
        If no image is left.
    """
    rows = sorted(_rows(tables), key=lambda row: str(row["file"]))
    lost = _rows(rejects)
    claimed = {str(row["obs_id"]) for row in (*rows, *lost)}
    if frame["size"] is not None:
        # Images that do not fit have no say in which kind the others are.
        rows = _fitting(rows, frame["size"], frame["smaller"], lost)
    rows, unlike = selection.one_of_each(rows)
    lost += [{"file": str(row["file"]), "reason": reason} for row, reason in unlike]
    if not rows:
        raise _nothing_left(lost)
    size = common_frame(rows, frame["size"])
    rows = _fitting(rows, size, frame["smaller"], lost)
    files, observed = ([str(row[name]) for row in rows] for name in ("file", "obs_id"))
    keep, twice = inventories.first_of_each(observed, files, _again)
    lost += [one._asdict() for one in twice]
    lost += [{"file": table.name, "reason": reason} for reason in _rows_without_use(table, claimed)]
    if not rows:
        raise _nothing_left(lost)
    rows = sorted(itertools.compress(rows, keep), key=lambda row: str(row["obs_id"]))
    mapped = any(row["exposure_map"] != _NOTHING for row in rows)
    unused = {"synthetic", "coordinates"} | (set() if mapped else {"exposure_map"})
    inventory = _table(rows, {name: _COLUMNS[name] for name in _COLUMNS if name not in unused})
    if all(row["coordinates"] in ("sky", _NOTHING) for row in rows):
        inventory["pixel_scale"].unit = units.arcsec
    inventory.meta.update(frame=list(size), synthetic=any(bool(row["synthetic"]) for row in rows))
    listed = sorted((str(row["file"]), str(row["reason"])) for row in lost)
    return inventory, inventories.rejects(listed, synthetic=inventory.meta["synthetic"])


def _again(file, earlier, observation):
    return (
        f"{file} is a second image of observation {observation}, after {earlier}: keep one an "
        "observation."
    )


def summary(inventory, rejects):
    """How many images can be used, in a line, and how many of them do not state their pixels."""
    line = f"{len(inventory)} images can be used, {len(rejects)} lines of rejects"
    if silent := int(np.isnan(inventory["pixel_scale"]).sum()):
        line += f"; {silent} of the images state no pixel size, which is taken for the others'"
    return line


def _rows_without_use(table, claimed):
    """Why rows of the observation table serve nothing; rows with a bad image are told there."""
    yield from (f"{reason} in {table.name}." for _, reason in table.rejects)
    for observation, row in table.rows.items():
        if observation not in claimed:
            reason = f"Observation {observation} of {table.name} has no image"
            if row.obs_class is None:
                reason += f", and its OBS_CLASS is {row.given_class}, not one of 0 to 5"
            yield f"{reason}."


def _nothing_left(lost):
    keys = "xmm.images, xmm.observations and xmm.exposure"
    reasons = [(row["file"], row["reason"]) for row in lost]
    return inventories.nothing_left(reasons, of="images", folder="xmm.images", keys=keys)
