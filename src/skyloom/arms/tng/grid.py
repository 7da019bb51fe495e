"""The grid of a map: its edges, and maps that are smaller than it."""

from __future__ import annotations

import numpy as np


def bin_edges(bins: int, width: float, rule: str = "exact") -> np.ndarray:
    """Edges of the map's bins, relative to the galaxy's centre.

    Parameters
    ----------
    bins : int
        Bins a side.
    width : float
        Side of the map, ckpc/h.
    rule : 'exact' or 'published'
        The thesis multiplies a cell's index by 0.99 before it is cut to an integer, so that its
        maps are 1 % too small and the last columns and rows stay empty.

    Returns
    -------
    array
        ``bins + 1`` edges; fewer with 'published', whose maps are filled up with zeros.
    """
    if rule == "exact":
        return np.linspace(-width / 2.0, width / 2.0, bins + 1)
    step = width / (0.99 * bins)
    inner = -width / 2.0 + step * np.arange(int(np.ceil(0.99 * bins)))
    return np.append(inner[inner < width / 2.0], width / 2.0)


def padded(filled, bins):
    """Maps (C, B, B) in single precision, filled up with zeros to `bins` a side."""
    shape = (len(filled), bins, bins)
    if filled.shape == shape:
        return filled.astype(np.float32)
    maps = np.zeros(shape, dtype=np.float32)
    maps[:, : filled.shape[1], : filled.shape[2]] = filled
    return maps
