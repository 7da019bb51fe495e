"""What the arms' charts have in common beyond their look: see `skyloom.report.charts`."""

from html import escape

import numpy as np
from bokeh.models import HoverTool, Slope, Whisker

from skyloom.report import charts


def hover(made, rows, renderers, **options):
    """What the pointer says of some marks alone: names and Bokeh's fields.

    Bokeh's own tooltips have names in a blue too light to read.
    """
    lines = "".join(
        f'<div><span style="color:{charts.SOFT}">{escape(name)}{" " if name else ""}</span>'
        f"{field}</div>"
        for name, field in rows
    )
    said = f'<div style="color:{charts.INK};font:13px/1.45 system-ui,sans-serif">{lines}</div>'
    made.add_tools(HoverTool(tooltips=said, renderers=renderers, **options))


def diagonal(made):
    """The line on which both axes are equal."""
    look = {"line_color": charts.SOFT, "line_dash": "dashed", "level": "underlay"}
    made.add_layout(Slope(gradient=1, y_intercept=0, **look))


def whiskers(made, source, base, lower, upper, *, dimension, colour):
    """Intervals of the points of a source; `dimension` is that of the bars: width or height."""
    ends = {"base": base, "lower": lower, "upper": upper, "dimension": dimension}
    bars = Whisker(source=source, line_color=colour, **ends)
    bars.upper_head = bars.lower_head = None
    made.add_layout(bars)


def legend_below(made):
    """Put the legend below, where it hides nothing, a line each: a phone is narrow."""
    legend = made.legend[0]
    legend.update(
        orientation="horizontal",
        ncols=1,
        label_text_font=made.xaxis[0].axis_label_text_font,
        label_text_font_size="12px",
        label_text_color=charts.INK,
        border_line_color=None,
        background_fill_color=None,
    )
    made.add_layout(legend, "below")


def spread(values, share=0.3):
    """Values that many points have, moved apart a little, the same way in every run.

    Parameters
    ----------
    values : (N,) array
        Where points stand.
    share : float, optional
        Of the smallest step between two values: how far points go to either side.

    Returns
    -------
    (N,) array
        `values` themselves where most differ.
    """
    values = np.asarray(values, dtype=float)
    different, place = np.unique(values, return_inverse=True)
    if len(different) < 2 or 4 * len(different) > len(values):
        return values
    moved = values.copy()
    reach = share * np.min(np.diff(different))
    for one in range(len(different)):
        own = np.flatnonzero(place == one)
        moved[own] += np.linspace(-reach, reach, len(own)) if len(own) > 1 else 0
    return moved
