"""The documents' numbers beside ours, as a table to read."""

import textwrap

import numpy as np

from skyloom.figures import spectra_labels as labels_
from skyloom.figures import style

_FAINT = "#B5B5B5"
LINE = 0.21  # inches
_PLACES = {"ours": 0.50, "published": 0.66, "difference": 0.82}
_WIDTH = 14.5  # characters an inch, of the note


def height(content, width):
    """Inches that `draw` needs.

    Parameters
    ----------
    content : Table
    width : float
        Inches.
    """
    return LINE * _lines(content, note(content, width))


def _lines(content, text):
    groups = len({str(row["network"]) for row in content})
    return len(content) + 1.4 * groups + 2.4 + 0.8 * (text.count("\n") + 1)


def draw(axes, content, width):
    """Rows of quantities, a network a group, ours beside the published number.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        To be filled.
    content : Table
        ``quantity``, ``network``, ``ours``, ``published``, ``difference``, ``comparable`` and
        ``reason``. Published numbers are grey where ours may not be compared with them.
    width : float
        Inches.
    """
    text = note(content, width)
    axes.set_axis_off()
    axes.set(xlim=(0, 1), ylim=(_lines(content, text), 0))
    for name, x in _PLACES.items():
        axes.text(x, 0.6, name.capitalize(), weight="bold", va="center", ha="right")
    y = 1.4
    for network in dict.fromkeys(str(row["network"]) for row in content):
        y = _group(axes, y, network, [row for row in content if str(row["network"]) == network])
    axes.plot([0, 1], [y, y], color="#D0D0D0", lw=0.8)
    axes.text(0, y + 0.4, text, va="top", fontsize=7.5, color="#666666")


def _group(axes, y, network, rows):
    axes.plot([0, 1], [y, y], color="#D0D0D0", lw=0.8)
    axes.text(0, y + 0.75, network, weight="bold", va="center", fontsize=8.5)
    y += 1.7
    for row in rows:
        axes.text(0.02, y, _quantity(str(row["quantity"])), va="center", fontsize=8)
        for name, x in _PLACES.items():
            _cell(axes, x, y, row, name)
        y += 1
    return y - 0.3


def _quantity(text):
    """A quantity that ends with a label's name has the label's symbol instead."""
    head, colon, label = text.rpartition(": ")
    return f"{head}: {labels_.axis(label)}" if colon else text


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
    if value == int(value):
        return f"{int(value):{form},d}"
    return f"{value:{form}.1f}" if abs(value) >= 100 else f"{value:{form}.4f}"


def note(content, width):
    """Why which rows are grey, in lines as wide as the figure."""
    grey = [row for row in content if not bool(row["comparable"])]
    if not grey:
        return "Published numbers are those of the document; this run's choices are the same."
    reasons = {part: None for row in grey for part in str(row["reason"]).split("; ") if part}
    text = f": {style.shorten(reasons, 8)}" if reasons else ""
    return "\n".join(textwrap.wrap(f"Grey, not comparable{text}.", int(_WIDTH * width)))
