"""The table of observations: which there are, how good each image is, how long it was exposed."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.table import Table

from skyloom.arms.xmm.classes import CLASSES
from skyloom.arms.xmm.images import observation_id
from skyloom.errors import InputError
from skyloom.io import fits_limits, fits_stream

#: Names of the columns, tried in order without regard to case. The first are those of the list of
#: observations that comes with 4XMM (``4xmmdr9_obslist.fits``), the ``ONTIME`` ones those of the
#: catalogue of detections itself.
COLUMNS = {
    "observation": ["OBS_ID", "OBSID", "OBSERVATION_ID", "OBSERVATION"],
    "obs_class": ["OBS_CLASS", "OBSCLASS", "CLASS"],
    "pn": ["PN_TEXP", "PN_EXPOSURE", "PN_ONTIME", "EXP_PN", "PN"],
    "mos1": ["M1_TEXP", "M1_EXPOSURE", "MOS1_EXPOSURE", "M1_ONTIME", "EXP_M1", "M1", "MOS1"],
    "mos2": ["M2_TEXP", "M2_EXPOSURE", "MOS2_EXPOSURE", "M2_ONTIME", "EXP_M2", "M2", "MOS2"],
}
# The list of all observations has some 10 MB.
_MOST_BYTES = 1 << 30
CAMERAS = ("pn", "mos1", "mos2")


@dataclass(frozen=True)
class Row:
    """One observation of the table."""

    obs_class: int | None  # None where the table's value is no class
    given_class: str  # as the table has it, for messages
    exposure: dict  # camera -> seconds, 0.0 where there is none


@dataclass(frozen=True)
class Observations:
    """The rows by observation, and what is wrong with others."""

    name: str  # of the table's file
    rows: dict  # observation -> Row, each observation's first
    rejects: list  # (observation, reason) of rows that cannot be used whatever the images


def _read_table(path):
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path} does not exist: set xmm.observations to the observation table.")
    name = path.name.lower().removesuffix(".gz")
    formats = {".csv": "ascii.csv", ".ecsv": "ascii.ecsv"}
    known = formats.get(Path(name).suffix, "fits")
    try:
        if known != "fits":
            return Table.read(path, format=known)
        with fits_stream.opened(path) as stream:
            content = stream.read(_MOST_BYTES)
        if card := fits_limits.card_beyond_limits(content):
            raise ValueError(f"{card} is more than FITS allows")
        return Table.read(io.BytesIO(content), format="fits", hdu=1)
    except InputError as error:
        sentence = str(error).rstrip(".")
        raise InputError(f"{sentence}, or correct xmm.observations.") from error
    except Exception as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise InputError(
            f"{path} is not a readable FITS, CSV or ECSV table ({reason}): check xmm.observations."
        ) from error


def _column(table, aliases, *, key, path, needed):
    present = {name.upper(): name for name in reversed(table.colnames)}
    for alias in aliases:
        if alias.upper() in present:
            return table[present[alias.upper()]]
    if needed:
        raise InputError(
            f"{path} has none of the columns {', '.join(aliases)}: "
            f"name yours in xmm.columns.{key} (it has {', '.join(table.colnames)})."
        )
    return None


def _class(value):
    """An OBS_CLASS as a whole number of 0 to 5, or None."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return int(number) if number in CLASSES else None


def _seconds(value):
    """A camera's exposure; 0 where it did not observe, which tables write in several ways."""
    if value is np.ma.masked:
        return 0.0
    try:
        number = float(value)
    except (TypeError, ValueError):
        return 0.0
    return number if np.isfinite(number) and number > 0 else 0.0


def cameras_of(camera):
    """The cameras whose exposures are added up: ``sum`` means all three."""
    return CAMERAS if camera == "sum" else (camera,)


def read_observations(
    path: str | Path, columns: dict | None = None, *, cameras: Sequence[str] = ()
) -> Observations:
    """Read an observation table.

    Parameters
    ----------
    path : str or Path
        FITS (first extension), CSV or ECSV.
    columns : dict, optional
        Aliases of each column, as `COLUMNS`; missing keys keep those.
    cameras : sequence of str
        Those whose exposure columns must be there.

    Returns
    -------
    Observations

    Raises
    ------
    InputError
        If the table cannot be read or lacks a needed column.
    """
    aliases = {**COLUMNS, **(columns or {})}
    table = _read_table(path)
    needed = {"observation", "obs_class", *cameras}
    found = {
        key: _column(table, names, key=key, path=path, needed=key in needed)
        for key, names in aliases.items()
    }
    rows, rejects = {}, []
    for number in range(len(table)):
        given = found["observation"][number]
        observation = "" if given is np.ma.masked else observation_id(given)
        if not observation or observation == "nan":
            rejects.append(("", f"Row {number + 1} has no observation identifier"))
        elif observation in rows:
            rejects.append(
                (observation, f"Row {number + 1} lists observation {observation} a second time")
            )
        else:
            value = found["obs_class"][number]
            exposure = {
                camera: 0.0 if found[camera] is None else _seconds(found[camera][number])
                for camera in CAMERAS
            }
            text = "missing" if value is np.ma.masked else str(value)
            valid = None if value is np.ma.masked else _class(value)
            rows[observation] = Row(valid, text, exposure)
    return Observations(name=Path(path).name, rows=rows, rejects=rejects)
