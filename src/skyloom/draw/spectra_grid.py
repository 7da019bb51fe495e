"""The training spectra: how a line changes with each label, and which combinations there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import matplotlib
import numpy as np
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.ticker import MaxNLocator

from skyloom.draw import spectra_labels as labels_
from skyloom.draw import style

if TYPE_CHECKING:
    from astropy.table import Table
    from matplotlib.figure import Figure

# Air wavelengths, Å, of what the windows show (Mg b as in the NIST Atomic Spectra Database; He I
# 4471 is a blend of the triplet 2p-4d, whose forbidden companion 2p-4f lies at 4469.9).
_MARKS = (
    (4469.92, "[He I]\n4470"),
    (4471.48, "He I\n4471"),
    (4481.2, "Mg II\n4481"),
    (5167.32, "b4"),
    (5172.68, "b2"),
    (5183.60, "b1"),
)
_MG_B = (5162.0, 5189.0)
# Rotation smears every line: it is fixed slow, so that what else changes can be seen.
_SLOW = ("v_rot", "v_sin_i")
_MOST = 7  # spectra a panel
_ZOOM = 12.0  # Å
_SHORT = 60.0  # Å: a window no wider is shown whole, without zooms


def centre(table: Table, labels: Sequence[str]) -> int:
    """Row of the spectrum near the middle of the grid that the others are compared with.

    Parameters
    ----------
    table : Table
        With the labels.
    labels : sequence of str

    Returns
    -------
    int
        The row nearest to the median of each label's values, a quarter of the way for rotation;
        distances are in units of a label's range.
    """
    values = np.stack([np.asarray(table[name], dtype=float) for name in labels], axis=1)
    wanted = []
    for column, name in zip(values.T, labels, strict=True):
        steps = np.unique(column)
        wanted.append(steps[int((len(steps) - 1) * (0.25 if name in _SLOW else 0.5))])
    width = np.maximum(np.ptp(values, axis=0), 1e-12)
    return int(np.argmin((((values - wanted) / width) ** 2).sum(axis=1)))


def along(
    table: Table, labels: Sequence[str], label: str, row: int, most: int = _MOST
) -> tuple[list[int], bool]:
    """Rows in which one label runs over its range while the others stay as they are in `row`.

    Parameters
    ----------
    table : Table
    labels : sequence of str
    label : str
        The one that varies.
    row : int
    most : int, optional

    Returns
    -------
    (list of int, bool)
        At most `most` rows by rising label, ends included; and whether the others are exactly
        those of `row`. In a table that is no grid they are as near as there are.
    """
    values = {name: np.asarray(table[name], dtype=float) for name in labels}
    width = {name: max(np.ptp(column), 1e-12) for name, column in values.items()}
    others = [name for name in labels if name != label]
    away = sum(((values[name] - values[name][row]) / width[name]) ** 2 for name in others)
    same = np.flatnonzero(away < 1e-12)
    exact = len(np.unique(values[label][same])) > 1
    if exact:
        _, first = np.unique(values[label][same], return_index=True)
        rows = same[first]
        return rows[style.evenly(len(rows), most)].tolist(), True
    low, high = values[label].min(), values[label].max()
    wanted = np.linspace(low, high, most) if high > low else np.array([low])
    rows = [int(np.argmin(away + ((values[label] - w) / width[label]) ** 2)) for w in wanted]
    rows = sorted(set(rows), key=lambda found: values[label][found])
    return rows, len(rows) == 1


@style.drawn
def grid(wavelength: np.ndarray, runs, *, fixed: dict[str, float], synthetic: bool) -> Figure:
    """How the spectrum changes with each label in turn.

    Parameters
    ----------
    wavelength : (L,) array
        Å, in air.
    runs : dict of str to (values (k,), spectra (k, L), exact)
        By label: its values, rising, the normalised spectra, and whether the other labels are the
        same in all.
    fixed : dict of str to float
        Labels of the spectrum in the middle.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
        A panel a label; a window wider than 60 Å has a row a label, with two close views.
    """
    wavelength = np.asarray(wavelength, dtype=float)
    title = "Spectra of the grid, one label changed at a time"
    if np.ptp(wavelength) <= _SHORT:
        figure = style.figure(
            max(5.2, 3.9 * len(runs) + 0.3), 3.9, title=title, synthetic=synthetic
        )
        lines = [[axes] for axes in figure.subplots(1, len(runs), squeeze=False, sharey=True)[0]]
    else:
        size = 12.6, 2.35 * len(runs) + 0.6
        figure = style.figure(*size, title=title, synthetic=synthetic)
        lines = figure.subplots(len(runs), 3, squeeze=False, width_ratios=(2.2, 1, 1))
    shared = _limits(np.concatenate([spectra.ravel() for _, spectra, _ in runs.values()]))
    for place, (panels, (label, (values, spectra, exact))) in enumerate(
        zip(lines, runs.items(), strict=True)
    ):
        _run(panels, wavelength, spectra, shared)
        panels[0].set_title(_others(fixed, label, exact), fontsize=8)
        if len(panels) > 1 or place == 0:
            panels[0].set_ylabel("Normalised flux")
        for axes in panels:
            if len(panels) == 1 or place == len(lines) - 1:
                axes.set_xlabel("Wavelength [Å, air]")
        _bar(figure, panels, label, values)
    return figure


def _run(panels, wavelength, spectra, shared):
    """The spectra of one label, in the window or in the window and two close views."""
    for axes, (low, high, name) in zip(
        panels, _views(wavelength, spectra, len(panels)), strict=True
    ):
        inside = (wavelength >= low) & (wavelength <= high)
        _spectra(axes, wavelength[inside], spectra[:, inside])
        axes.set_xlim(low, high)
        axes.set_ylim(shared if len(panels) == 1 else _limits(spectra[:, inside]))
        _mark(axes, low, high)
        if name:
            axes.set_title(name, fontsize=8)


def _others(fixed, label, exact):
    """The labels that do not change, with their values."""
    rest = [
        f"{labels_.symbol(name)} = {labels_.quantity(name, value)}"
        for name, value in fixed.items()
        if name != label
    ]
    return ("" if exact else "near ") + ", ".join(rest)


def _views(wavelength, spectra, count):
    """Ranges of the panels: the window; the Mg b triplet; where else the label matters most."""
    low, high = float(wavelength[0]), float(wavelength[-1])
    if count == 1:
        return [(low, high, None)]
    change = np.ptp(np.asarray(spectra, dtype=float), axis=0)
    views = [(low, high, None)]
    free = np.ones(len(wavelength), dtype=bool)
    if low <= _MG_B[0] and high >= _MG_B[1]:
        views.append((*_MG_B, "Mg I b triplet"))
        free = (wavelength < _MG_B[0]) | (wavelength > _MG_B[1])
    while len(views) < count:
        peak = float(wavelength[np.argmax(np.where(free, change, -1.0))])
        start = min(max(low, peak - _ZOOM / 2), high - _ZOOM)
        views.append((start, start + _ZOOM, f"strongest change{' elsewhere' * (len(views) > 1)}"))
        free &= (wavelength < start) | (wavelength > start + _ZOOM)
    return views


def _colours(count):
    return matplotlib.colormaps[style.DENSITY](np.linspace(0.0, 0.88, max(count, 2)))[:count]


def _limits(flux):
    """Of the flux axis, with room for the names of lines above."""
    low, high = float(np.min(flux)), float(np.max(flux))
    step = max(high - low, 0.02)
    return low - 0.05 * step, high + 0.24 * step


def _spectra(axes, wavelength, spectra):
    many = spectra.size > 5000
    for colour, flux in zip(_colours(len(spectra)), spectra, strict=True):
        axes.plot(wavelength, flux, color=colour, lw=0.6 if many else 1.2, rasterized=many)
    axes.grid(**style.GRID)
    axes.xaxis.set_major_locator(MaxNLocator(4 if np.ptp(wavelength) < 15 else 5))


def _mark(axes, low, high):
    """Short strokes at the top at known lines; an arrow where a line lies just outside."""
    if high - low > _SHORT:
        return
    line = {"transform": axes.get_xaxis_transform(), "color": "#555555"}
    place = {"fontsize": 7, "va": "bottom", "linespacing": 0.95, **line}
    for wavelength, name in _MARKS:
        if low < wavelength < high:
            axes.plot([wavelength] * 2, [0.86, 0.9], lw=0.9, **line)
            # The two helium components are 1.5 Å apart: their names go to either side.
            side = {4469.92: "right", 4471.48: "left"}.get(wavelength, "center")
            axes.text(wavelength, 0.905, name, ha=side, **place)
        elif high <= wavelength < high + 2:
            axes.text(high, 0.905, f"{name} →", ha="right", **place)


def _bar(figure, panels, label, values):
    """A bar of one field a spectrum, with its value."""
    count = len(values)
    shades = ListedColormap(_colours(count))
    norm = BoundaryNorm(np.arange(count + 1), count)
    shown = matplotlib.cm.ScalarMappable(norm, shades)
    where = list(panels) if len(panels) > 1 else panels[0]
    look = {"pad": 0.01, "aspect": 14} if len(panels) > 1 else {"aspect": 24}
    bar = style.colour_bar(figure, shown, where, labels_.axis(label), **look)
    bar.set_ticks(np.arange(count) + 0.5, labels=[labels_.tick(v) for v in values])
    bar.minorticks_off()
    bar.ax.tick_params(length=0, labelsize=7.5)
