"""What an encoder trained on profiles measures on maps of galaxies seen at known angles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.lines import Line2D
from matplotlib.ticker import MultipleLocator

from skyloom.arms.semantic.evaluation import folded
from skyloom.draw import semantic_panels as panels_
from skyloom.draw import style
from skyloom.draw.style import FAINT, GRID, SOFT
from skyloom.draw.ticks import plain_ticks
from skyloom.io.columns import numbers

if TYPE_CHECKING:
    from astropy.table import Table
    from matplotlib.figure import Figure

# A map's faintest shown pixel, as a share of the brightest that is shown.
_DEPTH = 300.0


@style.drawn
def galaxies(table: Table, *, synthetic: bool) -> Figure:
    """Inclination, scale and angle that were found, against the angles that were used.

    Parameters
    ----------
    table : Table
        ``subhalo_id``, ``snapshot``, ``inclination``, ``position_angle``,
        ``inclination_inferred``, ``scale_kpc``, ``ellipticity``, ``angle`` (degrees and kpc),
        ``outside`` and, where it is known, ``inclination_thick``.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
        Black: median and 16 to 84 % of the galaxies at each inclination. Grey crosses: images
        unlike those that the encoder was trained on, which the medians leave out.
    """
    used = numbers(table["inclination"])
    outside = np.asarray(table["outside"]).astype(bool)
    seen = len(galaxy_rows(table))
    said = "The gas of one galaxy" if seen == 1 else f"The gas of {seen:,} galaxies"
    title = f"{said} seen at known inclinations"
    figure = style.figure(11.4, 4.5, title=title, synthetic=synthetic)
    first, second, third = figure.subplots(1, 3)
    _inclinations(first, used, numbers(table["inclination_inferred"]), outside)
    thick = _thick(first, used[~outside], table[~outside])
    _scales(second, table, used, outside)
    turned = folded(numbers(table["angle"]) - numbers(table["position_angle"]))
    _angle_errors(third, used, turned, outside)
    for axes in (first, second, third):
        axes.set_xlabel("Inclination used [°]")
        axes.set_xlim(-8, max(90.0, used.max(initial=0)) + 4)
        axes.xaxis.set_major_locator(MultipleLocator(15))
        axes.grid(**GRID)
    style.below(figure, [*_handles(outside), *thick], ncols=3)
    return figure


def galaxy_rows(table):
    """Rows of each galaxy in the order of inclination: (snapshot, subhalo) -> (n,) array."""
    names = list(zip(table["snapshot"], table["subhalo_id"], strict=True))
    order = np.argsort(numbers(table["inclination"]), kind="stable")
    found = {}
    for row in order:
        found.setdefault((int(names[row][0]), int(names[row][1])), []).append(row)
    return {name: np.array(rows) for name, rows in sorted(found.items())}


def _handles(outside):
    point = {"marker": "o", "ls": "none"}
    handles = [
        Line2D([], [], color=style.BLUE, ms=4, label="one image", **point),
        Line2D([], [], color=style.BLACK, ms=5, label="median and 16 to 84 % of these", marker="o"),
    ]
    if outside.any():
        shown = f"{int(outside.sum()):,} of {len(outside):,} images"
        text = f"unlike the training images ({shown})"
        handles.append(Line2D([], [], color=style.GREY, marker="x", ms=4, ls="none", label=text))
    line = {"color": style.ORANGE, "ls": "--", "lw": 1}
    return [*handles, Line2D([], [], label="as it should be", **line)]


def _points(axes, used, values, outside):
    """Images side by side at each inclination, and their quartiles' like."""
    x = used + 6 * style.apart(len(used))
    size = float(np.clip(2500 / max(len(used), 1), 3, 14))
    look = {"color": style.BLUE, "alpha": 0.5, "linewidths": 0, "rasterized": True}
    axes.scatter(x[~outside], values[~outside], s=size, zorder=2, **look)
    axes.scatter(x[outside], values[outside], s=size + 4, marker="x", color=FAINT, zorder=1, lw=0.8)
    _medians(axes, used[~outside], values[~outside])


