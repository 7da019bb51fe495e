"""The one look of every figure, and how a figure becomes two reproducible files.

Categories use the palette of Okabe & Ito (2008), told apart with any colour vision; maps are
perceptually uniform. Figures are made without pyplot, so that no display and no global state is
needed, and are saved without dates, so that equal input gives equal bytes.
"""

from __future__ import annotations

import functools
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib
import numpy as np
from matplotlib import patheffects
from matplotlib.backends import backend_agg, backend_pdf  # noqa: F401 - for `save`
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from scipy.stats import gaussian_kde

from skyloom.arms import registry
from skyloom.io.columns import numbers
from skyloom.io.files import atomic

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLACK, BLUE, ORANGE, GREEN = "#222222", "#0072B2", "#D55E00", "#009E73"
GOLD, PINK, SKY, GREY = "#E69F00", "#CC79A7", "#56B4E9", "#9A9A9A"
DENSITY = "viridis"
#: Room for a title of one line, inches.
TITLE = 0.45
_TITLE_LINE = 0.2  # inches, each further one
#: Lines behind the data, what stands back, and text that explains.
GRID = {"visible": True, "color": "#E6E6E6", "lw": 0.6}
FAINT, SOFT = "#B5B5B5", "#666666"
#: What is wrong.
RED = "#B2182B"
_PALETTE = {
    "blue": BLUE,
    "orange": ORANGE,
    "green": GREEN,
    "gold": GOLD,
    "purple": PINK,
    "sky": SKY,
}
#: Colours of arms, and colour maps of a map's channels.
ARMS = {name: _PALETTE.get(arm.colour, arm.colour) for name, arm in registry.ARMS.items()}
PLANES = {"entropy": "viridis", "mass": "magma", "temperature": "inferno"}

_COLOURS = {"entropy": SKY, "mass": BLUE, "temperature": PINK, "gaussian": GREEN, "unsharp": ORANGE}
_RC = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.labelsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "axes.axisbelow": True,
    "figure.facecolor": "white",
    "figure.titlesize": 11.5,
    "figure.titleweight": "bold",
    "legend.frameon": False,
    "legend.fontsize": 8,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "image.origin": "lower",
    "image.interpolation": "nearest",
    "lines.linewidth": 1.4,
    "mathtext.default": "regular",
    "pdf.fonttype": 42,
    "path.simplify": True,
}
# More points than this would hide each other; they are counted in cells instead.
_MOST_POINTS = 2000


def drawn(function):
    """Decorate a drawing function so that it draws in this look whatever the caller has set."""

    @functools.wraps(function)
    def inner(*args, **kwargs):
        with matplotlib.rc_context():
            matplotlib.rcdefaults()
            matplotlib.rcParams.update(_RC)
            return function(*args, **kwargs)

    return inner


def figure(width: float, height: float, *, title: str, synthetic: bool, arranged: bool = True):
    """An empty figure with its title.

    Parameters
    ----------
    width, height : float
        Inches.
    title : str
        Beginning with a capital letter.
    synthetic : bool
        Whether anything in the figure derives from synthetic data: its title then says so first.
    arranged : bool, optional
        Whether panels are moved so that no labels overlap; False for those that `panels` places.
    """
    made = Figure(figsize=(width, height), layout="constrained" if arranged else None)
    text = _title(title, synthetic, width)
    if arranged:
        made.get_layout_engine().set(w_pad=0.06, h_pad=0.06, wspace=0.03, hspace=0.03)
        made.suptitle(text)
    else:
        made.suptitle(text, y=1 - 0.1 / height, va="top")
    return made


def _title(title, synthetic, width):
    """A title in lines that a figure of so many inches holds."""
    text = f"Synthetic demonstration: {title[0].lower()}{title[1:]}" if synthetic else title
    # 0.095 inches is the mean width of a bold letter of this size.
    return "\n".join(textwrap.wrap(text, max(20, int(width / 0.095))))


@drawn
def save(made: Figure, png: str | Path, pdf: str | Path) -> None:
    """Write a figure as PNG (150 dpi) and PDF, each complete or not at all.

    Parameters
    ----------
    made : matplotlib.figure.Figure
    png, pdf : str or Path
    """
    with atomic(png) as temporary:
        made.savefig(temporary, format="png", dpi=150, metadata={"Software": None})
    with atomic(pdf) as temporary:
        nothing = {"Creator": None, "Producer": None, "CreationDate": None}
        made.savefig(temporary, format="pdf", dpi=150, metadata=nothing)


