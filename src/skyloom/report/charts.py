"""The look of the page's charts, which is that of the figures."""

from __future__ import annotations

from html import escape

from bokeh.models import HoverTool
from bokeh.plotting import figure

INK, SOFT, RULE = "#1b2330", "#566071", "#e3e7ee"
_FONT = "system-ui, Segoe UI, Roboto, DejaVu Sans, sans-serif"


def plot(*, height: int, x: str, y: str, tools: str = "", **options):
    """An empty chart as wide as there is room.

    Parameters
    ----------
    height : int
        CSS pixels.
    x, y : str
        What the axes show, with units.
    tools : str, optional
        Bokeh's tools. None that drags or scrolls: the page itself must scroll under a finger.
    **options
        As for ``bokeh.plotting.figure``.

    Returns
    -------
    bokeh.plotting.figure
    """
    made = figure(
        height=height,
        sizing_mode="stretch_width",
        min_width=240,
        tools=tools,
        toolbar_location=None,
        x_axis_label=x,
        y_axis_label=y,
        background_fill_color=None,
        border_fill_color=None,
        outline_line_color=None,
        **options,
    )
    made.grid.grid_line_color = RULE
    for axis in made.axis:
        axis.update(
            axis_line_color="#aab3c0",
            major_tick_line_color="#aab3c0",
            minor_tick_line_color=None,
            axis_label_text_font=_FONT,
            axis_label_text_font_size="13px",
            axis_label_text_font_style="normal",
            axis_label_text_color=INK,
            major_label_text_font=_FONT,
            major_label_text_font_size="12px",
            major_label_text_color=INK,
        )
    return made


def hover(made, rows) -> None:
    """What the pointer says of a mark: names and Bokeh's fields.

    Bokeh's own tooltips have names in a blue too light to read.
    """
    lines = "".join(
        f'<div><span style="color:{SOFT}">{escape(name)} </span>{field}</div>'
        for name, field in rows
    )
    said = f'<div style="color:{INK};font:13px/1.45 system-ui,sans-serif">{lines}</div>'
    made.add_tools(HoverTool(tooltips=said))