def _medians(axes, used, values):
    places = np.unique(used)
    good = [values[(used == place) & np.isfinite(values)] for place in places]
    places = places[[len(group) > 0 for group in good]]
    levels = np.array([np.percentile(group, (16, 50, 84)) for group in good if len(group)])
    if not len(places):
        return
    bars = np.stack([levels[:, 1] - levels[:, 0], levels[:, 2] - levels[:, 1]])
    look = {"color": style.BLACK, "fmt": "o-", "ms": 5, "lw": 1.1, "elinewidth": 1.4, "capsize": 2}
    axes.errorbar(places, levels[:, 1], yerr=bars, zorder=5, **look)


def _inclinations(axes, used, inferred, outside):
    _points(axes, used, inferred, outside)
    axes.plot([0, 90], [0, 90], color=style.ORANGE, ls="--", lw=1, zorder=4)
    axes.set_ylim(-4, 94)
    axes.yaxis.set_major_locator(MultipleLocator(15))
    axes.set_ylabel("Inferred inclination, cos i = 1 − e [°]")


def _thick(axes, used, table):
    """Medians of the inclination of discs with a thickness, where it is known; its handle."""
    if "inclination_thick" not in table.colnames:
        return []
    places, values = np.unique(used), numbers(table["inclination_thick"])
    middle = [np.nanmedian(values[used == place]) for place in places]
    look = {"color": style.PINK, "marker": "s", "ms": 4, "ls": ":", "lw": 1.2}
    axes.plot(places, middle, zorder=5, **look)
    text = f"median, if edge-on discs have an axis ratio of {table.meta.get('thickness', 0.2):g}"
    return [Line2D([], [], label=text, **look)]


def _scales(axes, table, used, outside):
    """Scale of every galaxy at all its inclinations, relative to its own median."""
    scale, ratio = numbers(table["scale_kpc"]), np.full(len(table), np.nan)
    for rows in galaxy_rows(table).values():
        middle = np.median(scale[rows])
        if middle > 0:
            ratio[rows] = scale[rows] / middle
        axes.plot(used[rows], ratio[rows], color=style.SKY, lw=0.6, alpha=0.5, zorder=1)
    good = ~outside
    axes.scatter(used[good], ratio[good], s=5, color=style.BLUE, linewidths=0, zorder=2)
    axes.scatter(used[outside], ratio[outside], s=9, marker="x", color=FAINT, lw=0.8, zorder=2)
    _medians(axes, used[good], ratio[good])
    axes.axhline(1, color=style.ORANGE, ls="--", lw=1, zorder=4)
    axes.set_yscale("log")
    low, high = np.nanmin(ratio, initial=0.8), np.nanmax(ratio, initial=1.25)
    axes.set_ylim(low / 1.05, high * 1.05)
    plain_ticks(axes)
    middle = np.nanmedian(scale) if np.isfinite(scale).any() else np.nan
    axes.set_ylabel("Scale / the galaxy's median scale")
    axes.set_title(f"median of all: {middle:.2g} kpc", fontsize=8.5, color=SOFT)


def _angle_errors(axes, used, turned, outside):
    _points(axes, used, turned, outside)
    axes.axhline(0, color=style.ORANGE, ls="--", lw=1, zorder=4)
    axes.set_ylim(-94, 94)
    axes.yaxis.set_major_locator(MultipleLocator(30))
    axes.set_ylabel("Angle found − used, modulo 180° [°]")
    axes.set_title("a disc seen face-on has no angle", fontsize=8.5, color=SOFT)


