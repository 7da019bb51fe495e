"""Which spectra the networks confuse: the surest wrong answers of every kind, drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import MaxNLocator

from skyloom.arms.spectra import wavelengths
from skyloom.draw import sdss_labels as labels_
from skyloom.draw import style
from skyloom.errors import InputError
from skyloom.io.columns import number, numbers, texts

if TYPE_CHECKING:
    import h5py
    from astropy.table import Table
    from matplotlib.figure import Figure

    from skyloom.arms.xmm.observations import Row

#: Spectra of a kind of confusion that are drawn; the others are counted.
MOST = 3


def kinds(table: Table, model: str | None = None) -> dict[tuple[str, str], list[Row]]:
    """Confusions of one model by kind, the surest wrong answers first.

    Parameters
    ----------
    table : Table
        ``id``, ``class``, ``predicted`` and ``p`` (of the wrong answer) and, where there are
        several, ``model``.
    model : str, optional
        The first of the table unless told.

    Returns
    -------
    dict of (str, str) to list of Row
        By class and wrong answer, in the order of the classes.
    """
    if "model" in table.colnames and len(table):
        names = texts(table["model"])
        table = table[names == (model or names[0])]
    own, said = texts(table["class"]), texts(table["predicted"])
    surest = np.argsort(-np.nan_to_num(numbers(table["p"])), kind="stable")
    found = {}
    for kind in labels_.classes_of(own, said):
        for wrong in labels_.classes_of(own, said):
            rows = [table[row] for row in surest if (own[row], said[row]) == (kind, wrong)]
            if rows and kind != wrong:
                found[kind, wrong] = rows
    return found


@style.drawn
def confused(
    groups: dict[tuple[str, str], Sequence],
    spectra: dict[str, dict],
    wavelength: np.ndarray,
    *,
    model,
    synthetic: bool,
) -> Figure:
    """The surest wrong answers, with the lines that the true class has at the redshift.

    Parameters
    ----------
    groups : dict of (str, str) to sequence
        As `kinds` gives them.
    spectra : dict of str to dict
        By id: ``flux`` (L,) as the 1D network sees it, and ``z``.
    wavelength : (L,) array
        Å.
    model : (network, split)
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
        A row a kind of confusion, at most `MOST` spectra each.
    """
    title = f"Surest wrong answers of the test side, {labels_.model_name(*model)}"
    if not groups:
        text = "no spectrum of the test side is confused"
        return style.nothing(text, title=title, synthetic=synthetic)
    columns = min(MOST, max(map(len, groups.values())))
    size = max(6.8, 4.3 * columns + 0.5), 2.35 * len(groups) + 0.75
    figure = style.figure(*size, title=title, synthetic=synthetic)
    panels = figure.subplots(len(groups), columns, squeeze=False, sharex=True)
    for line, ((kind, wrong), rows) in zip(panels, groups.items(), strict=True):
        style.hide(line[len(rows) :])
        for axes, row in zip(line, rows, strict=False):
            _one(axes, row, spectra[str(row["id"])], wavelength, kind, wrong)
        more = len(rows) - columns
        texts = [f"{labels_.class_name(kind)} called {labels_.class_name(wrong)}"]
        texts += [f"(and {more} more)"] if more > 0 else []
        line[0].set_ylabel("\n".join([*texts, "Flux, normalised"]), fontsize=8.5)
    last = [
        max(row for row in range(len(groups)) if panels[row, column].axison)
        for column in range(columns)
    ]
    for column, row in enumerate(last):
        panels[row, column].set_xlabel("Observed wavelength [Å, vacuum]")
        panels[row, column].tick_params(axis="x", labelbottom=True)
    return figure


def _one(axes, row, spectrum, wavelength, kind, wrong):
    flux = np.asarray(spectrum["flux"], dtype=float)
    z = number(spectrum["z"])
    # What was not observed is exactly the mean, 0, at the ends.
    there = np.flatnonzero(flux)
    first, last = (there[0], there[-1]) if len(there) else (0, len(flux) - 1)
    axes.plot(wavelength, flux, color=style.FAINT, lw=0.7, rasterized=True)
    here = slice(first, last + 1)
    look = {"color": labels_.class_colour(kind), "lw": 0.7, "rasterized": True}
    axes.plot(wavelength[here], flux[here], **look)
    axes.set_xlim(float(wavelength[0]), float(wavelength[-1]))
    known = flux[np.isfinite(flux)]
    if len(known):
        low, high = np.percentile(known, [0.1, 99.9])
        room = 0.08 * (high - low) or 1.0
        axes.set_ylim(low - room, high + room)
    within = float(wavelength[first]), float(wavelength[last])
    labels_.mark_lines(axes, kind, z, within=within, apart=0.045, size=6.5)
    p = number(row["p"])
    sure = f", p({labels_.class_name(wrong)}) = {p:.2f}" if np.isfinite(p) else ""
    text = f"{row['id']}, {labels_.redshift(kind, z)}{sure}"
    axes.set_title(text, loc="left", fontsize=8)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.yaxis.set_major_locator(MaxNLocator(4))


def chosen(table, model=None):
    """The model whose confusions are drawn: as told, else the first of the table, else ''."""
    if model:
        return model
    return str(table["model"][0]) if "model" in table.colnames and len(table) else ""


def read_spectra(
    file: h5py.File, groups: dict[tuple[str, str], Sequence]
) -> tuple[np.ndarray, dict[str, dict]]:
    """The spectra that `confused` draws, of an open dataset.

    Parameters
    ----------
    file : h5py.File
        A dataset with ``spectra`` (N, L), ``id``, ``z`` and the grid's attributes.
    groups : dict of (str, str) to sequence
        As `kinds` gives them.

    Returns
    -------
    (L,) array, dict of str to dict
        Wavelengths, Å; by id ``flux`` and ``z``.

    Raises
    ------
    InputError
        If a spectrum is not in the dataset.
    """
    places = {name: row for row, name in enumerate(file["id"][()].astype(str))}
    found = {}
    for rows in groups.values():
        for name in (str(row["id"]) for row in rows[:MOST]):
            if name not in places:
                raise InputError(f"{file.filename} lacks {name}: make it again.")
            row = places[name]
            found[name] = {"flux": file["spectra"][row], "z": float(file["z"][row])}
    return wavelengths.grid(file.attrs, file["spectra"].shape[1]), found
