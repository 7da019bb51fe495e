"""Right answers of networks beside those of methods that need none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyloom.arms.sdss.classical import METHODS
from skyloom.draw import sdss_labels, style
from skyloom.io import columns

if TYPE_CHECKING:
    from astropy.table import Table
    from matplotlib.figure import Figure


@style.drawn
def classical(table: Table, *, synthetic: bool) -> Figure:
    """Share of right answers on the same test spectra, a panel a split.

    Parameters
    ----------
    table : Table
        As `skyloom.arms.sdss.classical.measure` makes it.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
    """
    splits = list(dict.fromkeys(columns.texts(table["split"])))
    title = "Networks beside methods that need none, on the same test spectra"
    rows = max(int((columns.texts(table["split"]) == split).sum()) for split in splits)
    figure = style.figure(
        3.2 + 3.0 * len(splits), 0.34 * rows + 1.5, title=title, synthetic=synthetic
    )
    panels = figure.subplots(1, len(splits), squeeze=False, sharey=True)[0]
    for axes, split in zip(panels, splits, strict=True):
        some = table[columns.texts(table["split"]) == split]
        for position, row in enumerate(some):
            colour = style.BLUE if str(row["method"]) in METHODS else style.ORANGE
            ends = (row["accuracy"], row["accuracy_low"], row["accuracy_high"])
            place = {"xerr": style.bars(*ends), "fmt": "o", "ms": 6, "lw": 2, "color": colour}
            axes.errorbar(float(row["accuracy"]), position, **place)
        axes.grid(axis="x", **style.GRID)
        count = int(some["spectra"][0])
        axes.set_title(f"split {sdss_labels.split_name(split)}, {count} spectra", fontsize=9)
        axes.set_xlabel("share of right answers")
        axes.set_xlim(None, 1.01)
        names = [str(name) for name in some["method"]]
    panels[0].set_yticks(
        range(len(names)), [METHODS.get(n, sdss_labels.network_name(n)) for n in names]
    )
    panels[0].set_ylim(len(names) - 0.4, -0.6)
    note = f"Bars: {style.intervals(table)}, objects resampled."
    figure.supxlabel(note, fontsize=8, color=style.SOFT)
    return figure
