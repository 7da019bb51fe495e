"""The networks beside each other, beside always predicting the mean, and beside a printed ratio."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from skyloom.arms.spectra.published import RATIO
from skyloom.draw import spectra_labels as labels_
from skyloom.draw import style
from skyloom.io import columns

if TYPE_CHECKING:
    from astropy.table import Table
    from matplotlib.figure import Figure


@style.drawn
def comparison(
    summary: Table, members: Table, *, published: Table | None = None, synthetic: bool
) -> Figure:
    """How many times better than the mean each network is, beside the document's ratio.

    Parameters
    ----------
    summary : Table
        ``model``, ``dataset``, ``network``, ``label``, ``mae``, ``mae_low``, ``mae_high`` and
        ``mae_mean`` (of always predicting the mean) of the test side.
    members : Table
        ``model``, ``member`` and ``mae_standardised`` of the test side.
    published : Table, optional
        As `skyloom.judge.published.table` makes it; its ratios to always predicting the mean are
        drawn as lines, grey where they may not be compared.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
        A panel a dataset: ratios with the interval of the MAE, which stands beside them in the
        label's unit. Right: the members' MAE.
    """
    models = labels_.models_of(summary)
    datasets = list(dict.fromkeys(dataset for dataset, _ in models.values()))
    colours = labels_.network_colours(network for _, network in models.values())
    labels = list(dict.fromkeys(str(label) for label in summary["label"]))
    width = 4.0 + (0.6 + 0.36 * len(colours)) * len(labels) * len(datasets)
    width = max(8.8, width)
    title = "Test errors beside those of always predicting the mean"
    figure = style.figure(width, 4.9, title=title, synthetic=synthetic)
    shares = [1.0] * len(datasets) + [0.45 + 0.12 * len(models)]
    *panels, side = figure.subplots(1, len(datasets) + 1, squeeze=False, width_ratios=shares)[0]
    lines = _published_ratios(published, colours)
    for axes, dataset in zip(panels, datasets, strict=True):
        _ratios(axes, summary, dataset, labels, colours)
        for value, colour, _ in lines:
            axes.axhline(value, color=colour, lw=1.2, ls=":", zorder=0)
        axes.set_title(f"trained and tested on {dataset}")
    panels[0].set_ylabel("MAE of predicting the mean / MAE")
    highest = max(axes.get_ylim()[1] for axes in panels)
    for axes in panels:
        axes.set_ylim(0, 1.04 * highest)
    _members(side, members, models, colours)
    _legend(figure, summary, colours, lines)
    return figure


def _published_ratios(published, colours):
    """The published ratios: (value, colour, what the legend says)."""
    found = []
    for row in published if published is not None else []:
        network = str(row["model"]).rpartition("_")[2]
        value = columns.number(row["printed"])
        if network in colours and str(row["quantity"]) == RATIO and np.isfinite(value):
            good = bool(row["comparable"])
            text = f"{network} as published: {value:.2f}{'' if good else ', not comparable'}"
            found.append((value, colours[network] if good else style.FAINT, text))
    return found


def _legend(figure, summary, colours, lines):
    bars = style.intervals(summary, " (bar: {} % interval, number: MAE)")
    handles = [
        Line2D([], [], color=colour, marker="o", ls="none", label=f"{network} network{bars}")
        for network, colour in colours.items()
    ]
    handles.append(Line2D([], [], color=style.GREY, lw=1, label="no better than the mean"))
    handles += [
        Line2D([], [], color=colour, lw=1.2, ls=":", label=text) for _, colour, text in lines
    ]
    style.below(figure, handles, ncols=min(3, len(handles)))


def _ratios(axes, summary, dataset, labels, colours):
    names = np.asarray(summary["dataset"]).astype(str)
    networks = [n for n in colours if n in set(np.asarray(summary["network"]).astype(str))]
    for place, network in enumerate(networks):
        own = (names == dataset) & (np.asarray(summary["network"]).astype(str) == network)
        here = {str(row["label"]): row for row in summary[own]}
        shift = 0.26 * (place - (len(networks) - 1) / 2)
        for number, label in enumerate(labels):
            if label not in here:
                continue
            row = here[label]
            names_ = ("mae", "mae_low", "mae_high", "mae_mean")
            mae, low, high, mean = (columns.number(row[name]) for name in names_)
            if not np.isfinite(mae) or mae <= 0:
                continue
            ratio = mean / mae
            known = np.isfinite(high) and low > 0
            bars = style.bars(ratio, mean / high, mean / low) if known else None
            axes.errorbar(number + shift, ratio, yerr=bars, fmt="o", ms=6, color=colours[network])
            text = f"  {style.significant(mae)}"
            place_of = {"rotation": 90, "ha": "center", "va": "bottom", "fontsize": 7}
            top = ratio if bars is None else ratio + bars[1][0]
            axes.text(number + shift, top, text, color=colours[network], **place_of)
    axes.axhline(1, color=style.GREY, lw=1)
    ticks = [f"{labels_.symbol(label)}\n[{labels_.unit(label)}]" for label in labels]
    axes.set_xticks(range(len(labels)), ticks)
    axes.set_xlim(-0.6, len(labels) - 0.4)
    axes.grid(axis="y", **style.GRID)
    axes.margins(y=0.25)
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))


def _members(axes, members, models, colours):
    """Every member's test MAE in the scaled labels, and their mean where there are several."""
    names = np.asarray(members["model"]).astype(str)
    for place, (model, (_, network)) in enumerate(models.items()):
        values = columns.numbers(members["mae_standardised"])[names == model]
        values = values[np.isfinite(values)]
        if not len(values):
            continue
        x = place + (np.linspace(-0.12, 0.12, len(values)) if len(values) > 1 else np.zeros(1))
        look = {"s": 26, "linewidths": 0.6, "edgecolors": "white", "zorder": 3}
        axes.scatter(x, values, color=colours[network], **look)
        if len(values) > 1:
            axes.plot([place - 0.3, place + 0.3], [values.mean()] * 2, color=colours[network])
    axes.set_xticks(
        range(len(models)),
        [f"{dataset}\n{network}" for dataset, network in models.values()],
        fontsize=7.5,
        rotation=0 if len(models) < 5 else 60,
    )
    axes.set_xlim(-0.6, len(models) - 0.4)
    axes.set_ylim(0, 1.12 * max(axes.dataLim.y1, 1e-12))
    axes.set_title("Each member (bar: mean)", fontsize=9)
    axes.set_ylabel("Test MAE, scaled labels")
    axes.grid(axis="y", **style.GRID)
