"""What ``histogram2d.c`` does, in plain NumPy: slow, and the truth that it is tested against."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt


def project(
    coordinates: npt.ArrayLike,
    values: Sequence[npt.ArrayLike],
    *,
    statistics: Sequence[str],
    edges: np.ndarray,
    mass: npt.ArrayLike | None = None,
    centre: npt.ArrayLike = (0.0, 0.0, 0.0),
    box_size: float = 0.0,
    rotation: npt.ArrayLike | None = None,
    depth: float | None = None,
) -> np.ndarray:
    """The same as `skyloom.kernels.histogram2d.project`, with the same arguments.

    Returns
    -------
    (C, B, B) float64 array
    """
    offset = np.asarray(coordinates, dtype=np.float64) - np.asarray(centre, dtype=np.float64)
    if box_size:
        offset -= box_size * np.rint(offset / box_size)
    x, y, z = offset.T if rotation is None else np.asarray(rotation) @ offset.T
    kept = np.abs(z) <= (np.inf if depth is None else depth / 2.0)
    x, y = x[kept], y[kept]
    mass = np.ones(len(x)) if mass is None else np.asarray(mass, dtype=np.float64)[kept]

    def histogram(weights):
        return np.histogram2d(y, x, bins=[edges, edges], weights=weights)[0]

    norms = {"sum": 1.0, "mean": histogram(None), "mass_weighted_mean": histogram(mass)}
    maps = []
    for value, statistic in zip(values, statistics, strict=True):
        weights = np.asarray(value, dtype=np.float64)[kept]
        total = histogram(weights * mass if statistic == "mass_weighted_mean" else weights)
        norm = norms[statistic]
        maps.append(np.divide(total, norm, out=np.zeros_like(total), where=np.asarray(norm) > 0))
    return np.stack(maps)
