"""Errors of the encoders against their size, the noise, a classical fit and the possible; speed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator

from skyloom.draw import semantic_labels as labels_
from skyloom.draw import style
from skyloom.draw.style import GRID, SOFT
from skyloom.draw.ticks import plain_ticks
from skyloom.io.columns import number, numbers, texts

if TYPE_CHECKING:
    from astropy.table import Table
    from matplotlib.figure import Figure


_FAINT = "#C4C4C4"


def parameters_of(summary):
    """Parameters of a summary in the order of `labels_.PARAMETERS`, then others."""
    found = dict.fromkeys(texts(summary["parameter"]))
    return [p for p in labels_.PARAMETERS if p in found] + [
        p for p in found if p not in labels_.PARAMETERS
    ]


def families(summary: Table) -> dict[str, np.ndarray]:
    """Encoders that differ in nothing but their size.

    Parameters
    ----------
    summary : Table
        ``method``, ``dataset``, ``network``, ``angle_form``, ``optimizer``, ``epochs``.

    Returns
    -------
    dict of str to (N,) array of bool
        What a family is called, and its rows: those of datasets on which several networks of one
        kind of training were tried. A single one of another training stays, to be compared.
    """
    encoder = texts(summary["method"]) == "encoder"
    columns = [texts(summary[key]) for key in ("dataset", "angle_form", "optimizer", "epochs")]
    keys = np.array([" ".join(parts) for parts in zip(*columns, strict=True)])
    networks = texts(summary["network"])
    kept = {}
    for dataset in dict.fromkeys(columns[0][encoder]):
        here = encoder & (columns[0] == dataset)
        own = {key: here & (keys == key) for key in dict.fromkeys(keys[here])}
        if any(len(set(networks[rows])) > 1 for rows in own.values()):
            kept.update(own)
    parts = {key: [column[rows][0] for column in columns] for key, rows in kept.items()}
    return {_family(*parts[key]): rows for key, rows in kept.items()}


def _family(dataset, form, optimizer, epochs):
    angle = "" if form == "cos_sin_2theta" else f", {form}"
    return f"{dataset}{angle}, {optimizer}, {style.counted(int(float(epochs)), 'epoch')}"


@style.drawn
def sizes(summary: Table, *, synthetic: bool) -> Figure:
    """Errors of the parameters against the number of weights.

    Parameters
    ----------
    summary : Table
        As `skyloom.arms.semantic.evaluation` makes it.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
        A panel a parameter: standard deviation with its bootstrap interval, and mean absolute
        difference.

    Notes
    -----
    Figure 5 of the article, which draws the mean of the errors.
    """
    summary = labels_.with_half_widths(summary)
    groups = families(summary)
    title = "Errors against the size of the encoder"
    if not groups:
        text = "only one network was trained on each dataset"
        return style.nothing(text, title=title, synthetic=synthetic)
    parameters = parameters_of(summary[np.any(list(groups.values()), axis=0)])
    width = max(6.4, 3.3 * len(parameters) + 0.2)
    figure = style.figure(width, 4.3, title=title, synthetic=synthetic)
    looks = labels_.looks(groups)
    names = texts(summary["parameter"])
    for axes, parameter in zip(
        figure.subplots(1, len(parameters), squeeze=False)[0], parameters, strict=True
    ):
        for family, rows in groups.items():
            _by_size(axes, summary[rows & (names == parameter)], looks[family])
        _size_axes(axes, summary[np.any(list(groups.values()), axis=0)], parameter)
    handles = [Line2D([], [], ms=5, label=family, **looks[family], lw=1.4) for family in looks]
    bars = style.intervals(summary, " (bar: {} % interval)")
    handles.append(Line2D([], [], color=SOFT, label=f"σ{bars}"))
    handles.append(Line2D([], [], color=SOFT, lw=1, ls=":", label="mean |predicted − true|"))
    style.below(figure, handles, ncols=max(2, int(width / 2.8)))
    return figure


def _by_size(axes, rows, look):
    rows = rows[np.argsort(numbers(rows["weights"]), kind="stable")]
    weights, sigma = numbers(rows["weights"]), numbers(rows["sigma"])
    if not len(rows):
        return
    axes.errorbar(weights, sigma, yerr=_bars(rows), ms=5, elinewidth=1.0, zorder=3, **look)
    axes.plot(weights, numbers(rows["mae"]), color=look["color"], ls=":", lw=1, zorder=2)
    if len(rows) == 1:
        place = {"marker": "_", "s": 60, "linewidths": 1.2}
        axes.scatter(weights, numbers(rows["mae"]), color=look["color"], **place)


def _bars(rows):
    return style.bars(*(rows[f"sigma{end}"] for end in ("", "_low", "_high")))


def _size_axes(axes, rows, parameter):
    known = dict(zip(numbers(rows["weights"]), texts(rows["network"]), strict=True))
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.margins(x=0.08)
    axes.set_xlabel("Weights of the encoder")
    axes.set_ylabel(labels_.axis(parameter, "error of"))
    axes.set_xticks([1e4, 1e5, 1e6], [labels_.plain(tick) for tick in (1e4, 1e5, 1e6)])
    low, high = min(known, default=1e4), max(known, default=1e6)
    axes.set_xlim(low / 1.3, high * 1.3)
    axes.xaxis.set_minor_locator(NullLocator())
    plain_ticks(axes)
    axes.yaxis.set_major_formatter(lambda y, _: labels_.plain(y))
    axes.grid(**GRID)
    above = axes.secondary_xaxis("top")
    above.spines[:].set_visible(False)
    above.xaxis.set_major_locator(FixedLocator(list(known)))
    above.xaxis.set_minor_locator(NullLocator())
    above.set_xticks(list(known), [name.replace("_", " ") for name in known.values()])
    above.tick_params(length=2, labelsize=7, labelrotation=60, labelcolor=SOFT, color=SOFT, pad=1)


def own_encoder(rows: Table) -> int | None:
    """Of the encoders of one dataset, the row that stands for it.

    Parameters
    ----------
    rows : Table
        One parameter of one dataset.

    Returns
    -------
    int or None
        The model that has the dataset's name or, where there is none, the largest network.
    """
    encoder = np.flatnonzero(texts(rows["method"]) == "encoder")
    if not len(encoder):
        return None
    named = [n for n in encoder if str(rows["model"][n]) == str(rows["dataset"][n])]
    return int(named[0] if named else encoder[np.argmax(numbers(rows["weights"])[encoder])])


@style.drawn
def bounds(summary: Table, *, synthetic: bool) -> Figure:
    """Errors of encoder and least squares beside the Cramér–Rao bound, by dataset.

    Parameters
    ----------
    summary : Table
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
        A panel a parameter, logarithmic; filled: standard deviation with its interval, open:
        1.4826 median absolute deviation, which a few failures do not change.
    """
    summary = labels_.with_half_widths(summary)
    parameters = parameters_of(summary)
    noise = dict(zip(texts(summary["dataset"]), numbers(summary["noise"]), strict=True))
    width = max(8.2, (0.9 + 0.52 * len(noise)) * min(3, len(parameters)) + 0.6)
    columns = min(3, len(parameters))
    rows = -(-len(parameters) // columns)
    title = "Errors of the parameters beside the least that the noise allows"
    figure = style.figure(width, 3.6 * rows + 1.1, title=title, synthetic=synthetic)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    names, datasets = texts(summary["parameter"]), texts(summary["dataset"])
    style.hide(panels[len(parameters) :])
    for axes, parameter in zip(panels, parameters, strict=False):
        shown = [d for d in noise if np.any((datasets == d) & (names == parameter))]
        floor = _floor(summary[names == parameter])
        for place, dataset in enumerate(shown):
            _beside(axes, place, summary[(names == parameter) & (datasets == dataset)], floor)
        _bound_axes(axes, parameter, shown, noise)
    style.below(figure, _bound_handles(summary), ncols=3)
    return figure


def _beside(axes, place, rows, floor):
    """One dataset's errors: its encoder, the others of the same images, and least squares."""
    chosen = own_encoder(rows)
    for at, row in enumerate(rows):
        method, sigma = str(row["method"]), number(row["sigma"])
        if method == "encoder" and at != chosen:
            axes.scatter(place - 0.3, sigma, s=14, color=_FAINT, zorder=2)
            continue
        look = labels_.METHODS.get(method, {"color": style.PINK, "marker": "D"})
        x, colour = place + (0.12 if method == "least_squares" else -0.08), look["color"]
        if sigma < floor:
            axes.scatter(x, floor, marker="v", s=26, color=colour, zorder=4)
        else:
            _with_bars(axes, x, rows[at : at + 1], colour, look["marker"])
        bound = number(row["bound"])
        if np.isfinite(bound):
            axes.plot([x - 0.13, x + 0.13], [bound] * 2, color=style.BLACK, lw=2, zorder=5)
    published = [value for value in numbers(rows["published"]) if np.isfinite(value)]
    for value in published[:1]:
        axes.scatter(place + 0.32, value, marker="*", s=60, color=style.ORANGE, zorder=4)


