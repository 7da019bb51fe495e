"""Where a network looks: galaxies, and over them what raises and lowers the prediction."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import matplotlib
import numpy as np
from matplotlib.patches import Circle

from skyloom.arms.tng.labels import OFFSET
from skyloom.draw import style
from skyloom.draw.tng_sample import round_length

if TYPE_CHECKING:
    from astropy.table import Table
    from matplotlib.figure import Figure


#: Galaxies that are drawn at most.
SHOWN = 8
NAMES = {"grad_cam": "Grad-CAM", "hires_cam": "HiResCAM", "occlusion": "Occlusion"}
_SIGNED = "RdBu_r"
_SIZE, _GAP, _LEFT, _LINE = 1.55, 0.05, 0.95, 0.19  # inches


@style.drawn
def attention(columns: dict, maps: dict, table: Table, attributes: dict) -> Figure:
    """Images from high to low label, each with the maps of every method over it.

    Parameters
    ----------
    columns : dict
        id, images, target, predicted, scale_factor and half_mass_radius (pixels) of n galaxies.
    maps : dict
        Method -> (n, h, h) array, signed.
    table : Table
        As `skyloom.explain.attention_statistics.summarise` makes it.
    attributes : dict
        variant, width (ckpc/h), hubble and synthetic.

    Returns
    -------
    matplotlib.figure.Figure
    """
    count = len(columns["id"])
    shown = style.evenly(count, SHOWN)
    variant = str(attributes["variant"])
    methods = [method for method in NAMES if method in maps]
    notes = [_note(table, variant, method) for method in methods]
    title = f"Where the network trained on {style.variant_label(variant).lower()} looks"
    figure, grid, foot = _panels(1 + len(methods), len(shown), notes, title, attributes)
    for place, number in enumerate(shown):
        _galaxy(grid[0, place], columns, number, attributes, first=place == 0)
        for line, method in enumerate(methods, 1):
            _over(grid[line, place], columns, maps[method], number, shown)
    for line, name in enumerate(("Image", *(NAMES[method] for method in methods))):
        grid[line, 0].text(
            *(-0.06, 0.5, name), transform=grid[line, 0].transAxes, ha="right", va="center"
        )
    _legend(figure, foot)
    return figure


def _panels(rows, columns, notes, title, attributes):
    """A figure with rows of square panels above lines of notes; the panels, and the notes."""
    # A few panels are larger, so that the title and the notes have room.
    size = max(_SIZE, min(2.4, 7.4 / columns))
    width = _LEFT + columns * (size + _GAP) + 2 * _GAP
    foot = [line for note in notes for line in textwrap.wrap(note, int((width - 0.2) / 0.056))]
    below, above = _LINE * (len(foot) + 1) + 0.62, 0.45 if width > 8 else 0.65
    height = below + rows * (size + _GAP) + above
    figure = style.figure(
        width, height, title=title, synthetic=bool(attributes["synthetic"]), arranged=False
    )
    panels = style.panels(figure, rows, columns, size=size, left=_LEFT, gap=_GAP)
    for axes in panels:
        box = axes.get_position()
        axes.set_position([box.x0, box.y0 + below / height, box.width, box.height])
    return figure, np.array(panels, dtype=object).reshape(rows, columns), foot


def _galaxy(axes, columns, number, attributes, *, first):
    # As the network is shown it.
    axes.imshow(columns["images"][number])
    style.bare(axes)
    true, predicted = (float(columns[name][number]) for name in ("target", "predicted"))
    text = f"true {true - OFFSET:.1f}\npredicted {predicted - OFFSET:.1f}"
    style.image_label(axes, style.signed(text), size=7)
    physical = float(attributes["width"]) * columns["scale_factor"][number] / attributes["hubble"]
    length = round_length(physical)
    label = f"{length:g} kpc" if first else ""
    style.scale_bar(axes, length, total=physical, label=label, size=7)


def _over(axes, columns, maps, number, shown):
    image, values = columns["images"][number], maps[number]
    grey = image.astype(float).mean(axis=-1)
    side = image.shape[0]
    box = {"extent": (-0.5, side - 0.5, -0.5, side - 0.5), "origin": "lower"}
    axes.imshow(grey, cmap="gray", vmin=0, vmax=255, **box)
    # The same scale in a row, so that galaxies may be compared; a few cells are beyond it.
    limit = float(np.quantile(np.abs(maps[shown]), 0.99)) or 1.0
    strength = np.clip(np.abs(values) / limit, 0, 1)
    colours = matplotlib.colormaps[_SIGNED](0.5 + np.clip(values / limit, -1, 1) / 2)
    colours[..., 3] = 0.2 + 0.7 * np.sqrt(strength)
    axes.imshow(colours, interpolation="bilinear", **box)
    half = float(columns["half_mass_radius"][number])
    if np.isfinite(half):
        middle = (side - 1) / 2
        look = {"fill": False, "ec": "white", "lw": 0.9, "ls": "--"}
        axes.add_patch(Circle((middle, middle), half, **look))
    axes.set(xlim=(-0.5, side - 0.5), ylim=(-0.5, side - 0.5))
    style.bare(axes)


def _note(table, variant, method):
    """One line of numbers of a method."""
    row = table[(table["case"] == variant) & (table["method"] == method)][0]

    def shown(name):
        if np.ma.is_masked(row[name]):
            return "undefined"
        return f"{100 * float(row[name]):.0f} %"

    gas = (
        f"{shown('half_mass_share')} [{shown('half_mass_share_low')}, "
        f"{shown('half_mass_share_high')}] within the gas's half-mass radius"
    )
    other = f"untrained heads {shown('half_mass_random')}, an even map {shown('half_mass_area')}"
    alike = "undefined"
    if not np.ma.is_masked(row["random_similarity"]):
        alike = style.signed(f"{float(row['random_similarity']):.2f}")
    return f"{NAMES[method]}: {gas} ({other}); likeness to untrained heads {alike}"


def _legend(figure, foot):
    """What colours mean, and below it the numbers of each method."""
    width, height = figure.get_size_inches()
    above = _LINE * (len(foot) + 1) + 0.26
    bar = figure.add_axes(((width - 2.8) / width, above / height, 2.6 / width, 0.1 / height))
    bar.imshow(np.linspace(0, 1, 256)[None], cmap=_SIGNED, aspect="auto", extent=(-1, 1, 0, 1))
    bar.set_yticks([])
    bar.set_xticks([-1, 0, 1], ["lowers", "0", "raises"], fontsize=7)
    bar.set_title("effect on the prediction", fontsize=7.5, pad=2)
    bar.tick_params(length=0, pad=1)
    place = {"fontsize": 7.5, "va": "bottom"}
    for line, text in enumerate(reversed(foot)):
        figure.text(0.1 / width, (_LINE * (line + 1) + 0.08) / height, text, **place)
    text = "Labels: log$_{10}$ sSFR [1/yr]. Dashed: half-mass radius of the gas in the image."
    figure.text(0.1 / width, 0.08 / height, text, color=style.SOFT, **place)
