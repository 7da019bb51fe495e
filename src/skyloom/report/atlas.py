"""Every test galaxy as the networks saw it, and its maps in physical units under the pointer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from bokeh.events import MouseMove, Tap
from bokeh.models import ColorBar, ColumnDataSource, CustomJS, Label, LogColorMapper

from skyloom.draw.tng_sample import round_length
from skyloom.report import atlas_data, atlas_tiles, charts, page, scatter, test_side

_TITLES = {"entropy": "Entropy", "mass": "Gas mass", "temperature": "Temperature"}
_SIDE = 200  # CSS pixels of a map
_WHITE = {"line_color": "white", "line_width": 3}


def sections(folder: Path, maps: list[Path] | None = None):
    """The atlas of a run, and the scatter plots that go with it.

    Parameters
    ----------
    folder : Path
        ``results/<run>/tng``.
    maps : list of Path, optional
        Files of maps; all in the folder unless told.

    Returns
    -------
    list of Section
        Empty where the arm was not run.
    """
    if not (folder / "evaluation" / "summary.ecsv").is_file():
        return []
    names = test_side.cases(folder)
    galaxies = test_side.read_test_side(folder, names)
    maps = maps or sorted((folder / "maps").glob("snap_*.part_*.h5"))
    data = atlas_data.collect(folder, names, galaxies, maps)
    return [_section(data), scatter.section(galaxies, data["id"], names)]


def _section(data):
    return page.Section(
        "atlas",
        "Atlas of the test galaxies",
        [
            page.Fragment(
                "atlas.html",
                {
                    "data": data,
                    "maps": _maps(data),
                    "steps": _steps(data),
                    "snapshots": sorted(
                        set(zip(data["snapshot"], data["redshift"], strict=True)), reverse=True
                    ),
                },
            ),
        ],
        style=page.asset("atlas.css"),
        script=page.asset("atlas.js"),
    )


def _steps(data):
    """How finely the values of each map are known."""
    return [
        f"{(high - low) / 508:.2f} dex in {_TITLES[channel].lower()}"
        for channel, low, high in zip(data["channels"], data["low"], data["high"], strict=True)
    ]


def _maps(data):
    bins = data["bins"]
    blank = np.full((bins, bins), np.nan, dtype=np.float32)
    half = data["width"] * max(data["kpc"]) / 2
    shown = ColumnDataSource(
        {
            **{channel: [blank] for channel in data["channels"]},
            "x": [-half],
            "y": [-half],
            "side": [2 * half],
        },
        name="atlas-maps",
    )
    cross = ColumnDataSource({"x": [], "y": []}, name="atlas-cross")
    moved = CustomJS(code="window.skyloom.atlas.at(cb_obj.x, cb_obj.y)")
    made = []
    for channel, unit, coloured in zip(
        data["channels"], data["units"], data["coloured"], strict=True
    ):
        drawn = _map(channel, unit, coloured, half, shown, cross)
        drawn.js_on_event(MouseMove, moved)
        drawn.js_on_event(Tap, moved)
        alt = f"{_TITLES[channel]} of the chosen galaxy, {unit}; values are read below the maps."
        made.append(page.Chart(drawn, alt))
    return made


def _map(channel, unit, coloured, half, shown, cross):
    drawn = charts.plot(
        height=_SIDE,
        x="kpc",
        y=None,
        x_range=(-half, half),
        y_range=(-half, half),
        title=f"{_TITLES[channel]} [{unit}]",
    )
    # Square maps: the frame has the size that is wanted, what stands around it comes on top.
    drawn.update(
        sizing_mode="fixed",
        width=_SIDE + 92,
        height=_SIDE + 72,
        frame_width=_SIDE,
        frame_height=_SIDE,
        min_border=2,
        min_width=None,
    )
    drawn.grid.visible = False
    drawn.background_fill_color = "black"
    drawn.title.update(text_font_size="13px", text_color=charts.INK, text_font_style="bold")
    palette = ["#000000", *atlas_tiles.PALETTES[channel][1:]]
    low, high = (10.0**end for end in coloured)
    mapper = LogColorMapper(palette=palette[1:], low=low, high=high, nan_color="black")
    drawn.image(channel, "x", "y", "side", "side", source=shown, color_mapper=mapper)
    for colour, width in (("black", 4), ("white", 2)):
        drawn.scatter(
            "x", "y", source=cross, marker="cross", size=16, line_color=colour, line_width=width
        )
    _scale_bar(drawn, half)
    drawn.add_layout(
        ColorBar(
            color_mapper=mapper,
            width=10,
            padding=2,
            margin=0,
            bar_line_color=None,
            background_fill_color=None,
            major_label_text_font_size="12px",
            major_label_text_color=charts.INK,
        ),
        "right",
    )
    return drawn


def _scale_bar(drawn, half):
    length, y = round_length(2 * half), -0.86 * half
    ends = [-0.9 * half, -0.9 * half + length]
    drawn.line(ends, [y, y], line_color="black", line_width=6, line_alpha=0.6)
    drawn.line(ends, [y, y], **_WHITE)
    look = {"text_color": "white", "text_font_size": "12px", "background_fill_color": "black"}
    label = Label(x=ends[0], y=y, y_offset=4, text=f"{length:g} kpc", **look)
    label.background_fill_alpha = 0.55
    drawn.add_layout(label)
