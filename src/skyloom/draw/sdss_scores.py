"""Accuracy, precision, recall and F1 of every network, with intervals and printed numbers."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from skyloom.draw import sdss_labels as labels_
from skyloom.draw import style
from skyloom.io import columns

if TYPE_CHECKING:
    from astropy.table import Table
    from matplotlib.figure import Figure


METRICS = {"accuracy": "Accuracy", "precision": "Precision", "recall": "Recall", "f1": "F1"}
AVERAGE = "average"
OVERALL = "overall_accuracy"


@style.drawn
def scores(summary: Table, *, published: Table | None = None, synthetic: bool) -> Figure:
    """Metrics of each class and their average, the networks side by side.

    Parameters
    ----------
    summary : Table
        ``model``, ``network``, ``split``, ``class`` (``average`` among them) and each metric with
        ``_low`` and ``_high``, of the test side.
    published : Table, optional
        As `skyloom.judge.published.table` makes it; drawn as diamonds, grey where they may not be
        compared.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
        A row a metric, a column a split. Undefined values are left out.
    """
    models = labels_.models_of(summary)
    looks = labels_.network_looks(network for network, _ in models.values())
    splits = sorted({split for _, split in models.values()})
    names = [*labels_.classes_of([c for c in columns.texts(summary["class"]) if c != AVERAGE])]
    names.append(AVERAGE)
    printed = [] if published is None else _printed(published, looks, splits, names)
    note = _note(printed)
    wide = max(2.9, 0.55 * len(names) + 0.17 * len(names) * len(looks))
    width = max(7.2, wide * len(splits) + 1.0)
    lines = textwrap.wrap(note, int(15.5 * width))
    title = "Metrics of the test side, class by class"
    height = 1.75 * len(METRICS) + 1.5 + 0.15 * len(lines)
    figure = style.figure(width, height, title=title, synthetic=synthetic)
    panels = figure.subplots(len(METRICS), len(splits), squeeze=False, sharex=True, sharey="row")
    for line, metric in zip(panels, METRICS, strict=True):
        for axes, split in zip(line, splits, strict=True):
            _panel(axes, summary, metric, split, looks, names, printed)
        line[0].set_ylabel(METRICS[metric])
        _limits(line)
    for axes, split in zip(panels[0], splits, strict=True):
        axes.set_title(f"Training/test {labels_.split_name(split)}" if split else "")
    _legend(figure, summary, looks, printed, lines)
    return figure


def _printed(table, looks, splits, names):
    """Printed numbers that have a place in a panel: their rows, as dicts."""
    rows = []
    for row in table:
        one = dict(zip(("network", "split"), labels_.split_model(str(row["model"])), strict=True))
        one["metric"], _, one["class"] = str(row["quantity"]).partition(" of ")
        one["reason"], one["value"] = str(row["reason"]), columns.number(row["printed"])
        one["comparable"] = bool(row["comparable"])
        there = one["network"] in looks and one["split"] in splits
        there &= one["class"] in names and one["metric"] in METRICS
        if there and np.isfinite(one["value"]):
            rows.append(one)
    return rows


def _note(printed):
    parts = [p for row in printed if not row["comparable"] for p in row["reason"].split("; ")]
    parts = [part for part in dict.fromkeys(parts) if part]
    return f"Grey diamonds, not comparable: {style.shorten(parts, 6)}." if parts else ""


def _shift(place, count):
    """Where the network at a place stands beside the class's middle."""
    return (place - (count - 1) / 2) * 0.78 / max(count, 2)


def _panel(axes, summary, metric, split, looks, names, printed):
    texts = {key: columns.texts(summary[key]) for key in ("model", "class")}
    models = labels_.models_of(summary)
    for place, (network, look) in enumerate(looks.items()):
        shift = _shift(place, len(looks))
        own = {model for model, found in models.items() if found == (network, split)}
        for number, name in enumerate(names):
            rows = summary[np.isin(texts["model"], list(own)) & (texts["class"] == name)]
            if len(rows):
                _point(axes, number + shift, rows[0], metric, look)
        for row in printed:
            if (row["network"], row["split"], row["metric"]) == (network, split, metric):
                colour = look["color"] if row["comparable"] else style.FAINT
                style_ = {"marker": "D", "s": 34, "facecolor": "none", "edgecolor": colour}
                x = names.index(row["class"]) + shift + 0.05
                axes.scatter(x, row["value"], linewidths=1.3, zorder=4, **style_)
    axes.axvspan(len(names) - 1.5, len(names) - 0.5, color="#F4F4F4", zorder=0, lw=0)
    shown = [labels_.class_name(name) for name in names]
    axes.set_xticks(range(len(names)), shown)
    axes.set_xlim(-0.5, len(names) - 0.5)
    axes.tick_params(axis="x", length=0)
    axes.grid(axis="y", **style.GRID)
    for middle in range(len(names) - 1):
        axes.axvline(middle + 0.5, color="#E0E0E0", lw=0.8, zorder=0)


def _point(axes, x, row, metric, look):
    value, low, high = (columns.number(row[metric + end]) for end in ("", "_low", "_high"))
    if not np.isfinite(value):
        return
    bars = style.bars(value, low, high)
    axes.errorbar(x, value, yerr=bars, ms=4.5, lw=1.1, ls="none", zorder=3, **look)
    if metric == "accuracy" and OVERALL in row.colnames:
        right = columns.number(row[OVERALL])
        if np.isfinite(right):
            axes.plot([x - 0.09, x + 0.09], [right, right], color=look["color"], lw=1.6)


def _limits(line):
    low = min([axes.dataLim.y0 for axes in line if np.isfinite(axes.dataLim.y0)], default=0.0)
    bottom = max(0.0, np.floor(10 * (low - 0.04)) / 10)
    room = 0.05 * (1 - bottom)
    line[0].set_ylim(bottom - room, 1 + room)
    line[0].yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))


def _legend(figure, summary, looks, printed, lines):
    handles = [
        Line2D([], [], ls="none", ms=5, label=labels_.network_name(network), **look)
        for network, look in looks.items()
    ]
    if OVERALL in summary.colnames:
        text = "share of right answers (beside the average)"
        handles.append(Line2D([], [], color=style.BLACK, lw=1.6, label=text))
    if printed:
        look = {"marker": "D", "ms": 6, "mfc": "none", "mew": 1.3, "ls": "none"}
        grey = not any(row["comparable"] for row in printed)
        colour = style.FAINT if grey else style.BLACK
        text = "as printed in the article"
        handles.append(Line2D([], [], color=colour, label=text, **look))
    said = [style.intervals(summary, "Bars: {} % bootstrap intervals."), *lines]
    note = "\n".join(filter(None, said)) or None
    style.below(figure, handles, note=note, ncols=max(2, int(figure.get_figwidth() / 2.6)))
