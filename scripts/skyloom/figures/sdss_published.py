"""The article's numbers beside ours, as a table to read."""

import textwrap

import numpy as np

from skyloom.figures import sdss_labels as labels_
from skyloom.figures import style
from skyloom.figures.sdss_scores import METRICS

_LINE = 0.215  # inches
# Left or right edges of the columns, and their heads.
_HEADS = {"class": 0.02, "metric": 0.27, "ours": 0.62, "published": 0.8, "difference": 0.985}
_WIDTH = 7.6


@style.drawn
def published(content, *, synthetic):
    """A row a printed number, a model a group.

    Parameters
    ----------
    content : Table
        ``network``, ``split``, ``class``, ``metric``, ``ours``, ``published``, ``comparable`` and
        ``reason``, and ``ours_low``, ``ours_high`` where there are intervals. ``meta["notes"]``:
        texts that stand below, such as where the article contradicts itself.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
        Printed numbers are grey where ours may not be compared with them.
    """
    groups = {}
    for row in content:
        groups.setdefault((str(row["network"]), str(row["split"])), []).append(row)
    note = _note(content)
    lines = len(content) + 1.7 * len(groups) + 1.9 + 0.62 * len(note)
    title = "Numbers of the article and ours"
    figure = style.figure(_WIDTH, _LINE * lines + 0.55, title=title, synthetic=synthetic)
    axes = figure.subplots()
    axes.set_axis_off()
    axes.set(xlim=(0, 1), ylim=(lines, 0))
    for name, x in _HEADS.items():
        side = "left" if x < 0.3 else "right"
        text = {"published": "Article", "ours": "Ours (test)"}.get(name, name.capitalize())
        axes.text(x, 0.5, text, weight="bold", va="center", ha=side, fontsize=8.5)
    y = 1.2
    for (network, split), rows in groups.items():
        axes.plot([0, 1], [y, y], color="#D0D0D0", lw=0.8)
        name = labels_.model_name(network, split)
        axes.text(0, y + 0.75, name, weight="bold", va="center", fontsize=8.5)
        y += 1.6
        for row in rows:
            _row(axes, y, row)
            y += 1
        y += 0.1
    axes.plot([0, 1], [y, y], color="#D0D0D0", lw=0.8)
    axes.text(0, y + 0.4, "\n".join(note), va="top", fontsize=7.5, color=labels_.SOFT)
    return figure


def _row(axes, y, row):
    look = {"va": "center", "fontsize": 8}
    kind, metric = str(row["class"]), str(row["metric"])
    printed_as = labels_.texts([row["as_printed"]])[0] if "as_printed" in row.colnames else ""
    text = labels_.class_name(kind)
    text += f" (printed: {labels_.class_name(printed_as)})" if printed_as else ""
    axes.text(_HEADS["class"], y, text, **look)
    axes.text(_HEADS["metric"], y, METRICS.get(metric, metric), **look)
    ours, low, high, printed = (
        labels_.number(row[name]) if name in row.colnames else np.nan
        for name in ("ours", "ours_low", "ours_high", "published")
    )
    good = bool(row["comparable"])
    known = np.isfinite([ours, low, high]).all()
    interval = f" [{low:.3f}, {high:.3f}]" if known else ""
    cells = {
        "ours": (_number(ours) + interval, style.BLACK),
        "published": (_number(printed, 2), style.BLUE if good else labels_.FAINT),
        "difference": (_number(ours - printed, sign=True), style.BLUE if good else labels_.FAINT),
    }
    for name, (text, colour) in cells.items():
        faint = labels_.FAINT if text == "–" else colour
        axes.text(_HEADS[name], y, text, ha="right", color=faint, **look)


def _number(value, digits=3, *, sign=False):
    if not np.isfinite(value):
        return "–"
    return style.signed(f"{value:{'+' if sign else ''}.{digits}f}")


def _note(content):
    """Lines that say what is grey and why, and what the article says twice."""
    parts = [
        part
        for row in content
        if not bool(row["comparable"])
        for part in str(row["reason"]).split("; ")
        if part
    ]
    said = []
    if {"ours_low", "ours_high"} <= set(content.colnames):
        said.append("Brackets: bootstrap interval of ours. –: not trained, or undefined.")
    if parts:
        said.append(f"Grey, not comparable: {style.shorten(dict.fromkeys(parts), 8)}.")
    said += [str(text) for text in content.meta.get("notes", [])]
    return [line for text in said for line in textwrap.wrap(text, int(16.5 * _WIDTH))]
