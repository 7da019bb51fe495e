"""Which spectra are of the same object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

#: Spectra closer than this, in arcsec, are of one object: the fibres of SDSS see 3", of BOSS 2".
RADIUS = 2.0


def object_of(row: Mapping[str, Any], name: str) -> tuple[str, float, float]:
    """The object that a row of a table is about.

    Parameters
    ----------
    row : dict
        Values by the names of columns.
    name : str
        Of the spectrum, for an object that has neither number nor position.

    Returns
    -------
    object : str
        By THING_ID where it is above 0, BESTOBJID or OBJID (numbers of 64 bits; the five numbers
        of older tables are run, rerun, column, field and object, counted anew in each field), or
        by position to 0.1 arcsec.
    ra, dec : float
        Degrees, NaN where not stated.
    """
    pairs = ((row.get(a), row.get(d)) for a, d in (("PLUG_RA", "PLUG_DEC"), ("RA", "DEC")))
    known: tuple = next((pair for pair in pairs if _is_position(*pair)), (np.nan, np.nan))
    ra, dec = (float(value) for value in known)
    thing = _number(row.get("THING_ID"))
    if thing > 0:
        return f"thing-{thing}", ra, dec
    for key in ("BESTOBJID", "OBJID"):
        if (number := _number(row.get(key))) > 0:
            return f"objid-{number}", ra, dec
    return (f"{ra:09.5f}{dec:+09.5f}" if np.isfinite(ra) else f"spec-{name}"), ra, dec


def _is_position(ra, dec):
    # Tables have 0, 0 or -9999 where the position is not known.
    known = all(np.ndim(x) == 0 and np.asarray(x).dtype.kind in "fiu" for x in (ra, dec))
    return known and 0 <= ra <= 360 and -90 <= dec <= 90 and (ra, dec) != (0, 0)


def _number(value):
    if value is None or np.ndim(value) != 0:
        return 0
    text = str(value).strip()
    return int(text) if text.isascii() and text.isdigit() else 0


def group(
    keys: np.ndarray, ra: np.ndarray, dec: np.ndarray, *, radius: float = RADIUS
) -> np.ndarray:
    """One name for all spectra of an object.

    Spectra are of one object when their keys are equal or their positions agree, also by way of a
    third: an object has an OBJID in older files and a THING_ID in newer ones.

    Parameters
    ----------
    keys : (N,) array of str
        See `object_of`.
    ra, dec : (N,) float array
        Degrees; NaN where not known.
    radius : float, optional
        In arcsec.

    Returns
    -------
    (N,) array of str
        Of an object's keys the last in alphabetical order (thing-… before objid-… before a
        position): does not depend on the order of the spectra.
    """
    keys = np.asarray(keys, str)
    if not len(keys):
        return keys
    names, number = np.unique(keys, return_inverse=True)
    number = number.reshape(-1)
    pairs = number[_neighbours(np.asarray(ra, float), np.asarray(dec, float), radius)]
    links = coo_array((np.ones(len(pairs)), tuple(pairs.T)), shape=(len(names),) * 2)
    member = connected_components(links, directed=False)[1]
    # Names are sorted: the greatest number of a component is its last name.
    last = np.zeros(member.max() + 1, np.int64)
    np.maximum.at(last, member, np.arange(len(names)))
    return names[last[member[number]]]


def _neighbours(ra, dec, radius):
    """Pairs of rows closer than `radius` arcsec on the sky, directly or in a chain: (P, 2) ints."""
    known = np.flatnonzero(np.isfinite(ra) & np.isfinite(dec))
    if not len(known):
        return np.zeros((0, 2), np.int64)
    # Equal positions are linked in a chain: as pairs, n of them would be n² / 2.
    known = known[np.lexsort((dec[known], ra[known]))]
    same = (np.diff(ra[known]) == 0) & (np.diff(dec[known]) == 0)
    chain = np.stack([known[:-1][same], known[1:][same]], axis=1)
    known = known[np.concatenate(([True], ~same))]
    ra, dec = np.deg2rad(ra[known]), np.deg2rad(dec[known])
    points = np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=1)
    # The chord between two points on the unit sphere, exact also at the poles and at 0 h.
    chord = 2 * np.sin(np.deg2rad(radius / 3600) / 2)
    near = KDTree(points).query_pairs(chord, output_type="ndarray").reshape(-1, 2)
    return np.concatenate([chain, known[near]])
