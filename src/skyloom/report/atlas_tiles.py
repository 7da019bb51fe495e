"""Pictures of the atlas as bytes: what the networks were shown, and maps in physical units.

A map is packed as an image of 8 bits that loses nothing more: 0 stands for no gas, 1 to 255 for
the logarithm of the value between the least and the largest of all maps of its channel.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from bokeh import palettes

from skyloom.draw import style
from skyloom.report.page import webp

#: Colour maps of the channels, as in the figures.
PALETTES = {channel: getattr(palettes, name)(256) for channel, name in style.PLANES.items()}
_EMPTY, _STEPS = 0, 254


def colours(channel):
    """The (256, 3) table of BGR colours of a channel; black where there is nothing."""
    palette = [bytes.fromhex(colour[1:7]) for colour in PALETTES[channel]]
    table = np.array([list(reversed(colour)) for colour in palette], dtype=np.uint8)
    table[0] = 0
    return table


def strip(images: list[np.ndarray], channels: list[tuple[str | None]], size: int) -> str:
    """A galaxy's variants side by side, as one picture.

    Parameters
    ----------
    images : list of (H, W, 3) uint8 array
        RGB; row index is y, upwards.
    channels : list of (str or None)
        The channel that a variant shows alone, drawn in that channel's colours; None for colours
        as they are.
    size : int
        Side of each, pixels.

    Returns
    -------
    str
        A data address of WebP.
    """
    tiles = [_tile(image, channel, size) for image, channel in zip(images, channels, strict=True)]
    return webp(np.concatenate(tiles, axis=1), quality=80)


def _tile(image, channel, size):
    shown = np.ascontiguousarray(image[::-1])
    # Colours are chosen after shrinking: means of colours are no colours of the map.
    shown = cv2.resize(shown, (size, size), interpolation=_shrinking(shown.shape[0], size))
    return colours(channel)[shown[..., 0]] if channel in PALETTES else shown[..., ::-1]


def _shrinking(side, size):
    return cv2.INTER_AREA if size < side else cv2.INTER_NEAREST


def rebinned(maps: np.ndarray, statistics: Sequence[str], bins: int) -> np.ndarray:
    """Maps on fewer, larger pixels.

    Parameters
    ----------
    maps : (3, B, B) array
        Entropy, mass, temperature.
    statistics : sequence of str
        Of each: sums are added, means weighted by mass.
    bins : int
        A divisor of B.

    Returns
    -------
    (3, bins, bins) float64 array
        Not a number where there is no gas.
    """
    factor = maps.shape[1] // bins

    def added(values):
        return values.reshape(bins, factor, bins, factor).sum(axis=(1, 3))

    maps = np.asarray(maps, dtype=np.float64)
    mass = maps[1]
    # Where the mass itself is a mean it still says where gas is.
    total = added(mass)
    empty = total <= 0
    weight = np.where(empty, 1.0, total)
    result = np.stack(
        [
            added(plane) if statistic == "sum" else added(plane * mass) / weight
            for plane, statistic in zip(maps, statistics, strict=True)
        ]
    )
    result[:, empty] = np.nan
    return result


def quantised(logarithms, low, high):
    """Maps as 8 bits: (C, B, B) logarithms between `low` and `high` (C,), upwards, become one."""
    low, high = (np.asarray(limit, dtype=float)[:, None, None] for limit in (low, high))
    span = np.where(high > low, high - low, 1.0)
    steps = 1 + np.rint((logarithms - low) / span * (_STEPS))
    filled = np.where(np.isfinite(logarithms), np.clip(np.nan_to_num(steps), 1, 255), _EMPTY)
    return np.concatenate(list(filled.astype(np.uint8)), axis=0)


def packed(maps8):
    """An image of 8 bits as a data address that loses nothing."""
    return webp(cv2.cvtColor(maps8, cv2.COLOR_GRAY2BGR), quality=101)
