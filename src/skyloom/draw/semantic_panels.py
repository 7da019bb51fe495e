"""Images of profiles: what the encoder is given, what it makes of it, and what is left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import matplotlib
import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.ticker import MaxNLocator

from skyloom.draw import semantic_labels as labels_
from skyloom.draw import style
from skyloom.draw.style import SOFT
from skyloom.io.columns import numbers

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: What each row of panels shows, and its colours: residuals about zero, in red and blue.
ROWS = {"Input": "magma", "Reconstruction": "magma", "Input − reconstruction": "RdBu_r"}
_SIDE = 1.5  # inches
# So many scales of the largest profile are shown, and at least so many pixels from the centre.
_SCALES, _PIXELS = 7.0, 8


def evenly_ranked(values, count=6):
    """Rows of `count` images, evenly spaced in rank of the values, from low to high."""
    order = np.argsort(numbers(values), kind="stable")
    return order[style.evenly(len(order), count)]


def shown_half(scale, pixels: int, resolution: float | None = None) -> float:
    """Half the side of the part of an image that is worth showing, in half-widths.

    Parameters
    ----------
    scale : (N,) array
        Of the profiles that are shown together, in half-widths.
    pixels : int
        Along a side of the image.
    resolution : float, optional
        Pixels in a half-width; half of them all where absent.

    Returns
    -------
    float
        Whole pixels; of all of them where the profiles are large.
    """
    resolution = resolution or pixels / 2
    largest = float(np.max(scale, initial=0.0))
    wanted = np.ceil(max(_SCALES * largest * resolution, _PIXELS))
    return min(wanted, pixels / 2) / resolution


def words(values: dict[str, float], found: dict[str, float] | None = None, most: int = 4):
    """Parameters of an image in a few lines: 'A 0.034 → 0.035'.

    Parameters
    ----------
    values : dict of str to float
    found : dict of str to float, optional
        What an encoder says.
    most : int
        Parameters beyond so many are left out.
    """
    lines = []
    for name in list(values)[:most]:
        text = f"{labels_.symbol(name)} {_number(name, values[name])}"
        lines.append(text if found is None else f"{text} → {_number(name, found[name])}")
    return "\n".join(lines)


def _number(name, value):
    if not np.isfinite(value):
        return "undefined"
    if name == "angle":
        return f"{value:.0f}°"
    return style.signed(f"{value:.4f}" if abs(value) < 0.1 and name == "scale" else f"{value:.2f}")


@style.drawn
def panels(
    images: np.ndarray,
    reconstructed: np.ndarray,
    texts: Sequence[str],
    *,
    scale: np.ndarray,
    model: tuple[str, str],
    synthetic: bool,
    resolution: float | None = None,
) -> Figure:
    """Input, reconstruction and residual of some test images.

    Parameters
    ----------
    images, reconstructed : (N, H, W) array
    texts : sequence of str
        What stands above each image.
    scale : (N,) array
        True scales, half-widths.
    model : (str, str)
        Dataset and network.
    synthetic : bool
    resolution : float, optional
        Pixels in a half-width; half of them all where absent.

    Returns
    -------
    matplotlib.figure.Figure
        A column an image; one colour scale for inputs and reconstructions, one about zero for what
        is left.

    Notes
    -----
    Figure 6 of the article, whose residual has the other sign.
    """
    dataset, network = model
    title = f"Test images of {dataset} and their reconstruction by the {network} network"
    figure, grid = mosaic(len(images), 1, title, synthetic, head=0.17 * texts[0].count("\n") + 0.2)
    half = shown_half(scale, images.shape[1], resolution)
    stack = images, reconstructed, np.subtract(images, reconstructed)
    limits = _common(images, reconstructed)
    for axes, text in zip(grid[0], texts, strict=True):
        axes.set_title(text, fontsize=7.5)
    for line, name, shown in zip(grid, ROWS, stack, strict=True):
        own = _symmetric(shown) if name == list(ROWS)[2] else limits
        drawn = [
            image(axes, pixels, half, ROWS[name], own, resolution=resolution)
            for axes, pixels in zip(line, shown, strict=True)
        ]
        line[0].set_ylabel(f"{name}\ny [half-widths]", fontsize=8)
        bar(figure, drawn[0], line, "Intensity")
    edges(grid, "x [half-widths]")
    return figure


def _common(*stacks):
    """Limits of one colour scale: all of the reconstructions, and most of the noise."""
    low = min(float(np.percentile(stack, 0.5)) for stack in stacks)
    return min(0.0, low), max(float(np.max(stack)) for stack in stacks)


def _symmetric(residual):
    """Limits about zero that a few pixels do not stretch."""
    sizes = np.abs(residual)
    limit = float(np.percentile(sizes, 99.8))
    limit = max(limit, 0.25 * float(sizes.max())) or 1e-6
    return -limit, limit


def mosaic(columns: int, blocks: int, title: str, synthetic: bool, *, head: float, rows: int = 3):
    """A figure of square panels with room for a colour bar beside each row.

    Parameters
    ----------
    columns, blocks : int
    title : str
    synthetic : bool
    head : float
        Room above a block, inches.
    rows : int, optional
        Of a block.

    Returns
    -------
    figure : matplotlib.figure.Figure
    grid : (blocks * rows, columns) array of matplotlib.axes.Axes
    """
    width = max(6.4, columns * _SIDE + 2.1)
    height = blocks * (rows * (_SIDE + 0.02) + head) + 0.95
    figure = style.figure(width, height, title=title, synthetic=synthetic)
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.035, wspace=0.0, hspace=0.0)
    return figure, figure.subplots(blocks * rows, columns, squeeze=False)


def image(axes, pixels, half, colours, limits, norm=None, resolution=None):
    """Show one image, cut to the part within `half` half-widths of its centre."""
    scale = {"norm": norm} if norm else {"vmin": limits[0], "vmax": limits[1]}
    end = len(pixels) / 2 / resolution if resolution else 1.0
    place = {"extent": (-end, end, -end, end), "aspect": "equal"}
    shown = axes.imshow(pixels, cmap=matplotlib.colormaps[colours], **place, **scale)
    axes.set(xlim=(-half, half), ylim=(-half, half))
    tick = float(f"{half / 1.6:.1g}")
    for line in (axes.xaxis, axes.yaxis):
        line.set_ticks([-tick, 0, tick], ["", "", ""])
    axes.tick_params(length=2, labelsize=7)
    for spine in axes.spines.values():
        spine.set(visible=True, color=style.FAINT, linewidth=0.6)
    axes.set_facecolor("black")
    return shown


def bar(figure, shown, line, text):
    """A colour bar at the right of a row of panels."""
    look = {"location": "right", "pad": 0.01, "aspect": 14, "shrink": 0.85}
    made = style.colour_bar(figure, shown, list(line), text, **look)
    if isinstance(made.norm, LogNorm):
        made.ax.minorticks_off()
    else:
        made.locator = MaxNLocator(4)
    made.ax.tick_params(labelsize=7, length=2)
    made.ax.yaxis.label.set_fontsize(7.5)
    return made


def edges(grid, text) -> None:
    """Numbers at the left and lower edge of a block of panels only."""
    for axes in grid[:, 0]:
        ticks = axes.get_yticks()
        axes.set_yticks(ticks, [style.signed(f"{tick:g}") for tick in ticks])
    for axes in grid[-1]:
        ticks = axes.get_xticks()
        axes.set_xticks(ticks, [style.signed(f"{tick:g}") for tick in ticks])
        axes.set_xlabel(text, fontsize=8)


@style.drawn
def examples(datasets, *, synthetic):
    """Some images of every dataset, as the encoders are given them.

    Parameters
    ----------
    datasets : dict of str to dict
        ``images`` (N, H, W), ``values`` (N dicts of true parameters, lengths in half-widths),
        ``noise`` and, where half of the pixels are not it, ``resolution`` (pixels in a half-width).
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
        A row a dataset, with its own colour scale and its own part of the image.
    """
    columns = max(len(one["images"]) for one in datasets.values())
    most = max(len(one["values"][0]) for one in datasets.values())
    head = 0.13 * min(most, 4) + 0.12
    title = "Images of every dataset, as the encoder is given them"
    options = {"head": len(datasets) * head, "rows": len(datasets)}
    figure, grid = mosaic(columns, 1, title, synthetic, **options)
    for line, (name, one) in zip(grid, datasets.items(), strict=True):
        scales = [values["scale"] for values in one["values"] if "scale" in values]
        resolution = one.get("resolution")
        half = shown_half(scales, one["images"].shape[1], resolution) if scales else 1.0
        limits = _common(one["images"])
        style.hide(line[len(one["images"]) :])
        for axes, pixels, values in zip(line, one["images"], one["values"], strict=False):
            shown = image(axes, pixels, half, "magma", limits, resolution=resolution)
            axes.set_title(words(values), fontsize=6.5, pad=2)
        text = f"{name}\n{labels_.noise(one['noise'])}\ny [half-widths]"
        line[0].set_ylabel(text, fontsize=7.5)
        bar(figure, shown, line, "Intensity")
        edges(line[None], "")
    note = "Parts of the images about their centres; x as y, in half-widths of the image."
    figure.supxlabel(note, fontsize=7.5, color=SOFT)
    return figure
