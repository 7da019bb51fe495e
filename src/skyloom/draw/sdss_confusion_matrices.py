"""Confusion matrices of every network and split (figures 8 to 10)."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import matplotlib
import numpy as np

from skyloom.draw import sdss_labels as labels_
from skyloom.draw import style

if TYPE_CHECKING:
    from astropy.table import Table
    from matplotlib.figure import Figure

_CELL = "Blues"
#: What a matrix is divided by and what its diagonal is, in the document's order of metrics.
KINDS = {
    "accuracy": ("Share of all", "diagonal: adds up to the accuracy"),
    "precision": ("Share of those called so", "diagonal: precision"),
    "recall": ("Share of the true class", "diagonal: recall"),
}


def matrix(table: Table, model: str, names: Sequence[str]) -> np.ndarray:
    """Counts of one model: (true, predicted), in the order of `names`.

    Parameters
    ----------
    table : Table
        ``model``, ``true``, ``predicted`` and ``count``; pairs that are not there are none.
    model : str
    names : sequence of str

    Returns
    -------
    (C, C) int array
    """
    counts = np.zeros((len(names), len(names)), int)
    for row in table:
        if str(row["model"]) == model and not np.ma.is_masked(row["count"]):
            place = names.index(str(row["true"])), names.index(str(row["predicted"]))
            counts[place] += int(row["count"])
    return counts


def shares(counts: np.ndarray, kind: str) -> np.ndarray:
    """A confusion matrix divided by what one metric divides by; NaN where that is nothing.

    Parameters
    ----------
    counts : (C, C) array
        True class by predicted class.
    kind : {'accuracy', 'precision', 'recall'}

    Returns
    -------
    (C, C) array
    """
    counts = np.asarray(counts, dtype=float)
    axis = {"accuracy": None, "precision": 0, "recall": 1}[kind]
    total = counts.sum(axis=axis, keepdims=True)
    return np.divide(counts, total, out=np.full_like(counts, np.nan), where=total > 0)


@style.drawn
def confusions(
    table: Table,
    *,
    split: str | None = None,
    kinds: Sequence[str] = ("recall", "precision"),
    synthetic: bool,
) -> Figure:
    """Confusion matrices: a column a network, a row a split and metric.

    Parameters
    ----------
    table : Table
        ``model``, ``true``, ``predicted`` and ``count`` of the test side.
    split : str, optional
        This one only, as figures 8 to 10 have it; all unless told.
    kinds : sequence of str, optional
        Of `KINDS`.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
        Large: the share, which is also the colour. Small: the number of spectra.
    """
    models = {
        name: found
        for name, found in labels_.models_of(table).items()
        if split is None or found[1] == split
    }
    names = labels_.classes_of(table["true"], table["predicted"])
    heads, sides, cells = _layout(models, kinds, said=split is None)
    size = 1.5 + 0.25 * max(0, len(names) - 3)
    width = max(6.4, (size + 0.6) * len(heads) + 2.0)
    title = "Confusion matrices of the test side"
    title += f", {labels_.split_name(split)}" if split else ""
    height = (size + 0.42) * len(sides) + 1.3 + 0.17 * heads[0].count("\n")
    figure = style.figure(width, height, title=title, synthetic=synthetic)
    panels = figure.subplots(len(sides), len(heads), squeeze=False)
    shown = None
    for axes, (model, kind) in zip(panels.ravel(), cells, strict=True):
        if model is None:
            _nothing(axes, names)
            continue
        counts = matrix(table, model, names)
        shown = _draw(axes, counts, shares(counts, kind), names)
    for axes, text in zip(panels[:, 0], sides, strict=True):
        axes.set_ylabel(f"{text}\n\nTrue" if text else "True", fontsize=8)
    for axes, text in zip(panels[0], heads, strict=True):
        axes.set_title(text, fontsize=8.5)
    for axes in panels[-1]:
        axes.set_xlabel("Predicted")
    if shown is not None:
        style.colour_bar(figure, shown, panels, "Share", aspect=40, shrink=0.8)
    return figure


def _layout(models, kinds, *, said):
    """Heads of the columns, names of the rows, and (model, kind) of each cell, row by row.

    Networks stand beside each other; the metrics of a single one do.
    """
    networks = list(dict.fromkeys(network for network, _ in models.values()))
    splits = sorted({own for _, own in models.values()})
    found = {value: key for key, value in models.items()}
    name = {own: labels_.split_name(own) if said else "" for own in splits}
    if len(networks) == 1:
        head = labels_.network_name(networks[0])
        cells = [(found[networks[0], own], kind) for own in splits for kind in kinds]
        return (
            [f"{head}\n{_words(kind, 32)}" for kind in kinds],
            [name[own] for own in splits],
            cells,
        )
    rows = [(own, kind) for own in splits for kind in kinds]
    cells = [(found.get((network, own)), kind) for own, kind in rows for network in networks]
    heads = [labels_.network_name(network).replace(", ", ",\n") for network in networks]
    return heads, [f"{name[own]}\n{_words(kind)}".strip() for own, kind in rows], cells


def _words(kind, width=26):
    """What a matrix shows, in short lines."""
    what, diagonal = KINDS[kind]
    return "\n".join([*textwrap.wrap(what, width), *textwrap.wrap(f"({diagonal})", width)])


def _draw(axes, counts, share, names):
    cells = np.ma.masked_invalid(share)
    colours = matplotlib.colormaps[_CELL].with_extremes(bad="#EDEDED")
    shown = axes.imshow(cells, cmap=colours, vmin=0, vmax=1, origin="upper", aspect="equal")
    for (row, column), count in np.ndenumerate(counts):
        value = share[row, column]
        text = f"{value:.2f}" if np.isfinite(value) else "–"
        colour = "white" if np.isfinite(value) and value > 0.55 else style.BLACK
        place = {"ha": "center", "color": colour}
        weight = "bold" if row == column else "normal"
        axes.text(column, row - 0.02, text, va="bottom", fontsize=9, weight=weight, **place)
        axes.text(column, row + 0.08, f"{count:,}", va="top", fontsize=6.5, **place)
    _ticks(axes, names)
    return shown


def _ticks(axes, names):
    shown = [labels_.class_name(name) for name in names]
    axes.set_xticks(range(len(names)), shown, fontsize=7.5)
    axes.set_yticks(range(len(names)), shown, fontsize=7.5, rotation=90, va="center")
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _nothing(axes, names):
    axes.imshow(np.full((len(names), len(names)), 0.0), cmap="gray_r", vmin=0, vmax=1)
    _ticks(axes, names)
    middle = (len(names) - 1) / 2
    look = {"ha": "center", "va": "center", "color": style.FAINT, "style": "italic"}
    axes.text(middle, middle, "not trained", **look)
