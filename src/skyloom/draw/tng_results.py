"""What the trained networks predict, and how their training went."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import MaxNLocator

from skyloom.arms.tng.evaluation import readout_epochs
from skyloom.arms.tng.labels import OFFSET
from skyloom.draw import style
from skyloom.judge import bootstrap as bootstraps
from skyloom.judge import metrics

if TYPE_CHECKING:
    from astropy.table import Table
    from matplotlib.figure import Figure


_TRUE = "True log$_{10}$ sSFR [1/yr]"
_PREDICTED = "Predicted log$_{10}$ sSFR [1/yr]"
_BOTH = "log$_{10}$ sSFR [1/yr]"


def readouts(test: Table):
    """Labels and predictions at each read-out, and of the final weights, by their titles.

    Parameters
    ----------
    test : Table
        Predictions of the test side.

    Returns
    -------
    dict of str to (true, predicted)
        The final weights are not repeated where they are those of a read-out.
    """
    true, final = np.asarray(test["true"]), np.asarray(test["predicted"])
    found, repeated = {}, False
    for epoch in readout_epochs(test):
        values = np.asarray(test[f"predicted_epoch_{epoch}"])
        same = np.array_equal(values, final)
        found[f"After epoch {epoch}" + (" (final weights)" if same else "")] = (true, values)
        repeated = repeated or same
    return found if repeated else found | {"Final weights": (true, final)}


@style.drawn
def predictions(
    everyone: np.ndarray,
    rows,
    groups: np.ndarray,
    *,
    variant: str,
    bootstrap: dict,
    synthetic: bool,
) -> Figure:
    """Predictions of one case at each read-out: scatter, differences and distributions.

    Parameters
    ----------
    everyone : (M,) array
        Labels of all galaxies of the case, training side too.
    rows : dict of str to (true, predicted)
        As `readouts` gives them (a row each), labels and predictions of the test side, (N,) each.
    groups : (N,) array
        Independent group of each galaxy of the test side.
    variant : str
    bootstrap : dict
        ``samples``, ``level`` and ``seed`` of the interval of r.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure

    Notes
    -----
    Figures 4.1 and 4.2 of the thesis.
    """
    title = f"{style.variant_label(variant)}, predicted and true sSFR of the test side"
    figure = style.figure(10.2, 2.95 * len(rows) + 0.5, title=title, synthetic=synthetic)
    grid = figure.subplots(len(rows), 3, squeeze=False, width_ratios=(1.0, 1.15, 1.15))
    limits = _limits([value for pair in rows.values() for value in pair])
    widest = _widest(rows.values())
    everyone = np.asarray(everyone, dtype=float) - OFFSET
    for (scatter, differences, distribution), (name, (true, predicted)) in zip(
        grid, rows.items(), strict=True
    ):
        _scatter(scatter, true, predicted, limits, _r_text(true, predicted, groups, bootstrap))
        scatter.set_title(name)
        _differences(differences, true, predicted, widest, style.BLUE)
        _distributions(distribution, everyone, np.asarray(predicted) - OFFSET)
    return figure


@style.drawn
def family(cases, *, bootstrap: dict, synthetic: bool) -> Figure:
    """Final predictions of related cases side by side, differences below.

    Parameters
    ----------
    cases : dict of str to (true, predicted, groups)
        By variant, of the test side, (N,) each.
    bootstrap : dict
        ``samples``, ``level`` and ``seed`` of the interval of r.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure

    Notes
    -----
    Figures 4.3 to 4.5 of the thesis.
    """
    names = ", ".join(style.variant_label(variant) for variant in cases)
    title = f"Predicted and true sSFR of the test side, {names.lower()}"
    figure = style.figure(max(5.0, 3.3 * len(cases)), 6.4, title=title, synthetic=synthetic)
    top, bottom = figure.subplots(2, len(cases), squeeze=False, height_ratios=(1.25, 1.0))
    limits = _limits(
        [value for true, predicted, _ in cases.values() for value in (true, predicted)]
    )
    widest = _widest([case[:2] for case in cases.values()])
    for scatter, histogram, (variant, (true, predicted, groups)) in zip(
        top, bottom, cases.items(), strict=True
    ):
        _scatter(scatter, true, predicted, limits, _r_text(true, predicted, groups, bootstrap))
        scatter.set_title(style.variant_label(variant))
        _differences(histogram, true, predicted, widest, style.variant_colour(variant))
    most = max(axes.get_ylim()[1] for axes in bottom)
    for axes in bottom:
        axes.set_ylim(0, most)
    for axes in (*top[1:], *bottom[1:]):
        axes.set_ylabel("")
    return figure


def _r_text(true, predicted, groups, bootstrap):
    r = metrics.pearson_r(true, predicted)
    if not np.isfinite(r):
        return "r undefined:\nconstant prediction"
    low, high = bootstraps.interval(true, predicted, groups, **bootstrap)
    interval = f" [{low:.2f}, {high:.2f}]" if np.isfinite(low) else ""
    return f"r = {r:.2f}{interval}"


def _limits(values):
    """One range for both axes of every scatter, 5 % wider than the values."""
    values = np.concatenate([np.asarray(v, dtype=float) for v in values]) - OFFSET
    low, high = values.min(), values.max()
    margin = 0.05 * max(high - low, 0.2)
    return low - margin, high + margin


def _widest(pairs):
    return max(0.1, *(float(np.max(np.abs(np.subtract(p, t)))) for t, p in pairs))


def _scatter(axes, true, predicted, limits, text):
    true, predicted = np.asarray(true) - OFFSET, np.asarray(predicted) - OFFSET
    axes.plot(limits, limits, color=style.BLACK, lw=1, ls="--", label="1:1")
    style.density_scatter(axes, true, predicted)
    axes.set(xlim=limits, ylim=limits, aspect="equal", xlabel=_TRUE, ylabel=_PREDICTED)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    style.say(axes, text, 0.04, 0.97, fontsize=8.5)


def _differences(axes, true, predicted, widest, colour):
    values = np.subtract(predicted, true)
    count = int(np.clip(2 * np.sqrt(len(values)), 12, 50))
    axes.hist(values, np.linspace(-widest, widest, count + 1), color=colour, alpha=0.75)
    mean, spread = float(np.mean(values)), metrics.difference_std(true, predicted)
    axes.axvline(0.0, color=style.BLACK, lw=0.8, ls="--")
    if np.isfinite(spread):
        for edge in (mean - spread, mean + spread):
            axes.axvline(edge, color=style.RED, lw=1.3)
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    text = f"std {spread:.2f} dex, mean {mean:+.2f} dex"
    axes.set_title(style.signed(text), fontsize=8.5)
    axes.set_xlabel("Predicted − true [dex]")
    axes.set_ylabel("Galaxies")


def _distributions(axes, everyone, predicted):
    low = np.floor(4 * min(everyone.min(), predicted.min())) / 4
    high = np.ceil(4 * max(everyone.max(), predicted.max())) / 4
    bins = np.arange(low, high + 0.26, 0.25)
    axes.hist(everyone, bins, color=style.BLUE, alpha=0.55, label=f"true, all ({len(everyone)})")
    axes.hist(
        *(predicted, bins),
        color=style.ORANGE,
        histtype="step",
        lw=1.8,
        label=f"predicted, test side ({len(predicted)})",
    )
    axes.set_yscale("log")
    axes.set_ylim(0.7, 12 * axes.dataLim.y1)
    axes.legend(loc="upper left")
    axes.set_xlabel(_BOTH)
    axes.set_ylabel("Galaxies per 0.25 dex")
