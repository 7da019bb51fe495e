"""Reliability diagrams: how often a network is right beside how often it says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from skyloom.draw import style
from skyloom.io import columns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from astropy.table import Table
    from matplotlib.figure import Figure


@style.drawn
def calibration(
    reliability: Table,
    summary: Table,
    *,
    key: str,
    titles: Mapping[str, str],
    share: str,
    axes_labels: tuple[str, str],
    synthetic: bool,
) -> Figure:
    """A panel a network, before and after its probabilities got a temperature.

    Parameters
    ----------
    reliability, summary : Table
        As the arm's evaluation makes them, the latter with a row a network.
    key : str
        The column of either that names the network.
    titles : mapping of str to str
        What to call each.
    share : str
        The column of `reliability` with the share that came true.
    axes_labels : (str, str)
        Of the mean probability and of that share.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
    """
    across = min(4, len(summary))
    down = -(-len(summary) // across)
    title = "Calibration on the test side"
    size = max(5.4, 3.0 * across + 0.4), 3.7 * down + 0.8
    figure = style.figure(*size, title=title, synthetic=synthetic)
    panels = figure.subplots(down, across, squeeze=False).ravel()
    style.hide(panels[len(summary) :])
    names = columns.texts(reliability[key])
    scaled = np.asarray(reliability["calibrated"]).astype(bool)
    for axes, row in zip(panels, summary, strict=False):
        axes.plot([0, 1], [0, 1], color=style.BLACK, lw=0.8, ls="--")
        for way, colour in ((False, style.BLUE), (True, style.ORANGE)):
            here = reliability[(names == str(row[key])) & (scaled == way)]
            if len(here):
                _bins(axes, here, row, share, way, colour)
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
        axes.set_title(titles[str(row[key])])
        axes.set_xlabel(axes_labels[0])
        axes.set_ylabel(axes_labels[1])
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.17), fontsize=7.5)
        axes.grid(**style.GRID)
    level = 100 * float(summary.meta["level"])
    figure.supxlabel(
        f"Bars: {level:g} % Wilson intervals. ECE: expected calibration error, and what true\n"
        "probabilities would have by chance. T: temperature, fitted to the validation side.",
        fontsize=7.5,
        color=style.SOFT,
    )
    return figure


def _bins(axes, here, row, share, scaled, colour):
    error = row["calibration_error_calibrated" if scaled else "calibration_error"]
    text = f"T = {row['temperature']:.2f}" if scaled else "as it is"
    text = f"{text}: ECE {error:.3f}"
    if scaled:
        text += f" (chance {row['calibration_error_chance']:.3f})"
    values = np.asarray(here[share], dtype=float)
    axes.errorbar(
        np.asarray(here["score"]),
        values,
        yerr=style.bars(values, here[f"{share}_low"], here[f"{share}_high"]),
        fmt="o" if scaled else "s",
        ms=4,
        lw=1,
        color=colour,
        mfc=colour if scaled else "white",
        label=text,
    )
