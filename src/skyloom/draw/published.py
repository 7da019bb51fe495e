"""Printed numbers beside ours, as a table to read: of every arm."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from skyloom.draw import style
from skyloom.io.columns import number, texts
from skyloom.judge.published import NOT_PRINTED

if TYPE_CHECKING:
    from astropy.table import Table
    from matplotlib.figure import Figure


_LINE, _LETTER = 0.21, 0.07  # inches: of a line, of a letter
_HOLDS = {"yes": style.GREEN, "no": style.ORANGE, "undecided": style.BLACK}
# Decimals from which a number is not as printed but worked out of such.
_WORKED_OUT = 6
_HEAD = 16  # letters of a column's head in a line


def cells(row):
    """A row's numbers as texts: ours with its interval, and what is printed.

    Ours has one decimal more than is printed; a dash for nothing; of a finding, whether it holds.
    """
    values = [number(row[name]) for name in ("ours", "low", "high", "printed")]
    ours, low, high, printed = values
    places = _decimals(printed) if np.isfinite(printed) else 3
    more = places + 1 if ours % 1 or (places and np.isfinite(printed)) else 0
    said = _fixed(ours, more)
    if np.isfinite([low, high]).all():
        said += f" [{_fixed(low, more)}, {_fixed(high, more)}]"
    holds = texts([row["holds"]])[0]
    as_printed = _fixed(printed, places) if np.isfinite(printed) or not holds else ""
    return said, ": ".join(filter(None, (as_printed, holds)))


def _decimals(value):
    places = len(f"{value:.10f}".rstrip("0").partition(".")[2])
    return places if places < _WORKED_OUT else 2


def _fixed(value, places):
    if not np.isfinite(value):
        return "–"
    # Adding nothing takes the sign from a zero.
    return style.signed(f"{round(value, places) + 0.0:,.{places}f}")


def groups(table: Table) -> dict[str, dict]:
    """Rows by where they are printed.

    Parameters
    ----------
    table : Table
        As `skyloom.judge.published.table` makes it.

    Returns
    -------
    dict of str to dict
        Of each group, in its order, rows by (quantity with its unit, model).
    """
    found = {}
    columns = [texts(table[name]) for name in ("group", "quantity", "unit", "model")]
    for group, quantity, unit, model, row in zip(*columns, table, strict=True):
        name = f"{quantity} [{unit}]" if unit else quantity
        found.setdefault(group, {})[name, model or "not trained"] = row
    return found


@style.drawn
def published(table: Table, *, synthetic: bool) -> Figure:
    """What a document prints, beside ours: a block for each place where it is printed.

    Parameters
    ----------
    table : Table
        As `skyloom.judge.published.table` makes it. ``meta["notes"]``: texts that stand below.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
        Printed numbers are grey where ours may not be compared with them, with the reasons.
    """
    blocks = {name: _block(rows) for name, rows in groups(table).items()}
    width = max(7.2, *map(_width, blocks.values()))
    note = [line for text in _note(table) for line in textwrap.wrap(text, int(16.5 * width))]
    lines = 1.5 + 0.62 * len(note) + sum(map(_height, blocks.values()))
    title = f"Numbers of {table.meta['document']} and ours"
    figure = style.figure(width, _LINE * lines + 0.55, title=title, synthetic=synthetic)
    axes = figure.subplots()
    axes.set_axis_off()
    axes.set(xlim=(0, width), ylim=(lines, 0))
    place = {"weight": "bold", "va": "center", "fontsize": 8.5}
    axes.text(0, 0.5, "Ours / printed", color=style.SOFT, va="center", fontsize=8)
    y = 1.2
    for name, block in blocks.items():
        axes.plot([0, width], [y, y], color="#D0D0D0", lw=0.8)
        axes.text(0, y + 0.75, name, **place)
        _draw(axes, y + 1.5, *block)
        y += _height(block)
    axes.plot([0, width], [y, y], color="#D0D0D0", lw=0.8)
    axes.text(0, y + 0.4, "\n".join(note), va="top", fontsize=7.5, color=style.SOFT)
    return figure


def _block(rows):
    """Heads of columns, and lines: a label with a row of the table in each column.

    What there is less of, quantities or models, stands side by side, where every model has every
    quantity; all below each other otherwise.
    """
    quantities, models = (list(dict.fromkeys(names)) for names in zip(*rows, strict=True))
    if len(rows) < len(quantities) * len(models):
        return [""], [(f"{quantity}: {model}", [row]) for (quantity, model), row in rows.items()]
    if len(models) <= len(quantities):
        return models, [(name, [rows[name, model] for model in models]) for name in quantities]
    return quantities, [(model, [rows[name, model] for name in quantities]) for model in models]


def _columns(heads, lines):
    """Where the labels end; of each column, inches from its left edge to the stroke, and in all."""
    label = max(len(name) for name, _ in lines) + 2
    sizes = []
    for place, head in enumerate(heads):
        both = [tuple(map(len, cells(rows[place]))) for _, rows in lines]
        left, right = (max(sizes) + 2 for sizes in zip(*both, strict=True))
        wide = max(map(len, _wrapped(head).split("\n")))
        sizes.append((_LETTER * left, _LETTER * (max(left + right, wide) + 2)))
    return _LETTER * label, sizes


def _width(block):
    label, sizes = _columns(*block)
    return label + sum(size for _, size in sizes) + 0.2


def _height(block):
    heads, lines = block
    return 1.7 + _rows(heads) + len(lines)


def _rows(heads):
    return max(_wrapped(head).count("\n") + 1 for head in heads) if any(heads) else 0


def _wrapped(text):
    return "\n".join(textwrap.wrap(text, _HEAD))


def _draw(axes, y, heads, lines):
    look = {"va": "center", "fontsize": 8}
    x, sizes = _columns(heads, lines)
    deep = _rows(heads)
    for place, (head, (stroke, size)) in enumerate(zip(heads, sizes, strict=True)):
        axes.text(x + stroke, y + deep / 2 - 0.3, _wrapped(head), ha="center", **look)
        for number_, (label, rows) in enumerate(lines):
            line = y + deep + number_
            if place == 0:
                axes.text(0.1, line, label, **look)
            _cell(axes, x + stroke, line, rows[place], look)
        x += size


def _cell(axes, x, y, row, look):
    """Our number left of the stroke, the printed one right of it."""
    ours, said = cells(row)
    good, holds = bool(row["comparable"]), texts([row["holds"]])[0]
    axes.text(
        x - 0.07, y, ours, ha="right", color=style.FAINT if ours == "–" else style.BLACK, **look
    )
    axes.text(x, y, "/", ha="center", color=style.FAINT, **look)
    colour = _HOLDS.get(holds, style.BLUE) if good else style.FAINT
    axes.text(x + 0.07, y, said, ha="left", color=colour, **look)


def _note(table):
    """Texts that say what is grey and why, and what the document says twice."""
    reasons = (texts([row["reason"]])[0] for row in table if not row["comparable"])
    parts = dict.fromkeys(part for reason in reasons for part in reason.split("; ") if part)
    parts.pop(NOT_PRINTED, None)
    level = table.meta.get("level")
    said = [f"Brackets: {100 * level:g} % bootstrap intervals of ours."] if level else []
    said.append("–: not trained, undefined, or not printed.")
    if parts:
        said.append(f"Grey, not comparable: {style.shorten(parts, 8)}.")
    else:
        said.append("Made under the document's own choices.")
    return [" ".join(said), *map(str, table.meta.get("notes", []))]
