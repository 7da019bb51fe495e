"""Grades of images that nobody had graded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from skyloom.draw import style
from skyloom.io import columns
from skyloom.learn.known_region import FLAG

if TYPE_CHECKING:
    from astropy.table import Table
    from matplotlib.figure import Figure

_COLUMNS = 6


@style.drawn
def prediction(table: Table, pictures: dict[str, np.ndarray], *, synthetic: bool) -> Figure:
    """Scores of all images, and some images as the network saw them.

    Parameters
    ----------
    table : Table
        As `skyloom.arms.xmm.prediction.predict` makes it.
    pictures : dict of (H, W) array
        By file.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
    """
    count = len(table)
    flag = columns.texts(table[FLAG])
    far = flag != "-"
    title = f"Grades of {count} image{'' if count == 1 else 's'} by {table.meta['model']}"
    if table.meta["synthetic_training"] and not synthetic:
        title += ", which learnt from synthetic ones"
    lines = -(-len(pictures) // _COLUMNS)
    figure = style.figure(9.6, 2.6 + 1.75 * lines, title=title, synthetic=synthetic)
    grid = figure.add_gridspec(1 + lines, _COLUMNS, height_ratios=[1.3, *[1.0] * lines])
    axes = figure.add_subplot(grid[0, :])
    score = np.asarray(table["score"], float)
    order = np.argsort(score, kind="stable")
    place = np.arange(count)
    for chosen, colour, name in (
        (~far[order], style.BLUE, "like the network's training images"),
        (far[order], style.ORANGE, "unlike them, or of other pixels: not to be trusted"),
    ):
        if chosen.any():
            axes.plot(place[chosen], score[order][chosen], "o", color=colour, ms=4, label=name)
    axes.axhline(0.5, color=style.GREY, lw=0.8)
    axes.set(xlim=(-1, max(count, 2)), ylim=(-0.03, 1.03), ylabel="score (bad: 1)")
    axes.set(xticks=[], xlabel="images, by score")
    axes.legend(loc="upper left", fontsize=7.5)
    rows = {str(name): row for row, name in enumerate(table["file"])}
    for number, (name, picture) in enumerate(pictures.items()):
        panel = figure.add_subplot(grid[1 + number // _COLUMNS, number % _COLUMNS])
        panel.imshow(picture, origin="lower", cmap="magma", interpolation="nearest")
        panel.set_axis_off()
        row = rows[name]
        last = name.rpartition("/")[2]
        last = last if len(last) <= 20 else f"{last[:19]}…"
        said = f"{last}\n{score[row]:.2f}"
        look = {"color": style.ORANGE} if far[row] else {}
        panel.set_title(f"{said} {flag[row].strip('-')}", fontsize=6.5, **look)
    return figure
