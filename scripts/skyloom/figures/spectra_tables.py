"""The documents' tables, the printed numbers beside ours."""

import textwrap

import numpy as np

from skyloom.figures import style

_GREYED, _FAINT = "#8A8A8A", "#B5B5B5"
_LINE = 0.21  # inches
_PLACES = {"ours": 0.52, "published": 0.68, "difference": 0.86}


@style.drawn
def table(content, *, title, synthetic):
    """Rows of quantities, ours beside the printed number.

    Parameters
    ----------
    content : Table
        ``quantity``, ``network``, ``ours``, ``published``, ``difference``, ``comparable`` and
        ``why_not``.
    title : str
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
        Printed numbers are grey where ours may not be compared with them, with the reasons below.
    """
    note = _note(content)
    groups = list(dict.fromkeys(str(row["network"]) for row in content))
    lines = len(content) + 1.4 * len(groups) + 3.2 + 0.8 * (note.count("\n") + 1)
    figure = style.figure(8.6, _LINE * lines + 0.5, title=title, synthetic=synthetic)
    axes = figure.subplots()
    axes.set_axis_off()
    axes.set(xlim=(0, 1), ylim=(lines, 0))
    for name, x in _PLACES.items():
        axes.text(x, 0.6, name.capitalize(), weight="bold", va="center", ha="right")
    y = 1.5
    for network in groups:
        y = _group(axes, y, network, [row for row in content if str(row["network"]) == network])
    axes.plot([0, 1], [y, y], color="#D0D0D0", lw=0.8)
    axes.text(0, y + 0.5, note, va="top", fontsize=7.5, color="#666666")
    return figure


def _group(axes, y, network, rows):
    axes.plot([0, 1], [y, y], color="#D0D0D0", lw=0.8)
    axes.text(0, y + 0.75, network, weight="bold", va="center", fontsize=8.5)
    y += 1.7
    for row in rows:
        axes.text(0.02, y, str(row["quantity"]), va="center", fontsize=8)
        for name, x in _PLACES.items():
            _cell(axes, x, y, row, name)
        y += 1
    return y - 0.3


def _cell(axes, x, y, row, name):
    colour = style.BLACK
    if name != "ours":
        colour = style.BLUE if bool(row["comparable"]) else _FAINT
    if np.ma.is_masked(row[name]) or not np.isfinite(float(row[name])):
        text, colour = "–", _FAINT
    else:
        text = style.signed(_number(float(row[name]), sign=name == "difference"))
    axes.text(x, y, text, va="center", ha="right", fontsize=8, color=colour)


def _number(value, *, sign):
    form = "+" if sign else ""
    return f"{value:{form}.1f}" if abs(value) >= 100 else f"{value:{form}.4f}"


def _note(content):
    grey = [row for row in content if not bool(row["comparable"])]
    reasons = list(
        dict.fromkeys(part for row in grey for part in str(row["why_not"]).split("; ") if part)
    )
    if not grey:
        return "Made under the document's choices."
    text = (
        f"Grey, not comparable: {style.shorten(reasons, 6)}."
        if reasons
        else "Grey: not comparable."
    )
    return "\n".join(textwrap.wrap(text, 125))