def variant_label(variant):
    """A variant's name as a reader says it: 'Gaussian 3' for ``gaussian_3``."""
    return variant.replace("_", " ").capitalize()


def variant_colour(variant):
    """The colour of a variant's family."""
    return _COLOURS.get(variant.partition("_")[0], BLACK)


def density_scatter(axes: Axes, x: np.ndarray, y: np.ndarray):
    """Points coloured by their local density, or counts in cells where there are too many.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    x, y : (N,) array

    Returns
    -------
    matplotlib.cm.ScalarMappable or None
        What a colour bar shows: galaxies a cell, or the density relative to its maximum; None
        where all points have one colour.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if x.size > _MOST_POINTS:
        return axes.hist2d(x, y, bins=60, norm=LogNorm(vmin=1), cmap=DENSITY, rasterized=True)[3]
    density = _density(x, y)
    look = {"s": 20 if x.size < 500 else 9, "linewidths": 0.3, "edgecolors": "white"}
    if density is None:
        axes.scatter(x, y, color=BLUE, **look)
        return None
    order = np.argsort(density, kind="stable")
    colours = density[order] / density.max()
    return axes.scatter(x[order], y[order], c=colours, cmap=DENSITY, vmin=0, vmax=1, **look)


def _density(x, y):
    """Kernel density at each point, or None where a kernel has no width in some direction."""
    if x.size < 5 or min(np.ptp(x), np.ptp(y)) <= 1e-9 * max(np.ptp(x), np.ptp(y)):
        return None
    try:
        density = gaussian_kde(np.stack([x, y]))(np.stack([x, y]))
    except np.linalg.LinAlgError:
        return None
    return density if np.all(np.isfinite(density)) and density.max() > 0 else None


def scale_bar(axes: Axes, length: float, *, total: float, label: str | None = None, size=8) -> None:
    """A white bar of known length at the lower left of an image.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Holds an image whose x axis spans `total`.
    length, total : float
        In the same unit, physical kpc throughout Skyloom.
    label : str, optional
        Text above the bar; its length in kpc unless told. Empty for none.
    """
    label = f"{length:g} kpc" if label is None else label
    outline = [patheffects.withStroke(linewidth=2.2, foreground="black", alpha=0.65)]
    end = 0.05 + length / total
    axes.plot(
        [0.05, end],
        [0.05, 0.05],
        transform=axes.transAxes,
        color="white",
        lw=2.2,
        solid_capstyle="butt",
        path_effects=[patheffects.withStroke(linewidth=4, foreground="black", alpha=0.65)],
    )
    if label:
        place = {"ha": "left", "va": "bottom", "transform": axes.transAxes}
        axes.text(0.05, 0.075, label, color="white", fontsize=size, path_effects=outline, **place)


def image_label(axes, text, *, size=8):
    """White text with a dark outline at the upper left of an image."""
    axes.text(
        *(0.05, 0.95, text),
        color="white",
        fontsize=size,
        ha="left",
        va="top",
        transform=axes.transAxes,
        path_effects=[patheffects.withStroke(linewidth=2.2, foreground="black", alpha=0.65)],
    )


def nothing(text, *, title, synthetic):
    """A figure that says why there is nothing to draw."""
    made = figure(6.4, 1.4, title=title, synthetic=synthetic)
    axes = made.subplots()
    axes.set_axis_off()
    axes.text(0.5, 0.5, text, ha="center", va="center")
    return made


def bars(
    value: np.ndarray | float, low: np.ndarray | float, high: np.ndarray | float
) -> np.ndarray | None:
    """Lengths of error bars from values to the ends of their intervals.

    Parameters
    ----------
    value, low, high : (N,) array or float
        An end that is masked or not finite has no bar.

    Returns
    -------
    (2, N) array or None
        None where no end is known.
    """
    value, low, high = (np.atleast_1d(numbers(values)) for values in (value, low, high))
    ends = np.stack([value - low, high - value])
    return np.maximum(0, np.nan_to_num(ends, nan=0.0)) if np.isfinite(ends).any() else None


def intervals(table, said="{} % interval"):
    """What a table says of the level of its intervals; empty where it does not."""
    level = table.meta.get("level")
    return said.format(f"{100 * float(level):g}") if level else ""


def below(made, handles, *, note=None, **place):
    """A legend below the panels, with a note in grey above it."""
    legend = made.legend(handles=handles, loc="outside lower center", title=note, **place)
    legend.get_title().set(fontsize=7.5, color=SOFT)
    return legend


def say(axes, text, x=0.035, y=0.965, **look):
    """Text on white, at a place that is a share of the panel."""
    box = {"facecolor": "white", "alpha": 0.85, "edgecolor": "none", "pad": 1.5}
    look = {"va": "top", "fontsize": 7.5, "zorder": 6, "bbox": box} | look
    return axes.text(x, y, text, transform=axes.transAxes, **look)


def symmetric(axes, limit, differences) -> None:
    """Limits about zero; what lies beyond them is counted, so that it does not flatten the rest."""
    axes.set_ylim(-limit, limit)
    axes.yaxis.set_major_locator(MaxNLocator(5, symmetric=True))
    if beyond := int((np.abs(differences) > limit).sum()):
        text = f"{beyond:,} of {len(differences):,} lie beyond"
        say(axes, text, 0.985, 0.03, ha="right", va="bottom", fontsize=7, color=SOFT)


def apart(count):
    """Shifts from -0.5 to 0.5 that fill a range evenly, always the same: no seed."""
    return np.mod(0.5 + np.arange(count) * 0.6180339887, 1.0) - 0.5


def evenly(count, most):
    """At most so many of `count` places, evenly spaced with both ends."""
    return np.unique(np.linspace(0, count - 1, min(most, count)).round().astype(int))


def colour_bar(made, shown, axes, text, **look):
    """A colour bar without a frame, and what it says."""
    bar = made.colorbar(shown, ax=axes, **{"pad": 0.02, **look})
    bar.outline.set_visible(False)
    bar.set_label(text)
    return bar


def hide(panels) -> None:
    """Panels that nothing is drawn in."""
    for axes in panels:
        axes.set_axis_off()


def bare(axes) -> None:
    """An image without ticks or frame."""
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def counted(number, thing="image", many=None):
    """'1 image', '2,000 images'."""
    return f"{number:,} {thing if number == 1 else many or thing + 's'}"


def significant(value, digits=3, *, sign=False):
    """A number with so many significant digits, never with a power of ten: '1230', '0.00415'."""
    if value == 0 or not np.isfinite(value):
        return "0" if value == 0 else "undefined"
    places = digits - 1 - int(np.floor(np.log10(abs(value))))
    rounded = round(value, places)
    return f"{rounded:{'+' if sign else ''}.{max(0, places)}f}"


def signed(text):
    """Numbers in a text with the minus sign that figures use."""
    return text.replace("-", "−")


def panels(
    made: Figure, rows: int, columns: int, *, size: float, left: float = 0.0, gap: float = 0.05
) -> list[Axes]:
    """Square panels for images, with equal narrow gaps, below the title.

    Parameters
    ----------
    made : matplotlib.figure.Figure
    rows, columns : int
    size : float
        Side of a panel, inches.
    left : float, optional
        Where the first column begins, inches.
    gap : float, optional
        Between panels and to the edge, inches.

    Returns
    -------
    list of matplotlib.axes.Axes
        Row by row from the top left.
    """
    width, height = made.get_size_inches()
    return [
        made.add_axes(
            (
                (left + gap + column * (size + gap)) / width,
                (gap + (rows - 1 - row) * (size + gap)) / height,
                size / width,
                size / height,
            )
        )
        for row in range(rows)
        for column in range(columns)
    ]


def mosaic(rows, columns, size, *, title, synthetic, gap=0.05):
    """A figure of square panels below its title; and the panels, row by row."""
    # A single small panel would not hold the title.
    size = max(size, 4.2 / columns)
    width, height = (n * (size + gap) + gap for n in (columns, rows))
    lines = 1 + _title(title, synthetic, width).count("\n")
    height = height - gap + TITLE + (lines - 1) * _TITLE_LINE
    made = figure(width, height, title=title, synthetic=synthetic, arranged=False)
    return made, panels(made, rows, columns, size=size, gap=gap)


def shorten(reasons, most=4):
    """Reasons as one sentence part, the first few named and the rest counted."""
    reasons = list(reasons)
    text = "; ".join(reasons[:most])
    rest = len(reasons) - most
    return f"{text}; and {rest} more" if rest > 0 else text