def typical(table: Table, shares: Sequence[float] = (0.25, 0.75)):
    """Galaxies that stand for the others: at these ranks of their mean residual.

    Parameters
    ----------
    table : Table
        With ``residual`` too.
    shares : sequence of float
        0 is the galaxy that is reconstructed best, 1 the worst.

    Returns
    -------
    dict of (snapshot, subhalo) to (n,) array
        Rows, in the order of inclination; of the galaxies that were seen at most inclinations.
    """
    rows = galaxy_rows(table)
    most = max(map(len, rows.values()))
    full = [name for name, own in rows.items() if len(own) == most]
    residual = numbers(table["residual"])
    order = sorted(full, key=lambda name: float(np.mean(residual[rows[name]])))
    chosen = dict.fromkeys(order[round(share * (len(order) - 1))] for share in shares)
    return {name: rows[name] for name in chosen}


@style.drawn
def galaxy_panels(
    cases: dict[str, list[dict]], *, width: float, units: str, synthetic: bool
) -> Figure:
    """Map, reconstruction and residual of some galaxies at each inclination.

    Parameters
    ----------
    cases : dict of str to list of dict
        By galaxy: ``image`` and ``reconstruction`` (H, W), ``intensity`` (central, of the fit) and
        ``text`` of each inclination.
    width : float
        Of an image, kpc.
    units : str
        Of the images.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
        Three rows a galaxy; maps and reconstructions with one logarithmic colour scale, what is
        left as a share of the fit's central intensity.
    """
    columns = max(map(len, cases.values()))
    title = "Gas of galaxies at known inclinations, and the discs found"
    figure, grid = panels_.mosaic(columns, len(cases), title, synthetic, head=0.95)
    for block, (name, members) in enumerate(cases.items()):
        lines = grid[3 * block : 3 * block + 3]
        _galaxy(figure, lines, name, members, units)
        panels_.edges(lines, "x [half-widths]")
        style.hide(lines[:, len(members) :].ravel())
    note = f"One half-width is {width / 2:.3g} kpc."
    figure.supxlabel(note, fontsize=7.5, color=SOFT)
    return figure


def _galaxy(figure, lines, name, members, units):
    images = [np.asarray(one["image"], dtype=float) for one in members]
    made = [np.asarray(one["reconstruction"], dtype=float) for one in members]
    top = max(float(np.max(image)) for image in (*images, *made)) or 1.0
    norm = LogNorm(top / _DEPTH, top)
    left = [
        (image - other) / one["intensity"]
        for image, other, one in zip(images, made, members, strict=True)
    ]
    limit = float(np.percentile(np.abs(left), 99.8)) or 1e-6
    for line, kind, shown in zip(lines, panels_.ROWS, (images, made, left), strict=True):
        residual = shown is left
        for axes, image in zip(line, shown, strict=False):
            own = {"limits": (-limit, limit)} if residual else {"limits": None, "norm": norm}
            drawn = panels_.image(axes, image, 1.0, panels_.ROWS[kind], **own)
        said = kind.replace("Input", "Map")
        line[0].set_ylabel(f"{said}\ny [half-widths]", fontsize=8)
        text = "Residual / I₀" if residual else f"[{_spelt(units)}]"
        panels_.bar(figure, drawn, line, text)
    for axes, one in zip(lines[0], members, strict=False):
        axes.set_title(one["text"], fontsize=7.5)
    lines[0, 0].set_title(f"{name}\n{members[0]['text']}", fontsize=7.5)


def _spelt(units):
    """A unit with its signs: 'M☉/kpc²' for ``Msun / kpc2``."""
    return units.replace("Msun", "M$_\\odot$").replace(" / ", "/").replace("kpc2", "kpc²")


def words(row):
    """What was used and found of one image, in three lines."""
    used, found = float(row["inclination"]), float(row["inclination_inferred"])
    turned = f"{float(row['position_angle']):.0f}° → {float(row['angle']):.0f}°"
    return f"i {used:.0f}° → {found:.0f}°\nθ {turned}\nA {float(row['scale_kpc']):.2g} kpc"
