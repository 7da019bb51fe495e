"""What the sample of spectra holds: classes and redshifts (figures 2 to 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import MaxNLocator

from skyloom.draw import sdss_labels as labels_
from skyloom.draw import style
from skyloom.io import columns

if TYPE_CHECKING:
    from astropy.table import Table
    from matplotlib.figure import Figure


_ARCHIVE = "#D9D9D9"
_LEAST = 0.04  # share of a wedge whose number has room inside


@style.drawn
def classes(inventory: Table, sample: Table, *, synthetic: bool) -> Figure:
    """Shares of the classes in the sample, and in the archive it was drawn from (figure 2).

    Parameters
    ----------
    inventory, sample : Table
        With ``class``; the inventory is of all spectra that can be used.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
    """
    archive, drawn = (columns.texts(table["class"]) for table in (inventory, sample))
    names = labels_.classes_of(archive, drawn)
    if (archive == "").any():
        names.append("")
    counts = {name: int((drawn == name).sum()) for name in names}
    title = "Classes of the sample and of the archive"
    figure = style.figure(8.6, 3.7, title=title, synthetic=synthetic)
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.45))
    _ring(left, counts)
    _bars(right, names, counts, {name: int((archive == name).sum()) for name in names})
    return figure


def _ring(axes, counts):
    total = sum(counts.values())
    there = {name: count for name, count in counts.items() if count}
    axes.set_aspect("equal")
    axes.set_title("Sample")
    axes.text(
        0,
        0,
        labels_.counted(total).replace(" ", "\n"),
        ha="center",
        va="center",
        fontsize=10,
        weight="bold",
    )
    if not there:
        axes.set_axis_off()
        return
    wedges, _ = axes.pie(
        list(there.values()),
        colors=[labels_.class_colour(name) for name in there],
        startangle=90,
        counterclock=False,
        wedgeprops={"width": 0.42, "edgecolor": "white", "linewidth": 1.5},
    )
    for wedge, (name, count) in zip(wedges, there.items(), strict=True):
        angle = np.deg2rad((wedge.theta1 + wedge.theta2) / 2)
        share = count / total
        radius, colour = (0.79, "white") if share >= _LEAST else (1.14, style.BLACK)
        place = {"ha": "center", "va": "center", "fontsize": 8, "color": colour}
        text = f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.1f} %"
        axes.text(
            radius * np.cos(angle), radius * np.sin(angle), text, weight="bold", **place, gid=name
        )


def _bars(axes, names, sample, archive):
    """Two bars a class, in percent of their totals, with the counts beside."""
    most = 0.0
    for place, name in enumerate(names):
        for counts, shift, colour in (
            (sample, -0.19, labels_.class_colour(name)),
            (archive, 0.19, _ARCHIVE),
        ):
            total = sum(counts.values())
            share = 100 * counts[name] / total if total else 0.0
            axes.barh(place + shift, share, 0.36, color=colour)
            text = f" {counts[name]:,} ({share:.1f} %)"
            axes.text(share, place + shift, text, va="center", fontsize=8)
            most = max(most, share)
    axes.set_yticks(range(len(names)), [labels_.plural(name) for name in names], fontsize=9)
    axes.set_ylim(len(names) - 0.45, -0.55)
    axes.set_xlim(0, 1.42 * max(most, 1e-9))
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.set_xlabel("Share of the spectra [%]")
    axes.tick_params(axis="y", length=0)
    total = labels_.counted(sum(archive.values()))
    text = f"Sample (colour, above) and archive (grey, below: {total})"
    axes.set_title(text, fontsize=8.5)


@style.drawn
def redshifts(
    sample: Table, *, inventory: Table | None = None, cut=None, synthetic: bool
) -> Figure:
    """Histograms of the redshifts of each class (figures 3 to 5), stars as velocities.

    Parameters
    ----------
    sample : Table
        With ``class`` and ``z``.
    inventory : Table, optional
        The same of all spectra that can be used: drawn in grey, so that the cut is seen.
    cut : (low, high), optional
        Redshifts that galaxies and quasars may have; it does not apply to stars.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
    """
    names = labels_.classes_of(sample["class"]) or ["GALAXY"]
    width = max(6.4, 3.9 * len(names))
    title = f"Redshifts of the sample ({labels_.counted(len(sample))})"
    figure = style.figure(width, 3.8, title=title, synthetic=synthetic)
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        own = _of(sample, name)
        every = None if inventory is None else _of(inventory, name)
        _histogram(axes, name, own, every, None if name == "STAR" else cut)
    return figure


def _of(table, name):
    return columns.numbers(table["z"])[columns.texts(table["class"]) == name]


def _histogram(axes, name, values, every, cut):
    star = name == "STAR"
    factor = labels_.LIGHT if star else 1.0
    known = values[np.isfinite(values)] * factor
    every = None if every is None else every[np.isfinite(every)] * factor
    low, high = _range(known if every is None else np.concatenate([known, every]), star, cut)
    edges = np.linspace(low, high, 1 + int(np.clip(2 * np.sqrt(max(len(known), 1)), 10, 50)))
    beyond = int(((known < low) | (known > high)).sum())
    if every is not None:
        text = f"archive ({len(every):,})"
        look = {"histtype": "stepfilled", "edgecolor": "#7A7A7A", "facecolor": _ARCHIVE}
        axes.hist(every, edges, label=text, lw=1.2, **look)
    label = f"sample ({len(values):,})"
    axes.hist(known, edges, color=labels_.class_colour(name), alpha=0.85, label=label)
    for limit in cut or ():
        if limit is not None and low <= limit <= high:
            axes.axvline(limit, color=style.BLACK, lw=1.1, ls="--")
    found = {"beyond the axis": beyond, "without a redshift": len(values) - len(known)}
    notes = [f"{count:,} {text}" for text, count in found.items() if count]
    axes.set_title("; ".join([labels_.plural(name).capitalize(), *notes]))
    axes.set_xlabel("Radial velocity cz [km/s]" if star else f"Redshift z{_said(cut)}")
    axes.set_ylabel("Spectra")
    axes.grid(**style.GRID)
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True, steps=[1, 2, 5, 10]))
    axes.set_xlim(low, high)
    axes.set_ylim(0, 1.04 * max(axes.get_ylim()[1], 1))
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)


def _said(cut):
    """The cut in words: ' (cut, dashed: 0 < z < 3.5)'."""
    if not cut:
        return ""
    low, high = cut
    first = "" if low is None else f"{low:g} < "
    last = "" if high is None else f" < {high:g}"
    return f" (cut, dashed: {first}z{last})"


def _range(values, star, cut):
    """Limits of an axis that a few values far out do not stretch."""
    if not len(values):
        return (-300.0, 300.0) if star else (0.0, float((cut or (0, 1))[1] or 1.0))
    low, high = np.percentile(values, [0.2, 99.8])
    room = max(0.06 * (high - low), (40.0 if star else 0.04) - (high - low) / 2)
    low, high = low - room, high + room
    # A limit that is far from every redshift is said below the axis, not drawn.
    reach = 0.35 * (high - low)
    for limit in (cut or ()) if not star else ():
        if limit is not None and low - reach <= limit <= high + reach:
            low, high = min(low, limit - 0.1 * reach), max(high, limit + 0.1 * reach)
    return float(low), float(high)
