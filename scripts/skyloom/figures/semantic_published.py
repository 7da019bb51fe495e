"""The article's numbers on the semantic autoencoder beside ours, as a table to read."""

import numpy as np

from skyloom.figures import printed, style
from skyloom.figures import semantic_labels as labels_
from skyloom.figures.style import FAINT
from skyloom.figures.table_cells import number, texts

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
        statistic = str(row["statistic"])
        groups.setdefault(_STATISTICS.get(statistic, statistic), []).append(row)
    named = {"published": "Article", "model": "Quantity, model"}
    heads = [
        (named.get(name, name.capitalize()), x, "left" if name == "model" else "right")
        for name, x in _HEADS.items()
    ]
    look = {"width": _WIDTH, "row": _row, "synthetic": synthetic}
    return printed.table(heads, groups, _note(content), **look)


def _row(axes, y, row):
    look = {"va": "center", "fontsize": 8}
    model, parameter = (texts([row[key]])[0] for key in ("model", "parameter"))
    quantity = str(row["quantity"]).partition(" of ")[2]
    if parameter:
        quantity = quantity.replace(parameter, labels_.name(parameter), 1)
    axes.text(_HEADS["model"], y, f"{quantity}: {model or 'not trained'}", **look)
    kind = str(row["statistic"]), parameter
    ours, low, high, theirs, apart = (
        number(row[name]) for name in ("ours", "ours_low", "ours_high", "published", "difference")
    )
    good = bool(row["comparable"])
    interval = ""
    if np.isfinite([low, high]).all():
        interval = f" [{_number(low, kind)}, {_number(high, kind)}]"
    colour = style.BLUE if good else FAINT
    cells = {
        "ours": (_number(ours, kind) + interval, style.BLACK),
        "published": (_printed(theirs, kind), colour),
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
    """Texts that say what is grey and why, and what is printed twice."""
    grey = [texts([row["reason"]])[0] for row in content if not bool(row["comparable"])]
    parts = dict.fromkeys(part for text in grey for part in text.split("; ") if part)
    said = ["Brackets: bootstrap interval of ours. –: not trained, or undefined."]
    if parts:
        said.append(f"Grey, not comparable: {style.shorten(parts, 12)}.")
    said += [str(text) for text in content.meta.get("notes", [])]
    return said
