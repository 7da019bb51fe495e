"""The article's numbers beside ours, as a table to read."""

import numpy as np

from skyloom.figures import printed, style, table_cells
from skyloom.figures import sdss_labels as labels_
from skyloom.figures.sdss_scores import METRICS

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
        name = labels_.model_name(str(row["network"]), str(row["split"]))
        groups.setdefault(name, []).append(row)
    named = {"published": "Article", "ours": "Ours (test)"}
    heads = [
        (named.get(name, name.capitalize()), x, "left" if x < 0.3 else "right")
        for name, x in _HEADS.items()
    ]
    look = {"width": _WIDTH, "row": _row, "synthetic": synthetic}
    return printed.table(heads, groups, _note(content), **look)


def _row(axes, y, row):
    look = {"va": "center", "fontsize": 8}
    kind, metric = str(row["class"]), str(row["metric"])
    printed_as = table_cells.texts([row["as_printed"]])[0] if "as_printed" in row.colnames else ""
    text = labels_.class_name(kind)
    text += f" (printed: {labels_.class_name(printed_as)})" if printed_as else ""
    axes.text(_HEADS["class"], y, text, **look)
    axes.text(_HEADS["metric"], y, METRICS.get(metric, metric), **look)
    ours, low, high, theirs = (
        table_cells.number(row[name]) if name in row.colnames else np.nan
        for name in ("ours", "ours_low", "ours_high", "published")
    )
    good = bool(row["comparable"])
    known = np.isfinite([ours, low, high]).all()
    interval = f" [{low:.3f}, {high:.3f}]" if known else ""
    cells = {
        "ours": (_number(ours) + interval, style.BLACK),
        "published": (_number(theirs, 2), style.BLUE if good else style.FAINT),
        "difference": (_number(ours - theirs, sign=True), style.BLUE if good else style.FAINT),
    }
    for name, (text, colour) in cells.items():
        faint = style.FAINT if text == "–" else colour
        axes.text(_HEADS[name], y, text, ha="right", color=faint, **look)


def _number(value, digits=3, *, sign=False):
    if not np.isfinite(value):
        return "–"
    return style.signed(f"{value:{'+' if sign else ''}.{digits}f}")


def _note(content):
    """Texts that say what is grey and why, and what the article says twice."""
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
    return said
