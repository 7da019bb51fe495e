"""What ``histogram2d.c`` does, in plain NumPy: slow, and the truth that it is tested against."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt


def _shares(at, radius, edges):
    """Share (N, B) of each cell between edges: 3/4 (1 - u^2) integrated by Gauss's two points."""
    at, radius = at[:, None], radius[:, None]
    low, high = np.maximum(edges[:-1], at - radius), np.minimum(edges[1:], at + radius)
    half = np.maximum(high - low, 0) / 2
    nodes = [(low + high) / 2 + sign * half / np.sqrt(3) for sign in (-1, 1)]
    return sum(0.75 * (1 - ((node - at) / radius) ** 2) * half / radius for node in nodes)


def project(
    coordinates: npt.ArrayLike,
    values: Sequence[npt.ArrayLike],
    *,
    statistics: Sequence[str],
    edges: np.ndarray,
    mass: npt.ArrayLike | None = None,
    density: npt.ArrayLike | None = None,
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
    rotation = np.eye(3) if rotation is None else np.asarray(rotation)
    half = np.inf if depth is None else depth / 2.0
    count = len(offset)
    mass = np.ones(count) if mass is None else np.asarray(mass, dtype=np.float64)
    if density is None:
        x, y, z = rotation @ offset.T
        kept = np.abs(z) <= half

        def histogram(weights):
            weights = None if weights is None else weights[kept]
            return np.histogram2d(y[kept], x[kept], bins=[edges, edges], weights=weights)[0]

    else:
        radius = np.cbrt(3 * mass / (4 * np.pi * np.asarray(density, dtype=np.float64)))
        x, y, z = rotation @ offset.T
        deep = _shares(z, radius, np.array([-half, half]))[:, 0]
        down, across = _shares(y, radius, edges), _shares(x, radius, edges)

        def histogram(weights):
            weights = np.ones(count) if weights is None else weights
            return np.einsum("n,ny,nx->yx", weights * deep, down, across)

    norms = {"sum": 1.0, "mean": histogram(None), "mass_weighted_mean": histogram(mass)}
    maps = []
    for value, statistic in zip(values, statistics, strict=True):
        weights = np.asarray(value, dtype=np.float64)
        total = histogram(weights * mass if statistic == "mass_weighted_mean" else weights)
        norm = norms[statistic]
        maps.append(np.divide(total, norm, out=np.zeros_like(total), where=np.asarray(norm) > 0))
    return np.stack(maps)