def _with_bars(axes, x, row, colour, marker):
    look = {"color": colour, "marker": marker}
    axes.errorbar(x, numbers(row["sigma"]), yerr=_bars(row), ms=5.5, elinewidth=1, zorder=4, **look)
    open_ = {"facecolor": "white", "edgecolor": colour, "marker": marker, "linewidths": 1}
    axes.scatter(x, numbers(row["robust_sigma"]), s=22, zorder=3, **open_)


def _floor(rows):
    """Least error that is worth room on an axis: what is smaller (fits without noise) is marked."""
    encoder = texts(rows["method"]) == "encoder"
    known = [numbers(rows[encoder][key]) for key in ("sigma", "robust_sigma", "published")]
    known = np.concatenate([*known, numbers(rows["bound"])])
    known = known[np.isfinite(known) & (known > 0)]
    return known.min() / 3 if len(known) else 0.0


def _bound_axes(axes, parameter, datasets, noise):
    axes.set_yscale("log")
    low, high = axes.dataLim.y0, axes.dataLim.y1
    if np.isfinite([low, high]).all() and 0 < low <= high:
        axes.set_ylim(low / 1.4, high * 1.6)
        plain_ticks(axes)
        axes.yaxis.set_major_formatter(lambda y, _: labels_.plain(y))
    said = [f"{d}\n{labels_.noise(noise[d])}" for d in datasets]
    axes.set_xticks(range(len(datasets)), said, rotation=90, fontsize=7.5)
    axes.tick_params(axis="x", length=0)
    axes.set_xlim(-0.6, len(datasets) - 0.4)
    axes.set_ylabel(labels_.axis(parameter, "error of"))
    axes.grid(axis="y", **GRID)
    for middle in range(len(datasets) - 1):
        axes.axvline(middle + 0.5, color="#E0E0E0", lw=0.8, zorder=0)


