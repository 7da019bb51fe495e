"""The selected galaxies: how fast they form stars, and one of them seen in its gas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import matplotlib
import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from skyloom.draw import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MASS = "1e10 Msun/h"
_UNITS = {"keV cm2": "keV cm$^2$", _MASS: "M$_\\odot$", "K": "K"}


@style.drawn
def sample(
    ssfr: np.ndarray, sfr: np.ndarray, total_mass: np.ndarray, *, ssfr_mass: str, synthetic: bool
) -> Figure:
    """Distribution of sSFR, and star formation rate against total mass.

    Parameters
    ----------
    ssfr : (N,) array
        Specific star formation rate, 1/yr; zero where nothing forms.
    sfr : (N,) array
        Star formation rate, Msun/yr.
    total_mass : (N,) array
        Total mass of the subhalo, Msun.
    ssfr_mass : str
        What `ssfr` divides by: 'stellar' or 'total'.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure

    Notes
    -----
    Figures 3.1 and 2.8 of the thesis.
    """
    ssfr, sfr, mass = (np.asarray(v, dtype=float) for v in (ssfr, sfr, total_mass))
    title = f"{len(ssfr)} selected galaxies"
    figure = style.figure(9.2, 4.0, title=title, synthetic=synthetic)
    left, right = figure.subplots(1, 2)
    _distribution(left, ssfr, ssfr_mass)
    _rate_against_mass(right, sfr, mass, figure)
    return figure


def _distribution(axes, ssfr, ssfr_mass):
    forming = np.log10(ssfr[ssfr > 0])
    zero = len(ssfr) - len(forming)
    low, high = (
        (np.floor(forming.min() * 4) / 4, np.ceil(forming.max() * 4) / 4 + 1e-9)
        if len(forming)
        else (-13.0, -9.0)
    )
    axes.hist(forming, np.arange(low, high + 0.25, 0.25), color=style.BLUE, label="forming stars")
    if zero:
        axes.bar(
            *(low - 0.75, zero),
            width=0.4,
            color="white",
            edgecolor=style.ORANGE,
            hatch="////",
            label=f"SFR = 0 ({zero})",
        )
        ticks = np.arange(np.ceil(2 * low) / 2, high + 0.1, 0.5 if high - low < 4 else 1.0)
        axes.set_xticks(
            [low - 0.75, *ticks], ["sSFR = 0", *(style.signed(f"{t:.1f}") for t in ticks)]
        )
        axes.legend(loc="upper left")
    axes.set_yscale("log")
    axes.set_ylim(0.7, max(3.0, 4.0 * axes.dataLim.y1))
    axes.set_xlabel(f"log$_{{10}}$ sSFR [1/yr], SFR / {ssfr_mass} mass")
    axes.set_ylabel("Galaxies per 0.25 dex")


def _rate_against_mass(axes, sfr, mass, figure):
    forming = sfr > 0
    if np.any(forming):
        points = style.density_scatter(axes, np.log10(mass[forming]), np.log10(sfr[forming]))
        if points is not None:
            bar = figure.colorbar(points, ax=axes, pad=0.02)
            bar.set_label("Galaxies per cell" if len(sfr) > 2000 else "Relative density of points")
    zero = np.log10(mass[~forming])
    if len(zero):
        floor = np.log10(sfr[forming]).min() - 0.6 if np.any(forming) else -3.0
        axes.scatter(
            *(zero, np.full(len(zero), floor)),
            marker="v",
            s=22,
            facecolor="none",
            edgecolor=style.ORANGE,
            label=f"SFR = 0 ({len(zero)}), drawn at the lower edge",
            clip_on=False,
        )
        axes.legend(loc="upper left")
    axes.margins(y=0.14)
    axes.set_xlabel("log$_{10}$ total mass [M$_\\odot$]")
    axes.set_ylabel("log$_{10}$ SFR [M$_\\odot$/yr]")


@style.drawn
def maps(
    stack: np.ndarray,
    *,
    channels: Sequence[str],
    units: Sequence[str],
    statistic: Sequence[str],
    width: float,
    scale_factor: float,
    hubble: float,
    name: str,
    synthetic: bool,
) -> Figure:
    """One galaxy's maps in physical units, each on its own logarithmic colour scale.

    Parameters
    ----------
    stack : (C, bins, bins) array
        ``stack[c, iy, ix]``, y up.
    channels, units, statistic : sequence of str
        One a channel, as the maps file's attributes hold them.
    width : float
        Side of a map, ckpc/h.
    scale_factor, hubble : float
        Make that physical kpc, and masses free of h.
    name : str
        The galaxy, for the title.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure

    Notes
    -----
    Figure 3.2 of the thesis, in physical units.
    """
    figure = style.figure(3.5 * len(stack), 4.75, title=name, synthetic=synthetic)
    panels = figure.subplots(1, len(stack), sharex=True, sharey=True, squeeze=False)[0]
    width = width * scale_factor / hubble
    half = width / 2
    for axes, plane, channel, unit, how in zip(
        panels, stack, channels, units, statistic, strict=True
    ):
        size = 1e10 / hubble if unit == _MASS else 1.0
        shown = np.ma.masked_less_equal(size * np.asarray(plane, dtype=float), 0)
        cmap = _colour_map(style.PLANES.get(channel, "viridis"))
        image = axes.imshow(
            shown, cmap=cmap, norm=_log_norm(shown), extent=(-half, half, -half, half)
        )
        axes.set_facecolor("black")
        style.scale_bar(axes, round_length(width), total=width)
        axes.set_title(f"{channel.capitalize()} ({how.replace('_', ' ')})")
        axes.set_xlabel("x [kpc]")
        bar = figure.colorbar(image, ax=axes, orientation="horizontal", pad=0.02, aspect=24)
        _few_ticks(bar)
        bar.set_label(f"{channel.capitalize()} per pixel [{_UNITS.get(unit, unit)}]")
    panels[0].set_ylabel("y [kpc]")
    return figure


def _colour_map(name):
    """The named map, in which empty pixels are black."""
    return matplotlib.colormaps[name].with_extremes(bad="black")


def _few_ticks(bar):
    """Label 1 and 3 in each decade where a logarithmic bar spans few, powers of ten elsewhere."""
    if np.log10(bar.vmax / bar.vmin) < 2:
        bar.set_ticks(LogLocator(subs=(1.0, 3.0)), format=FuncFormatter(lambda x, _: f"{x:g}"))
    bar.ax.xaxis.set_minor_formatter(NullFormatter())


def _log_norm(shown):
    """Limits that a few faint pixels do not decide: 0.5 % of the filled pixels lie below."""
    filled = shown.compressed()
    if filled.size == 0:
        return LogNorm(0.1, 1.0)
    low, high = np.percentile(filled, 0.5), filled.max()
    return LogNorm(min(low, 0.5 * high), high)


def round_length(width):
    """A sixth of the width, rounded down to 1, 2 or 5 times a power of ten."""
    target = width / 6
    power = 10.0 ** np.floor(np.log10(target))
    return float(max(step * power for step in (1, 2, 5) if step * power <= target))
