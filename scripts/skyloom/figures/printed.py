"""Numbers that a document prints beside ours, as a table to read."""

import textwrap

from skyloom.figures import style
from skyloom.figures.style import SOFT

_LINE = 0.215  # inches


def table(heads, groups, note, *, width, row, synthetic):
    """Groups of rows under their names, and lines of text below.

    Parameters
    ----------
    heads : list of (str, float, str)
        What stands above a column, its edge (0 to 1), and which edge that is: left or right.
    groups : dict of str to list
        Rows of each group by its name.
    note : list of str
        Texts below, one a paragraph.
    width : float
        Inches.
    row : callable
        ``row(axes, y, row)`` writes a row.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
    """
    note = [line for text in note for line in textwrap.wrap(text, int(16.5 * width))]
    lines = sum(map(len, groups.values())) + 1.7 * len(groups) + 1.9 + 0.62 * len(note)
    title = "Numbers of the article and ours"
    figure = style.figure(width, _LINE * lines + 0.55, title=title, synthetic=synthetic)
    axes = figure.subplots()
    axes.set_axis_off()
    axes.set(xlim=(0, 1), ylim=(lines, 0))
    for text, x, side in heads:
        axes.text(x, 0.5, text, weight="bold", va="center", ha=side, fontsize=8.5)
    y = 1.2
    for name, rows in groups.items():
        axes.plot([0, 1], [y, y], color="#D0D0D0", lw=0.8)
        axes.text(0, y + 0.75, name, weight="bold", va="center", fontsize=8.5)
        y += 1.6
        for one in rows:
            row(axes, y, one)
            y += 1
        y += 0.1
    axes.plot([0, 1], [y, y], color="#D0D0D0", lw=0.8)
    axes.text(0, y + 0.4, "\n".join(note), va="top", fontsize=7.5, color=SOFT)
    return figure