def _bound_handles(summary):
    bars = style.intervals(summary, " (bar: {} % interval)")
    found = set(texts(summary["method"]))
    handles = [
        Line2D([], [], ls="none", ms=6, **{**look, "label": f"{look['label']}, σ{bars}"})
        for method, look in labels_.METHODS.items()
        if method in found
    ]
    triangle = {"color": labels_.METHODS["least_squares"]["color"], "marker": "v", "ls": "none"}
    handles.append(Line2D([], [], ms=6, label="smaller than the axis shows", **triangle))
    open_ = {"marker": "o", "mfc": "white", "mec": SOFT, "ms": 5, "ls": "none"}
    handles.append(Line2D([], [], label="open: 1.4826 MAD", **open_))
    text = "median Cramér–Rao bound of the same images"
    handles.append(Line2D([], [], color=style.BLACK, lw=2, label=text))
    handles.append(
        Line2D([], [], color=_FAINT, marker="o", ms=4, ls="none", label="other encoders, σ")
    )
    star = {"color": style.ORANGE, "marker": "*", "ms": 9, "ls": "none"}
    if np.isfinite(numbers(summary["published"])).any():
        handles.append(Line2D([], [], label="σ as the article prints it", **star))
    return handles


@style.drawn
def speed(table: Table, *, synthetic: bool) -> Figure:
    """Images whose parameters are found in a second.

    Parameters
    ----------
    table : Table
        ``method``, ``images_per_second``, ``images``, ``threads`` and, where they are known,
        ``model`` (of an encoder) or ``dataset``.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
    """
    rate = numbers(table["images_per_second"])
    order = np.lexsort([rate, texts(table["method"]) == "encoder"])
    rate = rate[order]
    methods = texts(table["method"])[order]
    named = ["model", "dataset"]
    own = [texts(table[key])[order] for key in named if key in table.colnames]
    title = "Images a second"
    height = 0.27 * len(table) + 1.5
    figure = style.figure(7.0, max(2.4, height), title=title, synthetic=synthetic)
    axes = figure.subplots()
    for place, method in enumerate(methods):
        look = labels_.METHODS.get(method, {"color": style.GREY, "label": method})
        axes.barh(place, rate[place], color=look["color"], height=0.66)
        text = f" {rate[place]:,.0f}" if rate[place] >= 10 else f" {rate[place]:.2g}"
        axes.text(rate[place], place, text, va="center", fontsize=7.5)
    said = []
    for place, method in enumerate(methods):
        look = labels_.METHODS.get(method, {"label": method})
        first = next((names[place] for names in own if names[place]), "")
        said.append(f"{look['label']}, {first}" if first else look["label"])
    axes.set_yticks(range(len(said)), said)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(-0.6, len(said) - 0.4)
    axes.set_xscale("log")
    axes.set_xlim(min(rate, default=1) / 3, max(rate, default=10) * 4)
    axes.xaxis.set_major_formatter(lambda x, _: labels_.plain(x))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(f"Images a second ({_threads(table)})")
    axes.grid(axis="x", **GRID)
    return figure


def _threads(table):
    """Threads of each method, and what they ran on: 'encoder: 2 threads; …; CPU'."""
    said = []
    for method, look in labels_.METHODS.items():
        own = {int(value) for value in table["threads"][texts(table["method"]) == method]}
        if own:
            said.append(f"{look['label']}: {style.counted(max(own), 'thread')}")
    return "; ".join([*said, str(table.meta.get("device", ""))]).rstrip("; ")
