"""Parameters that an encoder finds in images it has not seen, beside the true ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, MaxNLocator

from skyloom.arms.semantic import evaluation
from skyloom.draw import semantic_labels as labels_
from skyloom.draw import style
from skyloom.draw.style import GRID, SOFT
from skyloom.io.columns import numbers
from skyloom.judge.metrics import difference_std

if TYPE_CHECKING:
    from astropy.table import Table
    from matplotlib.figure import Figure

    from skyloom.arms.semantic.sampling import Grid

_QUARTERS = (0, 45, 90, 135, 180)


@style.drawn
def errors(
    test: Table,
    binned: Table,
    *,
    parameters: Sequence[str],
    model: tuple[str, str],
    grid: Grid,
    failed: float,
    synthetic: bool,
) -> Figure:
    """Predicted against true parameters of the test images, and their differences.

    Parameters
    ----------
    test : Table
        ``<parameter>`` and ``<parameter>_predicted`` of the test side.
    binned : Table
        ``parameter``, ``bin_low``, ``bin_high``, ``median`` and ``sigma`` of this model.
    parameters : sequence of str
    model : (str, str)
        Dataset and network.
    grid : skyloom.arms.semantic.sampling.Grid
        Of the images.
    failed : float
        Differences of angles beyond this many degrees are called failed.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
        Above: single images and the 1:1 line. Below: predicted minus true, with median and
        standard deviation of each bin.

    Notes
    -----
    Figures 3 and 4 of the article.
    """
    dataset, network = model
    shown = style.counted(len(test), "test image")
    title = f"Predicted and true parameters, {network} network on {dataset} ({shown})"
    figure = style.figure(
        max(5.6, 3.15 * len(parameters) + 0.2), 5.9, title=title, synthetic=synthetic
    )
    top, bottom = figure.subplots(
        2, len(parameters), squeeze=False, sharex="col", height_ratios=(1.6, 1)
    )
    groups = np.asarray(binned["parameter"]).astype(str)
    for upper, lower, parameter in zip(top, bottom, parameters, strict=True):
        true, predicted = (
            labels_.in_half_widths(parameter, numbers(test[name]), grid.half_width)
            for name in (parameter, f"{parameter}_predicted")
        )
        _scatter(upper, parameter, true, predicted)
        style.say(upper, _numbers(parameter, true, predicted, failed))
        upper.set_ylabel(labels_.axis(parameter, "predicted"))
        labels_.pixel_axis(upper, parameter, grid.resolution)
        bins = _bins(binned[groups == parameter], parameter, grid.half_width)
        _differences(lower, parameter, true, predicted - true, bins)
        lower.set_xlabel(labels_.axis(parameter, "true"))
    note = "Below: points, with median and standard deviation of the differences in each bin."
    figure.supxlabel(note, fontsize=7.5, color=SOFT)
    return figure


def _bins(binned, parameter, half_width):
    """Middle of each bin, and median and dispersion of the errors in it."""
    low, high, *errors = (
        labels_.in_half_widths(parameter, numbers(binned[name]), half_width)
        for name in ("bin_low", "bin_high", "median", "sigma")
    )
    return (low + high) / 2, *errors


def dispersion(parameter: str, true: np.ndarray, predicted: np.ndarray) -> float:
    """Standard deviation of predicted minus true; of angles as the article computes it.

    Parameters
    ----------
    parameter : str
    true, predicted : (N,) array

    Returns
    -------
    float
        NaN for fewer than two images. Angles: linear differences of those truly between 10° and
        170° (section 3.2).
    """
    true, predicted = np.asarray(true, dtype=float), np.asarray(predicted, dtype=float)
    if parameter == evaluation.ANGLE:
        low, high = evaluation.ANGLE_LIMITS
        inner = (true > low) & (true < high)
        true, predicted = true[inner], predicted[inner]
    return difference_std(true, predicted)


def _numbers(parameter, true, predicted, failed):
    """Dispersion and bias; of angles the failed shares too."""
    difference = predicted - true
    middle = np.median(difference) if len(difference) else np.nan
    sigma = dispersion(parameter, true, predicted)
    lines = [
        f"σ {labels_.quantity(parameter, sigma)}",
        f"median {labels_.quantity(parameter, middle, beside=sigma)}",
    ]
    if parameter == "angle" and len(difference):
        low, high = evaluation.ANGLE_LIMITS
        lines[0] += f" ({low:g}° < θ < {high:g}°)"
        lines.append(f"beyond {failed:g}°: {_shares(difference, failed)}")
    return "\n".join(lines)


def _shares(difference, failed):
    share, turned = (
        100 * np.mean(np.abs(values) > failed)
        for values in (difference, evaluation.folded(difference))
    )
    return f"{share:.1f} %, modulo 180° {turned:.1f} %"


def _scatter(axes, parameter, true, predicted):
    both = np.concatenate([true, predicted, [0, 180] if parameter == "angle" else []])
    low, high = (both.min(), both.max()) if len(both) else (0.0, 1.0)
    margin = 0.04 * (high - low) or 0.1
    limits = low - margin, high + margin
    axes.plot(limits, limits, color=style.BLACK, lw=0.9, ls="--", zorder=4)
    look = {"s": float(np.clip(4000 / max(len(true), 1), 3, 16)), "linewidths": 0}
    alpha = float(np.clip(500 / max(len(true), 1), 0.3, 0.9))
    axes.scatter(true, predicted, color=style.BLUE, alpha=alpha, rasterized=True, **look)
    # Room for the numbers at the upper left.
    axes.set(xlim=_span(parameter, true), ylim=(limits[0], limits[1] + 0.3 * (high - low)))
    _ticks(axes, parameter)
    axes.grid(**GRID)


def _span(parameter, true):
    low, high = (true.min(), true.max()) if len(true) else (0.0, 1.0)
    low, high = (0.0, 180.0) if parameter == "angle" else (low, high)
    margin = 0.04 * (high - low) or 0.1
    return low - margin, high + margin


def _ticks(axes, parameter):
    if parameter == "angle":
        axes.set_xticks(_QUARTERS)
        axes.set_yticks(_QUARTERS)
        return
    axes.xaxis.set_major_locator(MaxNLocator(5))
    # The room for the numbers above is no place for a tick.
    low, high = axes.get_ylim()
    top = low + (high - low) / 1.3
    ticks = MaxNLocator(5).tick_values(low, top)
    axes.set_yticks(ticks[(ticks >= low) & (ticks <= top)])


def _differences(axes, parameter, true, difference, bins):
    axes.axhline(0, color=style.BLACK, lw=0.9, ls="--", zorder=2)
    look = {"color": style.SKY, "s": 4, "linewidths": 0, "alpha": 0.6, "rasterized": True}
    axes.scatter(true, difference, zorder=1, **look)
    centre, median, sigma = bins
    bars = {"color": style.BLACK, "fmt": "o-", "ms": 3.5, "lw": 1.1, "elinewidth": 1.0}
    axes.errorbar(centre, median, yerr=sigma, zorder=4, **bars)
    # A few wild images do not stretch the limits.
    sizes = np.abs(difference[np.isfinite(difference)])
    if len(sizes):
        limit = min(1.1 * sizes.max(), 2.5 * np.percentile(sizes, 90)) or 1e-6
        style.symmetric(axes, limit, sizes)
    axes.set_ylabel(labels_.with_unit("Predicted − true", parameter))
    axes.grid(**GRID)


@style.drawn
def angles(cases, *, failed: float, synthetic: bool) -> Figure:
    """What happens to the angle at 0° and 180°, an encoder a column.

    Parameters
    ----------
    cases : dict of str to (form, true, predicted)
        By model: how it gives the angle, and the angles of the test side, degrees.
    failed : float
        Differences beyond this many degrees are called failed.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
        Rows: predicted, predicted minus true, and the same modulo 180°, over the true angle.
    """
    title = "Two ways to give an angle, of which 180° is 0°"
    size = max(6.4, 3.5 * len(cases) + 0.4), 7.6
    figure = style.figure(*size, title=title, synthetic=synthetic)
    limit = _fine_limit(cases.values())
    rows = figure.subplots(
        3, len(cases), squeeze=False, sharex=True, sharey="row", height_ratios=(1.25, 1, 1)
    )
    for column, (model, (form, true, predicted)) in zip(rows.T, cases.items(), strict=True):
        true, difference = np.asarray(true, dtype=float), np.subtract(predicted, true)
        colour = labels_.ANGLE_COLOURS.get(form, style.BLACK)
        column[0].set_title(f"{model}: {labels_.angle_name(form)}", fontsize=9)
        bad = np.abs(difference) > failed
        turned = np.abs(evaluation.folded(difference)) > failed
        _angle_points(column[0], true, np.asarray(predicted), bad, turned, colour)
        column[0].plot([0, 180], [0, 180], color=style.BLACK, lw=0.8, ls="--", zorder=1)
        _angle_points(column[1], true, difference, bad, turned, colour)
        fine = np.clip(evaluation.folded(difference), -0.96 * limit, 0.96 * limit)
        _angle_points(column[2], true, fine, bad, turned, colour)
        sigma = dispersion("angle", true, predicted)
        _say(column[1], f"beyond {failed:g}°: {_percent(bad)}")
        low, high = evaluation.ANGLE_LIMITS
        text = f"beyond {failed:g}°: {_percent(turned)}, at the edge"
        _say(column[2], text if turned.any() else f"beyond {failed:g}°: none")
        _say(column[0], f"σ {labels_.quantity('angle', sigma)} ({low:g}° < θ < {high:g}°)")
        column[2].set_xlabel("True angle θ [°]")
    _angle_axes(rows, limit)
    handles = [
        Line2D([], [], color=style.GREY, marker="o", ms=4, ls="none", label="found"),
        _handle(style.GOLD, "^", f"beyond {failed:g}°, but not modulo 180°: the same ellipse"),
        _handle(style.RED, "X", f"beyond {failed:g}° modulo 180° too: wrong"),
    ]
    style.below(figure, handles, ncols=3)
    return figure


def _handle(colour, marker, label):
    return Line2D([], [], color=colour, marker=marker, ms=6, mec="white", ls="none", label=label)


def _percent(wrong):
    return f"{100 * np.mean(wrong):.1f} % ({int(wrong.sum())} of {len(wrong):,})"


def _angle_points(axes, true, values, bad, turned, colour):
    common = {"linewidths": 0.4, "edgecolors": "white", "zorder": 3}
    axes.scatter(true[~bad], values[~bad], s=5, color=colour, linewidths=0, alpha=0.6)
    same = bad & ~turned
    axes.scatter(true[same], values[same], s=24, marker="^", color=style.GOLD, **common)
    axes.scatter(true[turned], values[turned], s=24, marker="X", color=style.RED, **common)


def _say(axes, text):
    style.say(axes, text, 0.5, 0.95, ha="center")


def _fine_limit(cases):
    """Degrees that the lowest row shows: nine in ten images of every encoder, and room."""
    sizes = [np.abs(evaluation.folded(np.subtract(p, t))) for _, t, p in cases if len(t)]
    most = max((4 * float(np.percentile(size, 90)) for size in sizes), default=1.0)
    return min(max(most, 1e-6), 90.0)


def _angle_axes(rows, limit):
    rows[0, 0].set_ylabel("Predicted angle [°]")
    rows[1, 0].set_ylabel("Predicted − true [°]")
    rows[2, 0].set_ylabel("The same modulo 180° [°]")
    for axes in rows.ravel():
        axes.grid(**GRID)
        axes.set_xlim(-5, 185)
        axes.set_xticks(_QUARTERS)
    rows[0, 0].set_ylim(-8, 215)
    rows[0, 0].set_yticks(_QUARTERS)
    rows[1, 0].set_ylim(-200, 260)
    rows[1, 0].yaxis.set_major_locator(FixedLocator((-180, -90, 0, 90, 180)))
    rows[2, 0].set_ylim(-limit, 1.3 * limit)
    rows[2, 0].yaxis.set_major_locator(MaxNLocator(5))
