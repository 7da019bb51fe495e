"""Which combinations of labels there are, and how a split shares them out."""

import matplotlib
import numpy as np
from matplotlib.ticker import MaxNLocator

from skyloom.draw import spectra_labels as labels_
from skyloom.draw import style
from skyloom.split_tables import PARTS

_MOST_NODES = 60  # values an axis of the Kiel diagram; more are binned
_MOST_BARS = 45


@style.drawn
def coverage(inventory, part, *, labels, split, synthetic):
    """Kiel diagrams of the spectra and of those held out, and each label's values by side.

    Parameters
    ----------
    inventory : Table
        A row a spectrum, with the labels; ``teff`` [K] and ``log_g`` [dex] among them.
    part : (N,) array of str
        Side of each spectrum: train, validation or test.
    labels : sequence of str
    split : str
        What is split: ``random`` or ``model``.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
        Axes of the Kiel diagrams run backwards, as the field draws them.
    """
    part = np.asarray(part).astype(str)
    counts = {name: int((part == name).sum()) for name in PARTS}
    title = f"{len(part):,} spectra of the grid, {_SPLITS.get(split, split)}"
    columns = max(2, len(labels))
    figure = style.figure(max(8.6, 3.0 * columns), 6.8, title=title, synthetic=synthetic)
    top, bottom = figure.subfigures(2, 1, height_ratios=(1.35, 1))
    left, right = top.subplots(1, 2)
    nodes = _nodes(inventory)
    _kiel(top, left, nodes, *_count(nodes), "Spectra at a node")
    held = part != "train"
    _kiel(top, right, nodes, *_share(nodes, held), "Share not trained on")
    for axes, label in zip(bottom.subplots(1, len(labels), squeeze=False)[0], labels, strict=True):
        _bars(axes, label, np.asarray(inventory[label], dtype=float), part)
    handles, names = axes.get_legend_handles_labels()
    texts = [f"{name} ({counts[name]:,})" for name in names]
    bottom.legend(handles, texts, loc="outside lower center", ncols=3)
    return figure


_SPLITS = {
    "random": "split at random",
    "model": "split by model (all rotations on one side)",
}


def _nodes(inventory):
    """Places of the spectra in the Kiel diagram: (places (M, 2), index of each row, steps)."""
    columns = []
    for name in ("teff", "log_g"):
        values = np.asarray(inventory[name], dtype=float)
        steps = np.unique(values)
        if len(steps) > _MOST_NODES:
            edges = np.linspace(values.min(), values.max(), _MOST_NODES + 1)
            middle = (edges[:-1] + edges[1:]) / 2
            values = middle[np.clip(np.searchsorted(edges, values) - 1, 0, _MOST_NODES - 1)]
        columns.append(values)
    places, index = np.unique(np.stack(columns, axis=1), axis=0, return_inverse=True)
    return places, index.ravel()


def _count(nodes):
    places, index = nodes
    counts = np.bincount(index, minlength=len(places))
    return counts, (0, max(1, counts.max()))


def _share(nodes, held):
    places, index = nodes
    total = np.bincount(index, minlength=len(places))
    share = np.bincount(index, weights=held, minlength=len(places)) / total
    return share, (0.0, max(1e-3, float(share.max())))


def _kiel(figure, axes, nodes, values, limits, name):
    """Cells as wide as the steps of the grid, so that gaps show."""
    places, _ = nodes
    teff, log_g = places.T
    x, y = (_edges(np.unique(column)) for column in (teff, log_g))
    cells = np.full((len(y) - 1, len(x) - 1), np.nan)
    cells[np.searchsorted(np.unique(log_g), log_g), np.searchsorted(np.unique(teff), teff)] = values
    shown = axes.pcolormesh(
        *(x, y, np.ma.masked_invalid(cells)),
        cmap=matplotlib.colormaps["viridis"],
        vmin=limits[0],
        vmax=limits[1],
        edgecolors="white",
        linewidth=0.5,
        rasterized=cells.size > 2000,
    )
    axes.set(xlim=(x[-1], x[0]), ylim=(y[-1], y[0]))
    axes.set_xlabel(labels_.axis("teff"))
    axes.set_ylabel("log (g / cm s$^{-2}$) [dex]")
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    whole = (
        {"ticks": MaxNLocator(5, integer=True, steps=[1, 2, 5, 10])}
        if name.startswith("Spectra")
        else {}
    )
    style.colour_bar(figure, shown, axes, name, aspect=24, **whole)


def _edges(steps):
    """Edges half-way between the steps; the outer cells are as wide as their neighbours."""
    if len(steps) == 1:
        return (
            np.array([steps[0] - 0.5, steps[0] + 0.5])
            if steps[0] < 100
            else steps[0] + (np.array([-125.0, 125.0]))
        )
    middle = (steps[:-1] + steps[1:]) / 2
    first, last = steps[0] - (middle[0] - steps[0]), steps[-1] + (steps[-1] - middle[-1])
    return np.concatenate([[first], middle, [last]])


def _bars(axes, label, values, part):
    """Spectra at each value, the sides of the split on each other."""
    steps = np.unique(values)
    discrete = len(steps) <= _MOST_BARS
    edges = None if discrete else np.linspace(steps[0], steps[-1], 31)
    places = np.arange(len(steps)) if discrete else (edges[:-1] + edges[1:]) / 2
    width = 0.9 if discrete else 0.9 * (edges[1] - edges[0])
    below = np.zeros(len(places))
    for side in PARTS:
        here = values[part == side]
        if discrete:
            counts = np.bincount(np.searchsorted(steps, here), minlength=len(steps))
        else:
            counts = np.histogram(here, edges)[0]
        axes.bar(places, counts, width, below, color=labels_.SIDES[side], label=side)
        below += counts
    if discrete:
        every = -(-len(steps) // (5 if len(labels_.tick(steps[-1])) > 4 else 6))
        shown = np.arange(0, len(steps), every)
        axes.set_xticks(shown, [labels_.tick(steps[n]) for n in shown])
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True, steps=[1, 2, 2.5, 5, 10]))
    axes.set_ylim(0, 1.05 * below.max())
    axes.set_xlabel(labels_.axis(label))
    axes.set_ylabel("Spectra")
