"""What one network says about the labels of spectra it has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import MaxNLocator

from skyloom.draw import spectra_labels as labels_
from skyloom.draw import style
from skyloom.io.columns import numbers

if TYPE_CHECKING:
    from astropy.table import Table
    from matplotlib.figure import Figure

# A grid's labels take few values: points are spread about them so that they can be seen, and
# more points than this are thinned in the picture (not in the numbers).
_MOST_POINTS = 6000
_MOST_VALUES = 40
_BINS = 16
_NOTE = (
    "Below: median (point), 16 to 84 % (bar) and 2.5 to 97.5 % (line) of the test spectra there."
)


@style.drawn
def predictions(
    table: Table,
    *,
    labels: Sequence[str],
    model: tuple[str, str],
    units: dict[str, str] | None = None,
    synthetic: bool,
) -> Figure:
    """Predicted against true labels of the test side, with residuals below.

    Parameters
    ----------
    table : Table
        Rows of the test side: ``<label>``, ``<label>_predicted`` and, where a network estimates
        it, ``<label>_uncertainty``.
    labels : sequence of str
    model : (str, str)
        Dataset and network.
    units : dict of str to str, optional
        Of labels that are not known here.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
        Above: points, spread along the abscissa where many share a value, and the 1:1 line.
        Below: median, 16 to 84 % and 2.5 to 97.5 % of predicted minus true at each value.
    """
    units = units or {}
    dataset, network = model
    title = (
        f"Predicted and true labels, {network} network on {dataset} ({len(table):,} test spectra)"
    )
    figure = style.figure(max(5.4, 3.25 * len(labels) + 0.2), 5.6, title=title, synthetic=synthetic)
    top, bottom = figure.subplots(
        2, len(labels), squeeze=False, sharex="col", height_ratios=(1.7, 1)
    )
    for upper, lower, label in zip(top, bottom, labels, strict=True):
        true = numbers(table[label])
        predicted = numbers(table[f"{label}_predicted"])
        good = np.isfinite(true) & np.isfinite(predicted)
        true, predicted = true[good], predicted[good]
        given = units.get(label, "")
        if not len(true):
            upper.text(0.5, 0.5, "nothing predicted", transform=upper.transAxes, ha="center")
        else:
            _scatter(upper, true, predicted)
            _residuals(lower, true, predicted - true)
            style.say(upper, _numbers(table, label, true, predicted, given))
        upper.set_title(labels_.symbol(label))
        upper.set_ylabel(labels_.axis(label, "Predicted", given))
        lower.set_ylabel(f"Predicted − true [{labels_.unit(label, given)}]")
        lower.set_xlabel(labels_.axis(label, "True", given))
    figure.supxlabel(_NOTE, fontsize=7.5, color=style.SOFT)
    return figure


def _numbers(table, label, true, predicted, given):
    """MAE, bias and scatter in physical units; the mean uncertainty where there is one."""
    residual = predicted - true

    def text(value, digits=3, sign=False):
        return labels_.quantity(label, float(value), digits=digits, sign=sign, given=given)

    lines = [
        f"MAE {text(np.mean(np.abs(residual)))}",
        f"bias {text(np.mean(residual), digits=2, sign=True)}",
    ]
    if len(residual) > 1:
        lines.append(f"scatter {text(np.std(residual, ddof=1))}")
    name = f"{label}_uncertainty"
    if name in table.colnames:
        uncertainty = numbers(table[name])
        if np.isfinite(uncertainty).any():
            lines.append(f"mean stated σ {text(np.nanmean(uncertainty))}")
    return "\n".join(lines)


def _step(true):
    """Smallest distance between values of a grid; None where values hardly repeat."""
    values = np.unique(true)
    if len(values) < 2 or len(values) > max(_MOST_VALUES, len(true) / 4):
        return None
    return float(np.min(np.diff(values)))


def _scatter(axes, true, predicted):
    low, high = min(true.min(), predicted.min()), max(true.max(), predicted.max())
    margin = 0.06 * max(high - low, 1e-6 * max(1.0, abs(high)))
    limits = low - margin, high + margin
    axes.plot(limits, limits, color=style.BLACK, lw=0.9, ls="--", zorder=4)
    x, step = true, _step(true)
    if step is not None:
        x = true + 0.5 * step * style.apart(len(true))
    every = -(-len(true) // _MOST_POINTS)
    size = float(np.clip(2500 / len(true), 1.2, 16))
    axes.scatter(
        *(x[::every], predicted[::every]),
        s=size,
        color=style.BLUE,
        alpha=float(np.clip(300 / len(true), 0.25, 0.85)),
        linewidths=0,
        rasterized=len(true) > 300,
    )
    margin = 0.07 * np.ptp(true) if np.ptp(true) > 0 else margin
    axes.set_xlim(true.min() - margin, true.max() + margin)
    # Room for the numbers at the upper left.
    axes.set_ylim(limits[0], limits[1] + 0.25 * (limits[1] - limits[0]))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(5))
    axes.grid(**style.GRID)


def bands(true: np.ndarray, residual: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Percentiles of residuals at each true value, or in bins of equal numbers.

    Parameters
    ----------
    true, residual : (N,) array

    Returns
    -------
    centres : (B,) array
        Mean true value of each group.
    levels : (5, B) array
        2.5, 16, 50, 84 and 97.5 % of its residuals.
    counts : (B,) array
    """
    values, index = np.unique(true, return_inverse=True)
    if len(values) > _MOST_VALUES:
        order = np.argsort(true, kind="stable")
        index = np.empty(len(true), dtype=int)
        index[order] = np.arange(len(true)) * _BINS // len(true)
    groups = [index == group for group in np.unique(index)]
    centres = np.array([true[group].mean() for group in groups])
    levels = np.array([np.percentile(residual[g], (2.5, 16, 50, 84, 97.5)) for g in groups]).T
    return centres, levels, np.array([group.sum() for group in groups])


def _residuals(axes, true, residual):
    centres, levels, _ = bands(true, residual)
    axes.axhline(0, color=style.BLACK, lw=0.9, ls="--")
    wide = {"solid_capstyle": "butt"}
    thick = float(np.clip(110 / len(centres), 2.5, 7))
    axes.vlines(centres, levels[0], levels[4], color=style.SKY, lw=1.0)
    for place, low, high in zip(centres, levels[1], levels[3], strict=True):
        axes.plot([place, place], [low, high], color=style.BLUE, lw=thick, **wide)
    axes.scatter(centres, levels[2], s=min(16, 4 * thick), color="white", zorder=4, linewidths=0.6)
    axes.scatter(centres, levels[2], s=3, color=style.BLACK, zorder=5, linewidths=0)
    axes.grid(**style.GRID)
    # A few wild spectra must not flatten the rest: they are counted at the edge instead.
    widest = np.max(np.abs(levels[[0, 4]]))
    middle = np.max(np.abs(levels[[1, 3]]))
    limit = 1.15 * min(widest, max(4 * middle, 1e-12)) if middle > 0 else 1.15 * max(widest, 1e-9)
    style.symmetric(axes, limit, residual)
