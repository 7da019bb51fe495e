"""The article's numbers on the semantic autoencoder beside ours, as a table to read."""

import textwrap

import numpy as np

from skyloom.figures import semantic_labels as labels_
from skyloom.figures import style
from skyloom.figures.sdss_labels import FAINT, SOFT, number, texts

_LINE = 0.215  # inches
# Left or right edges of the columns.
_HEADS = {"model": 0.02, "ours": 0.56, "published": 0.78, "difference": 0.985}
_WIDTH = 8.4
_STATISTICS = {
    "sigma": "Dispersion (σ) of the test images",
    "bias": "Median of predicted − true",
    "failed": "Share of failed angles",
    "weights": "Trainable parameters (table 1)",
}


@style.drawn
def published(content, *, synthetic):
    """A row a printed number and model of ours, a statistic a group.

    Parameters
    ----------
    content : Table
        ``quantity``, ``statistic``, ``parameter``, ``unit``, ``model``, ``ours``, ``ours_low``,
        ``ours_high``, ``published``, ``difference``, ``comparable`` and ``reason``.
        ``meta["notes"]``: texts that stand below.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
        Printed numbers are grey where ours may not be compared with them.
    """
    groups = {}
    for row in content:
        groups.setdefault(str(row["statistic"]), []).append(row)
    note = _note(content)
    lines = len(content) + 1.7 * len(groups) + 1.9 + 0.62 * len(note)
    title = "Numbers of the article and ours"
    figure = style.figure(_WIDTH, _LINE * lines + 0.55, title=title, synthetic=synthetic)
    axes = figure.subplots()
    axes.set_axis_off()
    axes.set(xlim=(0, 1), ylim=(lines, 0))
    for name, x in _HEADS.items():
        text = {"published": "Article", "model": "Quantity, model"}.get(name, name.capitalize())
        side = "left" if name == "model" else "right"
        axes.text(x, 0.5, text, weight="bold", va="center", ha=side, fontsize=8.5)
    y = 1.2
    for statistic, rows in groups.items():
        axes.plot([0, 1], [y, y], color="#D0D0D0", lw=0.8)
        name = _STATISTICS.get(statistic, statistic)
        axes.text(0, y + 0.75, name, weight="bold", va="center", fontsize=8.5)
        y += 1.6
        for row in rows:
            _row(axes, y, row)
            y += 1
        y += 0.1
    axes.plot([0, 1], [y, y], color="#D0D0D0", lw=0.8)
    axes.text(0, y + 0.4, "\n".join(note), va="top", fontsize=7.5, color=SOFT)
    return figure


def _row(axes, y, row):
    look = {"va": "center", "fontsize": 8}
    model, parameter = (texts([row[key]])[0] for key in ("model", "parameter"))
    quantity = str(row["quantity"]).partition(" of ")[2]
    if parameter:
        quantity = quantity.replace(parameter, labels_.name(parameter), 1)
    axes.text(_HEADS["model"], y, f"{quantity}: {model or 'not trained'}", **look)
    kind = str(row["statistic"]), parameter
    ours, low, high, printed, apart = (
        number(row[name]) for name in ("ours", "ours_low", "ours_high", "published", "difference")
    )
    good = bool(row["comparable"])
    interval = ""
    if np.isfinite([low, high]).all():
        interval = f" [{_number(low, kind)}, {_number(high, kind)}]"
    colour = style.BLUE if good else FAINT
    cells = {
        "ours": (_number(ours, kind) + interval, style.BLACK),
        "published": (_printed(printed, kind), colour),
        "difference": (_number(apart, kind, sign=True), colour),
    }
    for name, (text, own) in cells.items():
        faint = FAINT if text == "–" else own
        axes.text(_HEADS[name], y, text, ha="right", color=faint, **look)


def _printed(value, kind):
    """A number with no more digits than the article gives it."""
    if kind[0] in ("weights", "failed") or not np.isfinite(value):
        return _number(value, kind)
    return style.signed(labels_.plain(value)) + ("°" if kind[1] == "angle" else "")


def _number(value, kind, *, sign=False):
    """A number of ours with a digit or two more than the article prints."""
    statistic, parameter = kind
    if not np.isfinite(value):
        return "–"
    plus = "+" if sign else ""
    if statistic == "weights":
        return style.signed(f"{int(value):{plus if value else ''},d}")
    if statistic == "failed":
        return style.signed(f"{100 * value:{plus}.1f} %")
    digits = {"scale": 6, "ellipticity": 5, "angle": 3}.get(parameter, 5)
    mark = "°" if parameter == "angle" else ""
    return style.signed(f"{value:{plus}.{digits}f}") + mark


def _note(content):
    """Lines that say what is grey and why, and what is printed twice."""
    grey = [texts([row["reason"]])[0] for row in content if not bool(row["comparable"])]
    parts = dict.fromkeys(part for text in grey for part in text.split("; ") if part)
    said = ["Brackets: bootstrap interval of ours. –: not trained, or undefined."]
    if parts:
        said.append(f"Grey, not comparable: {style.shorten(parts, 12)}.")
    said += [str(text) for text in content.meta.get("notes", [])]
    return [line for text in said for line in textwrap.wrap(text, int(16.5 * _WIDTH))]
