"""Numbers on logarithmic axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def round_numbers(low, high):
    """Round numbers between two positive ones, in steps as wide as give three."""
    decades = 10.0 ** np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    for steps in ((1.0,), (1.0, 3.0), (1.0, 2.0, 5.0), (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0)):
        ticks = np.sort(np.outer(decades, steps).ravel())
        ticks = ticks[(ticks >= low) & (ticks <= high)]
        if len(ticks) >= 3:
            return ticks
    ticks = MaxNLocator(4).tick_values(low, high)
    return ticks[(ticks >= low) & (ticks <= high)]


def plain(axis, limits: tuple[float, float], written: Callable):
    """Numbers instead of powers of ten on a logarithmic axis, a few whatever its length.

    Parameters
    ----------
    axis : matplotlib.axis.Axis
        ``axes.xaxis`` or ``axes.yaxis``.
    limits : (float, float)
        Of it, final.
    written : callable
        A number as it stands there.
    """
    axis.set_major_locator(FixedLocator(round_numbers(*limits)))
    axis.set_major_formatter(lambda value, _: written(value))
    axis.set_minor_locator(NullLocator())


def plain_ticks(axis: Axes):
    """Numbers instead of powers of ten on a logarithmic y axis of few decades.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
        Its limits are final.
    """
    plain(axis.yaxis, axis.get_ylim(), "{:g}".format)
