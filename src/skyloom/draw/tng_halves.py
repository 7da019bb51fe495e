"""How much of every variant's pictures two halves of a galaxy's cells have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from skyloom.draw import style

if TYPE_CHECKING:
    from astropy.table import Table
    from matplotlib.figure import Figure


@style.drawn
def halves(table: Table, *, synthetic: bool) -> Figure:
    """Correlation of the two halves' pictures, a row a variant.

    Parameters
    ----------
    table : Table
        As `skyloom.arms.tng.halves.measure` makes it.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
    """
    names = [str(name) for name in table["variant"]]
    count = int(np.max(table["galaxies"])) if len(table) else 0
    title = f"How much of the picture is galaxy? Two halves of the cells of {count} galaxies"
    figure = style.figure(8.0, 0.36 * len(names) + 1.7, title=title, synthetic=synthetic)
    axes = figure.subplots()
    for position, (name, row) in enumerate(zip(names, table, strict=True)):
        if np.ma.is_masked(row["half_r"]):
            axes.text(0.02, position, "one value alone", fontsize=8, va="center")
            continue
        value = float(row["half_r"])
        error = style.bars(row["half_r"], row["half_low"], row["half_high"])
        ends = np.zeros((2, 1)) if error is None else error
        look = {"fmt": "o", "ms": 7, "lw": 2.2, "color": style.variant_colour(name)}
        axes.errorbar(value, position, xerr=error, **look)
        # Beside the interval, on the side where there is room.
        left = value > 0.8
        shift = -0.02 - ends[0, 0] if left else 0.02 + ends[1, 0]
        place = {"ha": "right" if left else "left", "va": "center", "fontsize": 8}
        axes.text(value + shift, position, f"{value:.2f}", color=style.SOFT, **place)
    axes.set_yticks(range(len(names)), [style.variant_label(name) for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlim(min(-0.05, axes.get_xlim()[0]), 1.02)
    axes.axvline(0, color=style.GREY, lw=0.8)
    axes.grid(axis="x", **style.GRID)
    level = 100 * float(table.meta["level"])
    axes.set_xlabel(f"Pearson r of the pixels of both halves, mean with its {level:g} % interval")
    return figure
