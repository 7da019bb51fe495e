"""How far the networks on spectra can be trusted: against noise, and in what they say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from skyloom.draw import spectra_labels as labels_
from skyloom.draw import style, ticks
from skyloom.io.columns import numbers, where

if TYPE_CHECKING:
    from astropy.table import Table
    from matplotlib.figure import Figure


def _names(column):
    return list(dict.fromkeys(str(name) for name in column))


@style.drawn
def noise(
    table: Table, *, models=None, mean: dict[str, float] | None = None, synthetic: bool
) -> Figure:
    """Mean absolute error and bias of each label against the signal-to-noise ratio.

    Parameters
    ----------
    table : Table
        ``model``, ``snr`` (of the noise added; 0 for none), ``label``, ``mae`` and ``bias``.
    models : dict of str to (dataset, network), optional
        From the models' names unless told.
    mean : dict of str to float, optional
        By label: the MAE of always predicting the mean.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
        Thin horizontal lines: the dataset as it is, no noise added.
    """
    labels = _names(table["label"])
    models = models or labels_.models_of(table)
    looks = labels_.model_looks(models)
    title = "Residuals against signal-to-noise ratio, test side"
    size = max(6.4, 3.3 * len(labels) + 0.3), 5.2 + 0.16 * len(models)
    figure = style.figure(*size, title=title, synthetic=synthetic)
    panels = figure.subplots(2, len(labels), squeeze=False, sharex=True, height_ratios=(1.4, 1))
    steps = np.unique(numbers(table["snr"]))
    steps = steps[steps > 0]
    for (upper, lower), label in zip(panels.T, labels, strict=True):
        here = where(table, label=label)
        for model, look in looks.items():
            rows = where(here, model=model)
            _against_noise(upper, rows, "mae", look)
            _against_noise(lower, rows, "bias", look)
        if mean and np.isfinite(mean.get(label, np.nan)):
            upper.axhline(mean[label], color=style.GREY, lw=1.4)
        _noise_axes(upper, lower, label, steps)
    handles = [Line2D([], [], ms=4, **look) for look in looks.values()]
    handles.append(Line2D([], [], color=style.BLACK, lw=0.8, alpha=0.6, label="no noise added"))
    if mean:
        text = "always predicting the mean"
        handles.append(Line2D([], [], color=style.GREY, lw=1.4, label=text))
    style.below(figure, handles, ncols=2)
    return figure


def _against_noise(axes, rows, name, look):
    snr, values = numbers(rows["snr"]), numbers(rows[name])
    order = np.argsort(snr)
    snr, values = snr[order], values[order]
    noisy = (snr > 0) & np.isfinite(values)
    axes.plot(snr[noisy], values[noisy], ms=4, **look)
    for value in values[(snr == 0) & np.isfinite(values)]:
        axes.axhline(value, color=look["color"], ls=look["ls"], lw=0.8, alpha=0.6)


def _noise_axes(upper, lower, label, steps):
    given = labels_.unit(label)
    upper.set_title(labels_.symbol(label))
    upper.set_ylabel(f"MAE [{given}]" if given else "MAE")
    lower.set_ylabel(f"Bias [{given}]" if given else "Bias")
    lower.axhline(0, color=style.BLACK, lw=0.8, zorder=0)
    lower.set_xlabel("S/N per pixel of the noise added")
    if upper.dataLim.y0 > 0:
        upper.set_yscale("log")
        ticks.plain_ticks(upper)
    lower.yaxis.set_major_locator(MaxNLocator(5))
    if len(steps):
        for axes in (upper, lower):
            axes.set_xscale("log")
            axes.set_xlim(steps[0] / 1.25, steps[-1] * 1.25)
            axes.xaxis.set_major_locator(FixedLocator(steps))
            axes.xaxis.set_minor_locator(NullLocator())
            axes.xaxis.set_major_formatter(lambda x, _: f"{x:g}")
    for axes in (upper, lower):
        axes.grid(**style.GRID)


@style.drawn
def calibration(table: Table, *, models=None, synthetic: bool) -> Figure:
    """Share of labels inside their intervals against the intervals' stated level.

    Parameters
    ----------
    table : Table
        ``model``, ``label``, ``level``, ``coverage``, ``coverage_recalibrated`` and ``factor``;
        empty where no uncertainties were estimated.
    models : dict of str to (dataset, network), optional
        From the models' names unless told.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
        A row a model, a column a label.
    """
    title = "Calibration of the uncertainties, test side"
    if not len(table):
        text = "No uncertainties to judge: the config says none, or each network is one member."
        return style.nothing(text, title=title, synthetic=synthetic)
    labels, models = _names(table["label"]), models or labels_.models_of(table)
    models = {name: model for name, model in models.items() if name in _names(table["model"])}
    size = max(5.6, 2.75 * len(labels) + 0.4), 2.75 * len(models) + 1.1
    figure = style.figure(*size, title=title, synthetic=synthetic)
    grid = figure.subplots(len(models), len(labels), squeeze=False, sharex=True, sharey=True)
    kind = np.asarray(table["label"]).astype(str)
    model = np.asarray(table["model"]).astype(str)
    for line, (name, parts) in zip(grid, models.items(), strict=True):
        for axes, label in zip(line, labels, strict=True):
            _coverage(axes, table[(kind == label) & (model == name)])
            axes.set_title(labels_.symbol(label), fontsize=9)
        line[0].set_ylabel(f"{parts[1]} network,\ntrained on {parts[0]}\n\nActual coverage")
    for axes in grid[-1]:
        axes.set_xlabel("Stated level of the interval")
    handles, names = grid[0][0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=3)
    return figure


def _coverage(axes, rows):
    axes.plot([0, 1], [0, 1], color=style.BLACK, lw=0.8, ls="--", label="calibrated")
    level = numbers(rows["level"])
    order = np.argsort(level)
    for name, colour, mark, text in (
        ("coverage", style.BLUE, "s", "as stated"),
        ("coverage_recalibrated", style.ORANGE, "o", "recalibrated on the validation side"),
    ):
        look = {"marker": mark, "ms": 3.2, "lw": 1.1, "label": text, "color": colour}
        look["mfc"] = "white" if name == "coverage" else colour
        axes.plot(level[order], numbers(rows[name])[order], **look)
    factor = numbers(rows["factor"])
    factor = factor[np.isfinite(factor)]
    if len(factor):
        place = {"transform": axes.transAxes, "ha": "right", "fontsize": 7.5}
        axes.text(0.97, 0.05, f"σ × {style.significant(factor[0])}", **place)
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"])
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"])
    axes.grid(**style.GRID)
