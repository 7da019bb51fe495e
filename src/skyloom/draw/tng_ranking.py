"""The cases ranked by how well they predict."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from skyloom.arms.tng.published import R
from skyloom.draw import style

if TYPE_CHECKING:
    from astropy.table import Table
    from matplotlib.figure import Figure


@style.drawn
def ranking(summary: Table, differences: Table, published: Table, *, synthetic: bool) -> Figure:
    """Cases by Pearson r, with their controls, the printed value and the distance to the best.

    Parameters
    ----------
    summary, differences : Table
        As the evaluation step writes them.
    published : Table
        As `skyloom.judge.published.table` makes it: its correlations are drawn as stars, grey where
        they may not be compared.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = summary[np.argsort(np.asarray(summary["rank"]))]
    n_test, n_groups = int(np.max(rows["n_test"])), int(np.max(rows["n_groups"]))
    title = f"{len(rows)} cases ranked by Pearson r ({n_test} test images, {n_groups} groups)"
    height = 0.46 * len(rows) + 1.9
    figure = style.figure(9.6, height, title=title, synthetic=synthetic)
    axes, side = figure.subplots(1, 2, sharey=True, width_ratios=(3.2, 1))
    for position, row in enumerate(rows):
        _case(axes, position, row)
    printed = _printed(published, map(str, rows["variant"]))
    for row, position in printed:
        _star(axes, row, position)
    axes.set_yticks(range(len(rows)), [style.variant_label(str(v)) for v in rows["variant"]])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.axvline(0, color=style.GREY, lw=0.8)
    axes.grid(axis="x", **style.GRID)
    _intensities(axes, rows)
    level = 100 * float(summary.meta.get("level", 0.95))
    axes.set_xlabel(f"Pearson r of true and predicted log$_{{10}}$ sSFR, {level:g} % intervals")
    handles, labels = axes.get_legend_handles_labels()
    unique = dict(zip(labels, handles, strict=True))
    _to_best(side, rows, differences)
    note = None
    grey = [str(row["reason"]).split("; ") for row, _ in printed if not row["comparable"]]
    if grey:
        note = f"The printed r is grey, not comparable: {style.shorten(grey[0])}."
        note = "\n".join(textwrap.wrap(note, 125))
    style.below(figure, unique.values(), labels=unique.keys(), note=note, ncols=3)
    return figure


def _case(axes, position, row):
    colour = style.variant_colour(str(row["variant"]))
    for name, low, high, shift, look in (
        ("r", "r_low", "r_high", 0.0, {"fmt": "o", "ms": 7, "color": colour, "lw": 2.2}),
        ("linear_r", "linear_low", "linear_high", 0.26, {"fmt": "D", "ms": 4, "lw": 1}),
        ("profile_r", "profile_low", "profile_high", 0.13, {"fmt": "^", "ms": 4, "lw": 1}),
        ("features_r", "features_low", "features_high", -0.13, {"fmt": "s", "ms": 3.5, "lw": 1}),
        ("shuffled_r", "shuffled_low", "shuffled_high", -0.26, {"fmt": "o", "ms": 4, "lw": 1}),
    ):
        if name not in row.colnames or np.ma.is_masked(row[name]):
            continue
        plain = {"color": style.BLACK}
        style_of = {
            "r": {},
            "linear_r": plain,
            "profile_r": plain,
            "features_r": plain,
            "shuffled_r": {"color": style.GREY, "mfc": "white"},
        }[name]
        value, error = float(row[name]), style.bars(row[name], row[low], row[high])
        label = {
            "linear_r": "linear regression on the images' totals",
            "profile_r": "ridge regression on their radial profile",
            "features_r": "ridge regression on VGG16's mean features",
            "shuffled_r": "trained on shuffled labels",
        }.get(name, "_")
        axes.errorbar(value, position + shift, xerr=error, label=label, **look, **style_of)
    if np.ma.is_masked(row["r"]):
        axes.text(0.01, position, "r undefined: constant prediction", fontsize=8, va="center")


def _intensities(axes, rows):
    """One line for the regression on the physical maps' totals, which is the same for all cases."""
    values = np.ma.compressed(np.ma.asarray(rows["linear_maps_r"], dtype=float))
    if len(values):
        label = "linear regression on the physical maps' totals (log)"
        axes.axvline(values[0], color=style.BLACK, lw=1, ls=":", zorder=0, label=label)


def _printed(published, variants):
    """Rows of printed correlations, and the place of their case."""
    places = {variant: position for position, variant in enumerate(variants)}
    return [
        (row, places[str(row["model"])])
        for row in published
        if str(row["quantity"]) == R and str(row["model"]) in places
    ]


def _star(axes, row, position):
    value = float(row["printed"])
    colour = style.BLACK if row["comparable"] else style.FAINT
    place = {"s": 120, "marker": "*", "color": colour, "zorder": 5}
    axes.scatter(value, position, label=f"thesis, r = {value:g} as printed", **place)


def _to_best(axes, rows, differences):
    """Text beside each case: its r minus that of the best, bold where the interval excludes 0."""
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    best = str(rows["variant"][0])
    axes.set_title(f"r − r({style.variant_label(best)})", fontsize=8.5)
    pairs = {
        frozenset((str(row["a"]), str(row["b"]))): (str(row["a"]) == best, row)
        for row in differences
    }
    for position, variant in enumerate(map(str, rows["variant"])):
        if position == 0:
            axes.text(0.5, position, "best", ha="center", va="center", fontsize=8)
            continue
        best_first, row = pairs.get(frozenset((best, variant)), (False, None))
        if row is None or np.ma.is_masked(row["low"]):
            axes.text(0.5, position, "undefined", ha="center", va="center", fontsize=8)
            continue
        values = np.array([row["difference"], row["low"], row["high"]], dtype=float)
        value, low, high = -values[[0, 2, 1]] if best_first else values
        weight = "bold" if low > 0 or high < 0 else "normal"
        text = style.signed(f"{value:+.2f} [{low:+.2f}, {high:+.2f}]")
        axes.text(0.5, position, text, ha="center", va="center", fontsize=8, weight=weight)
