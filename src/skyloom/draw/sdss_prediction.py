"""What a trained network says of a folder of spectra."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from skyloom.arms.sdss.classes import PROBABILITIES
from skyloom.draw import sdss_labels as labels_
from skyloom.draw import style
from skyloom.io import columns
from skyloom.learn.known_region import FLAG, UNLIKE

if TYPE_CHECKING:
    from astropy.table import Table
    from matplotlib.figure import Figure


_NAMED = 40  # spectra that can be named one by one


@style.drawn
def prediction(table: Table, *, model, synthetic: bool) -> Figure:
    """Probabilities of every spectrum, sorted, and how many are called what.

    Parameters
    ----------
    table : Table
        ``id``, ``predicted`` and ``p_galaxy``, ``p_qso``, ``p_star``; ``class`` of the file,
        where it has one; ``flag``, which says `unlike` of what the network cannot know.
    model : (network, split)
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
        Few spectra are named, a bar each; of many the probabilities stand beside each other. A
        cross or dark tick marks those whose file says another class; the names of those that the
        network cannot know are red.
    """
    title = f"Predicted classes of {labels_.counted(len(table))} by {labels_.model_name(*model)}"
    if table.meta.get("synthetic_training") and not synthetic:
        title += ", which learnt from synthetic ones"
    if not len(table):
        return style.nothing("no spectrum could be used", title=title, synthetic=synthetic)
    order, chances = _sorted(table)
    table = table[order]
    own = columns.texts(table["class"]) if "class" in table.colnames else np.full(len(table), "")
    other = (own != "") & (own != columns.texts(table["predicted"]))
    if len(table) <= _NAMED:
        size = 7.4, 0.21 * len(table) + 1.8
        figure = style.figure(*size, title=title, synthetic=synthetic)
        _named(figure.subplots(), table, chances, own, other)
    else:
        figure = style.figure(9.0, 3.9, title=title, synthetic=synthetic)
        _many(figure.subplots(), chances, other)
    _legend(figure, table, other, own)
    return figure


def _sorted(table):
    """Rows by predicted class, the surest first, and their probabilities (N, 3)."""
    chances = np.stack([columns.numbers(table[name]) for name in PROBABILITIES], axis=1)
    said = columns.texts(table["predicted"])
    places = {name: place for place, name in enumerate(labels_.CLASSES)}
    number = np.array([places.get(name, len(places)) for name in said])
    sure = np.nan_to_num(chances).max(axis=1)
    order = np.lexsort((-sure, number))
    return order, np.nan_to_num(chances[order])


def _named(axes, table, chances, own, other):
    left = np.zeros(len(table))
    rows = np.arange(len(table))
    for name, share in zip(labels_.CLASSES, chances.T, strict=True):
        axes.barh(rows, share, 0.82, left, color=labels_.class_colour(name), linewidth=0)
        left += share
    axes.set_yticks(rows, [str(name) for name in table["id"]], fontsize=7)
    unlike = _unlike(table)
    for row, name in enumerate(axes.get_yticklabels()):
        name.set_color(style.RED if unlike[row] else style.BLACK)
    for row in rows:
        text = labels_.class_name(own[row]) if own[row] else "–"
        look = {"weight": "bold"} if other[row] else {"color": style.SOFT}
        text = f"× {text}" if other[row] else text
        axes.text(1.015, row, text, va="center", fontsize=7, **look)
    axes.text(1.015, -1.0, "file says", va="center", fontsize=7, style="italic")
    axes.set(xlim=(0, 1), ylim=(len(table) - 0.5, -1.4))
    axes.set_xlabel("Probability")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def _unlike(table):
    """Which spectra the network cannot know."""
    if FLAG not in table.colnames:
        return np.zeros(len(table), bool)
    return columns.texts(table[FLAG]) == UNLIKE


def _many(axes, chances, other):
    edges = np.arange(len(chances) + 1) - 0.5
    below = np.zeros(len(chances))
    for name, share in zip(labels_.CLASSES, chances.T, strict=True):
        colour = labels_.class_colour(name)
        axes.stairs(below + share, edges, baseline=below, fill=True, color=colour, rasterized=True)
        below = below + share
    marked = np.flatnonzero(other)
    look = {"ls": "none", "marker": "|", "ms": 6, "mew": 0.7, "color": style.BLACK}
    axes.plot(marked, np.full(len(marked), 1.035), clip_on=False, rasterized=True, **look)
    axes.set(xlim=(edges[0], edges[-1]), ylim=(0, 1.07))
    axes.set_yticks(np.linspace(0, 1, 6))
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    axes.set_xlabel("Spectra, by predicted class, the surest first")
    axes.set_ylabel("Probability")


def _legend(figure, table, other, own):
    said = columns.texts(table["predicted"])
    handles = [
        Patch(
            color=labels_.class_colour(name),
            label=f"{labels_.class_name(name)} ({(said == name).sum():,} called so)",
        )
        for name in labels_.CLASSES
    ]
    if (own != "").any():
        named = len(table) <= _NAMED
        look = {"marker": "x" if named else "|", "ls": "none", "color": style.BLACK, "ms": 6}
        text = f"file says another class ({other.sum():,} of {(own != '').sum():,})"
        handles.append(Line2D([], [], label=text, **look))
    if unlike := int(_unlike(table).sum()):
        look = {"ls": "none", "marker": "s", "ms": 5, "color": style.RED}
        text = f"unlike what it learnt from ({unlike:,} of {len(table):,})"
        handles.append(Line2D([], [], label=text, **look))
    style.below(figure, handles, ncols=min(len(handles), 4))
