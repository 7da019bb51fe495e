"""Numbers of attention maps: on gas or beside it, and whether they know what was learnt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.stats import rankdata

from skyloom.io.columns import of_rows
from skyloom.judge import bootstrap, metrics

if TYPE_CHECKING:
    from astropy.table import Table

#: Regions of an image that shares are given of.
REGIONS = ("gas", "half_mass", "two_half_mass")


class Region(NamedTuple):
    """A part of one image."""

    inside: np.ndarray  # (H, H) bool
    area: float  # share of the pixels


def half_mass_radius(mass: np.ndarray) -> float:
    """Radius about the middle of the image that half of the projected mass lies within.

    Parameters
    ----------
    mass : (H, H) array
        Of each pixel.

    Returns
    -------
    float
        Pixels; NaN where there is no mass.
    """
    mass = np.asarray(mass, dtype=np.float64)
    if not mass.sum() > 0:
        return float("nan")
    radius = _radius(len(mass)).ravel()
    order = np.argsort(radius, kind="stable")
    grown = np.cumsum(mass.ravel()[order])
    return float(radius[order][np.searchsorted(grown, grown[-1] / 2)])


def _radius(side):
    offset = np.arange(side) + 0.5 - side / 2
    return np.hypot(offset[:, None], offset[None, :])


def regions(mass):
    """`REGIONS` of one image: pixels with gas, within one and two half-mass radii of the gas."""
    mass = np.asarray(mass)
    half = half_mass_radius(mass)
    radius = _radius(len(mass))
    found = {
        "gas": mass > 0,
        "half_mass": radius <= np.nan_to_num(half, nan=-1.0),
        "two_half_mass": radius <= np.nan_to_num(2 * half, nan=-1.0),
    }
    return {name: Region(inside, float(inside.mean())) for name, inside in found.items()}


def share(values: np.ndarray, inside: np.ndarray) -> float:
    """Share of a map's absolute values that lies in a region.

    Parameters
    ----------
    values : (h, h) array
        Its cells are larger than the pixels: each spreads evenly over them.
    inside : (H, H) bool array
        H is a multiple of h.

    Returns
    -------
    float
        NaN where the map is zero everywhere.
    """
    cells, pixels = len(values), len(inside)
    side = pixels // cells
    covered = inside.reshape(cells, side, cells, side).mean(axis=(1, 3))
    total = np.abs(values).sum()
    return float((np.abs(values) * covered).sum() / total) if total > 0 else float("nan")


def similarity(one, other):
    """Spearman's rank correlation of two maps' absolute values; NaN where one is constant.

    Notes
    -----
    Adebayo et al. 2018, section 4: a map that barely changes when what was learnt is replaced by
    random weights does not show what was learnt.
    """
    one, other = (rankdata(np.abs(values).ravel()) for values in (one, other))
    return metrics.pearson_r(one, other)


def per_galaxy(maps, random, found):
    """Shares and similarities of every galaxy.

    Parameters
    ----------
    maps : (n, h, h) array
    random : (heads, n, h, h) array
        The same by heads that learnt nothing.
    found : sequence of dict
        `regions` of each image.

    Returns
    -------
    dict
        Name -> (n,) array: of each region ``<region>_share``, ``<region>_random`` (mean over the
        random heads) and ``<region>_area``; and ``random_similarity`` (median over them).
    """
    rows = []
    for number, (values, own) in enumerate(zip(maps, found, strict=True)):
        row = {}
        for name, region in own.items():
            row[f"{name}_share"] = share(values, region.inside)
            row[f"{name}_random"] = np.mean([share(one[number], region.inside) for one in random])
            row[f"{name}_area"] = region.area
        row["random_similarity"] = np.median([similarity(values, one[number]) for one in random])
        rows.append(row)
    return {name: np.array([row[name] for row in rows], dtype=float) for name in rows[0]}


def summarise(cases: Sequence[tuple[str, str, dict, np.ndarray]], *, samples, level, seed) -> Table:
    """One row a case and method: mean shares with intervals from resampled groups.

    Parameters
    ----------
    cases : sequence of (str, str, dict, array)
        Case, method, columns of `per_galaxy`, and the independent group of each galaxy.
    samples, level, seed
        Of the bootstrap.

    Returns
    -------
    Table
        case, method, n_galaxies, n_groups; for each region the mean share, its interval, the share
        of random heads and that of the area (what attention spread evenly would have);
        random_similarity with its interval. Undefined numbers are masked.
    """
    options = {"samples": samples, "level": level, "seed": seed}
    names = [*(f"{region}_share" for region in REGIONS), "random_similarity"]
    rows = []
    for case, method, columns, groups in cases:
        row = {"case": case, "method": method, "n_galaxies": len(groups)}
        row["n_groups"] = len(np.unique(groups))
        for name in names:
            row[name] = _mean(columns[name])
            row[f"{name}_low"], row[f"{name}_high"] = _interval(columns[name], groups, **options)
        for region in REGIONS:
            for kind in ("random", "area"):
                row[f"{region}_{kind}"] = _mean(columns[f"{region}_{kind}"])
        rows.append(row)
    table = of_rows(rows)
    table.meta.update(level=float(level), samples=int(samples))
    return table


def _mean(values):
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


def _interval(values, groups, **options):
    """Percentile interval of a mean, groups resampled whole."""
    known = np.isfinite(values)
    nothing = np.zeros(known.sum())
    return bootstrap.interval(
        nothing, values[known], np.asarray(groups)[known], statistic=bootstrap.BIAS, **options
    )
