"""XMM-Newton images as the networks see them, and the shape of their pixels' distributions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib
import numpy as np

from skyloom.arms.xmm.classes import FIRST_BAD
from skyloom.draw import style, ticks

if TYPE_CHECKING:
    from astropy.table import Table
    from matplotlib.figure import Figure


#: What each OBS_CLASS of the catalogue means (degree project, table 1).
BAD_AREAS = (
    "no bad area",
    "bad area < 0.1 %",
    "bad area 0.1–1 %",
    "bad area 1–10 %",
    "bad area 10–100 %",
    "bad area 100 %",
)
_COLOURS = "magma"
_AXES = (
    ("sigma", "σ [ct/s]"),
    ("skewness", "Skewness"),
    ("kurtosis", "Kurtosis"),
)
# Elevation and azimuth of figure 17's two views, degrees.
_VIEWS = ((18, -60), (18, 30))


def evenly_chosen(obs_class: np.ndarray, count: int = 4) -> dict[int, list[int]]:
    """Rows of up to `count` images of each class, evenly spaced in the order given.

    Parameters
    ----------
    obs_class : (N,) int array
    count : int

    Returns
    -------
    dict of int to list of int
        Class -> rows, for the classes that occur.
    """
    chosen = {}
    for kind in np.unique(obs_class):
        rows = np.flatnonzero(np.asarray(obs_class) == kind)
        chosen[int(kind)] = rows[style.evenly(len(rows), count)].tolist()
    return chosen


def typical_defect(obs_class: np.ndarray, exposure: np.ndarray) -> int:
    """Row of the image that shows the stretches: of median exposure, among those with defects.

    Parameters
    ----------
    obs_class : (N,) int array
    exposure : (N,) array

    Returns
    -------
    int
        Of class 3 or, where there is none, the nearest class (of two, the worse): 1 to 10 % bad
        area is plain to see and leaves sources to compare it with.
    """
    obs_class, exposure = np.asarray(obs_class), np.asarray(exposure)
    kinds = np.unique(obs_class)
    kind = min(kinds.tolist(), key=lambda found: (abs(found - 3), -found))
    rows = np.flatnonzero(obs_class == kind)
    order = rows[np.argsort(exposure[rows], kind="stable")]
    return int(order[(len(order) - 1) // 2])


@style.drawn
def stretches(images: dict[tuple[str, str], np.ndarray], *, name: str, synthetic: bool) -> Figure:
    """One image in every stretch, an interval a row.

    Parameters
    ----------
    images : dict of (str, str) to (H, W) float array
        By (interval, stretch), in [0, 1].
    name : str
        What is shown, for the title.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure

    Notes
    -----
    Figure 16 of the degree project, with zscale and asinh beside minmax. All panels have one
    colour scale, 0 to 1.
    """
    intervals = list(dict.fromkeys(interval for interval, _ in images))
    kinds = list(dict.fromkeys(kind for _, kind in images))
    figure, panels = style.mosaic(len(intervals), len(kinds), 2.0, title=name, synthetic=synthetic)
    for place, (interval, kind) in enumerate((i, k) for i in intervals for k in kinds):
        if (interval, kind) in images:
            _image(panels[place], images[interval, kind], 0.0, 1.0)
            style.image_label(panels[place], f"{interval}, {kind}")
        else:
            panels[place].set_axis_off()
    return figure


@style.drawn
def examples(images, *, shown_as: str, synthetic: bool) -> Figure:
    """Images of each OBS_CLASS, a class a row.

    Parameters
    ----------
    images : dict of int to dict of str to (H, W) float array
        Class -> observation -> image, in [0, 1].
    shown_as : str
        Interval and stretch, for the title.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure

    Notes
    -----
    Figure 15 of the degree project.
    """
    columns = max(len(row) for row in images.values())
    title = f"Images by quality class ({shown_as})"
    figure, panels = style.mosaic(len(images), columns, 2.0, title=title, synthetic=synthetic)
    for place, kind in enumerate(sorted(images)):
        row = panels[place * columns : (place + 1) * columns]
        for axes, (name, image) in zip(row, images[kind].items(), strict=False):
            _image(axes, image, 0.0, 1.0)
            style.image_label(
                axes, f"OBS_CLASS {kind}\n{BAD_AREAS[kind]}" if axes is row[0] else name
            )
        style.hide(row[len(images[kind]) :])
    return figure


@style.drawn
def statistics(table: Table, found: dict, *, synthetic: bool) -> Figure:
    """Standard deviation, skewness and kurtosis of every image, seen from two sides.

    Parameters
    ----------
    table : astropy.table.Table
        ``obs_class``, ``sigma``, ``skewness``, ``kurtosis``.
    found : dict
        From `skyloom.arms.xmm.statistics.separation`: its AUC on the test side goes into the title.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure

    Notes
    -----
    Figure 17 of the degree project: all axes are logarithmic. Images with a statistic that is zero,
    negative or not defined have no place there; the legend counts them.
    """
    values = np.stack([np.asarray(table[name], dtype=float) for name, _ in _AXES], axis=1)
    shown = np.isfinite(values).all(axis=1) & (values > 0).all(axis=1)
    bad = np.asarray(table["obs_class"]) >= FIRST_BAD
    title = f"Good and bad images by three statistics, {_answer(found)}"
    figure = style.figure(10.4, 4.6, title=title, synthetic=synthetic)
    for number, (elevation, azimuth) in enumerate(_VIEWS):
        axes = figure.add_subplot(1, 2, number + 1, projection="3d")
        for side, colour, label in (
            (shown & ~bad, style.BLUE, "good (OBS_CLASS 0, 1)"),
            (shown & bad, style.GOLD, "bad (OBS_CLASS 2–5)"),
        ):
            look = {"s": 18 if len(table) < 1000 else 8, "depthshade": False, "alpha": 0.85}
            axes.scatter(
                *np.log10(values[side]).T,
                color=colour,
                label=f"{side.sum()} {label}",
                linewidths=0.3,
                edgecolors="white",
                **look,
            )
        if not shown.all() and number == 0:
            axes.scatter([], [], [], color="white", label=f"{(~shown).sum()} beyond the axes")
        _logarithmic(axes)
        axes.view_init(elev=elevation, azim=azimuth)
        axes.set_box_aspect(None, zoom=0.92)
        if number == 0:
            axes.legend(loc="upper left", bbox_to_anchor=(-0.08, 1.08))
    return figure


def _answer(found):
    """The regression's AUC on the test side, with its interval where there is one."""
    test = found["auc"]["test"]
    if test["auc"] is None:
        return "no test AUC (one kind is missing)"
    text = f"test AUC {test['auc']:.2f}"
    return text if test["low"] is None else f"{text} ({test['low']:.2f}–{test['high']:.2f})"


def _logarithmic(axes):
    """Label axes of logarithms by their numbers: Matplotlib has no logarithmic 3D axes."""
    for axis, (_, label) in zip((axes.xaxis, axes.yaxis, axes.zaxis), _AXES, strict=True):
        found = few(*axis.get_view_interval())
        axis.set_ticks(np.log10(found), [_number(tick) for tick in found])
        axis.set_label_text(label)
        axis.labelpad = 9
        axis.set_tick_params(pad=3)


def few(low, high):
    """At most six round numbers between two logarithms."""
    found = ticks.round_numbers(10.0**low, 10.0**high)
    return found[:: -(-len(found) // 6)]


def _number(value):
    """A number as a tick says it: plain between 0.01 and 9999, else with a power of ten."""
    if 0.01 <= value < 1e4:
        return f"{value:.6g}"
    mantissa, exponent = f"{value:.6e}".split("e")
    mantissa = f"{float(mantissa):g}"
    power = f"10^{{{int(exponent)}}}"
    return f"${power}$" if mantissa == "1" else f"${mantissa}\\times {power}$"


def _image(axes, image, low, high):
    axes.imshow(image, cmap=matplotlib.colormaps[_COLOURS], vmin=low, vmax=high)
    style.bare(axes)
