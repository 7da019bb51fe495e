"""Images in their own units, and the maps that they were made of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units
from astropy.table import Table

from skyloom import encoding
from skyloom.arms.tng import galaxies
from skyloom.arms.tng.header import Header
from skyloom.arms.tng.images import largest_pixels
from skyloom.arms.tng.rotation import ORIENTATIONS
from skyloom.errors import InputError
from skyloom.io.files import check_numbers, open_hdf5

if TYPE_CHECKING:
    from skyloom.arms.tng.galaxies import Maps
    from skyloom.loaders.samples import Samples


def images(samples: Samples, rows: Sequence[int] | None) -> Any:
    """What the images of a dataset show, with units: see `skyloom.loaders.physical`."""
    said = samples.attributes
    values = samples.read(range(len(samples)) if rows is None else rows)
    if values.dtype != np.uint8:
        if "image_units" not in said:
            shown = said.get("shows", "not said")
            raise InputError(f"The {samples.kind} of {samples.path} have no unit ({shown}).")
        return {"image": values[..., 0] << galaxies.unit(said["image_units"])}
    if "encoding" not in said:
        raise InputError(
            f"{samples.path} does not say how its bytes go back to a unit (attribute encoding): an "
            "older Skyloom made it; make it again."
        )
    decoded, texts = encoding.decode(values, said["encoding"])
    names = [plane["channel"] for plane in said["encoding"]["planes"]]
    return {
        name: decoded[..., plane] << galaxies.unit(text)
        for plane, (name, text) in enumerate(zip(names, texts, strict=True))
    }


def maps(path: str | Path, rows: Sequence[int] | slice | None) -> Maps:
    """The maps of a file of maps: see `skyloom.loaders.maps`."""
    needed = (*Header._fields, "channels", "units", "width")
    with open_hdf5(path, need=("maps", "subhalo_id", "rotation", "orientation")) as file:
        said, stored = dict(file.attrs), file["maps"]
        if missing := [name for name in needed if name not in said]:
            raise InputError(f"{path} lacks the attribute {missing[0]}: make it again.")
        check_numbers(stored, 4, path)
        columns = [file[name][:] for name in ("subhalo_id", "rotation", "orientation")]
        if {len(stored), *map(len, columns)} != {len(stored)}:
            raise InputError(f"{path}: its columns are not of equal length: make it again.")
        chosen = np.arange(len(stored))[slice(None) if rows is None else rows].reshape(-1)
        values = np.empty((len(chosen), *stored.shape[1:]), np.float32)
        for place, row in enumerate(chosen):
            stored.read_direct(values, np.s_[row], np.s_[place])
    header = Header(*(said[name] for name in Header._fields))
    subhalo, rotation, orientation = (column[chosen] for column in columns)
    channels = tuple(map(str, said["channels"]))
    about = Table({"snapshot": [int(header.snapshot)] * len(chosen), "subhalo_id": subhalo})
    stated = tuple(galaxies.unit(str(text)) for text in said["units"])
    return galaxies.Maps(
        *(values, channels, stated),
        largest_pixels([values], channels, logarithmic_entropy=_logarithmic(channels, stated)),
        about,
        rotation,
        np.array(ORIENTATIONS, dtype=object)[orientation],
        float(said["width"]),
        header,
    )


def _logarithmic(channels, stated):
    """Whether an entropy is a logarithm, whose least filled pixel scales pictures too."""
    return any(
        name == "entropy" and isinstance(unit, units.function.FunctionUnitBase)
        for name, unit in zip(channels, stated, strict=True)
    )
