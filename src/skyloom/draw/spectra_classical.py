"""Errors of networks beside those of methods that need none, and beside what is possible."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from skyloom.arms.spectra.classical import METHODS
from skyloom.draw import spectra_labels, style
from skyloom.io import columns

if TYPE_CHECKING:
    from astropy.table import Table
    from matplotlib.figure import Figure


@style.drawn
def classical(table: Table, *, synthetic: bool) -> Figure:
    """Mean absolute errors on the same test spectra: a line a dataset, a panel a label.

    Parameters
    ----------
    table : Table
        As `skyloom.arms.spectra.classical_comparison.measure` makes it, with ``dataset``.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
    """
    datasets = list(dict.fromkeys(map(str, table["dataset"])))
    labels = list(dict.fromkeys(map(str, table["label"])))
    title = "Networks beside methods that need none, on the same test spectra"
    rows = max(len(_rows(table, name, labels[0])) for name in datasets)
    size = 2.6 + 2.5 * len(labels), (0.3 * rows + 0.7) * len(datasets) + 1.0
    figure = style.figure(*size, title=title, synthetic=synthetic)
    panels = figure.subplots(len(datasets), len(labels), squeeze=False, sharey="row")
    for line, dataset in zip(panels, datasets, strict=True):
        for axes, label in zip(line, labels, strict=True):
            _panel(axes, _rows(table, dataset, label), label)
        methods = [str(row["method"]) for row in _rows(table, dataset, labels[0])]
        names = [METHODS.get(name, name.replace("_", " ")) for name in methods]
        line[0].set_yticks(range(len(names)), names)
        line[0].set_ylim(len(names) - 0.4, -0.6)
        line[-1].text(
            *(1.02, 0.5, dataset),
            **{"rotation": 270, "va": "center", "transform": line[-1].transAxes},
        )
    for axes, label in zip(panels[-1], labels, strict=True):
        unit = spectra_labels.unit(label, _rows(table, datasets[0], label)[0]["unit"])
        axes.set_xlabel(f"error in {spectra_labels.symbol(label)} [{unit}]")
    level = style.intervals(table)
    note = (
        f"Mean absolute error with its {level}; dotted: the Cramér–Rao bound where there is noise"
    )
    figure.supxlabel(note, fontsize=8, color=style.SOFT)
    return figure


def _rows(table, dataset, label):
    chosen = (columns.texts(table["dataset"]) == dataset) & (columns.texts(table["label"]) == label)
    return table[chosen]


def _panel(axes, rows, label):
    for position, row in enumerate(rows):
        network = str(row["method"]) not in METHODS
        colour = style.ORANGE if network else style.BLUE
        error = style.bars(row["mae"], row["mae_low"], row["mae_high"])
        axes.errorbar(float(row["mae"]), position, xerr=error, fmt="o", ms=5, color=colour)
    bound = columns.number(rows[0]["bound"])
    if np.isfinite(bound):
        axes.axvline(bound, color=style.BLACK, ls=":", lw=1)
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    wide = LogLocator(subs=(1, 2, 5), numticks=5)
    axes.xaxis.set_major_locator(wide if high > 10 * low else MaxNLocator(4))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(axis="x", **style.GRID)
