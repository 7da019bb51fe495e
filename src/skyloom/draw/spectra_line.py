"""One line, and the profiles that belong to the labels that each network reads from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import MaxNLocator
from scipy.interpolate import LinearNDInterpolator
from scipy.spatial import QhullError

from skyloom.draw import spectra_labels as labels_
from skyloom.draw import style

if TYPE_CHECKING:
    from astropy.table import Table
    from matplotlib.figure import Figure


def typical(true: np.ndarray, predictions: Sequence[np.ndarray]) -> int:
    """Row of the spectrum that the networks read neither well nor badly.

    Parameters
    ----------
    true : (N, T) array
    predictions : sequence of (N, T) array
        Of each network.

    Returns
    -------
    int
        Of median error: the root mean square over labels and networks, each label in units of its
        standard deviation. The lower of the two in the middle.
    """
    true = np.asarray(true, dtype=float)
    width = np.std(true, axis=0)
    width = np.where(width > 0, width, 1.0)
    errors = [((np.asarray(found) - true) / width) ** 2 for found in predictions]
    order = np.argsort(np.mean(errors, axis=(0, 2)), kind="stable")
    return int(order[(len(order) - 1) // 2])


def profile(target: np.ndarray, spectra: np.ndarray, wanted) -> tuple[np.ndarray, bool]:
    """The grid's spectrum at given labels.

    Parameters
    ----------
    target : (N, T) array
        Labels of the grid.
    spectra : (N, L) array
    wanted : (T,) array

    Returns
    -------
    (L,) array, bool
        Interpolated linearly between the nodes around it; of labels outside the grid, the nearest
        node's, and False.
    """
    target, wanted = np.asarray(target, dtype=float), np.asarray(wanted, dtype=float)
    low, width = target.min(axis=0), np.ptp(target, axis=0)
    width = np.where(width > 0, width, 1.0)
    nodes, place = (target - low) / width, (wanted - low) / width
    try:
        found = LinearNDInterpolator(nodes, np.asarray(spectra, dtype=float))(place[None])[0]
    except QhullError:  # a grid without extent in some label
        found = np.array([np.nan])
    if np.isfinite(found).all():
        return found, True
    return np.asarray(spectra[np.argmin(((nodes - place) ** 2).sum(axis=1))], dtype=float), False


def read_typical(
    tables: dict[str, Table], labels: Sequence[str], nodes: np.ndarray, spectra: np.ndarray
) -> tuple[int, dict[str, float], dict[str, dict]]:
    """What `line` draws of the spectrum that is typical of the test side.

    Parameters
    ----------
    tables : dict of str to Table
        By model, rows in one order: each label, and its ``_predicted`` and ``_uncertainty``.
    labels : sequence of str
    nodes : (N, T) array
        Labels of the grid.
    spectra : (N, L) array

    Returns
    -------
    row : int
    known : dict of str to float
        Its labels.
    answers : dict of str to dict
    """
    first = next(iter(tables.values()))
    true = _columns(first, labels)
    row = typical(true, [_columns(table, labels, "_predicted") for table in tables.values()])
    looks = labels_.model_looks({name: labels_.split_model(name) for name in tables})
    answers = {}
    for name, table in tables.items():
        values = dict(zip(labels, _columns(table, labels, "_predicted")[row], strict=True))
        stated = [label for label in labels if f"{label}_uncertainty" in table.colnames]
        spectrum, inside = profile(nodes, spectra, list(values.values()))
        answers[name] = {
            "look": looks[name],
            "values": values,
            "uncertainty": {label: float(table[f"{label}_uncertainty"][row]) for label in stated},
            "spectrum": spectrum,
            "inside": inside,
        }
    return row, dict(zip(labels, true[row], strict=True)), answers


def _columns(table, labels, suffix=""):
    """The columns of all labels, (N, T)."""
    return np.stack([np.asarray(table[label + suffix], dtype=float) for label in labels], axis=1)


@style.drawn
def line(
    wavelength: np.ndarray,
    flux: np.ndarray,
    answers: dict[str, dict],
    *,
    name: str,
    known: dict[str, float],
    synthetic: bool,
) -> Figure:
    """A test spectrum, each network's profile over it, and what is left.

    Parameters
    ----------
    wavelength, flux : (L,) array
        Å, in air; normalised.
    answers : dict of str to dict
        By model: ``look`` (of `spectra_labels.model_looks`), ``values`` and ``uncertainty`` (by
        label), ``spectrum`` (L,) and ``inside``, as `profile` gives them.
    name : str
        Of the spectrum.
    known : dict of str to float
        Its true labels.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
    """
    title = "A test spectrum, and the profiles at the labels that the networks read"
    made = style.figure(9.6, 5.0, title=title, synthetic=synthetic)
    grid = made.add_gridspec(2, 2, width_ratios=(1.75, 1), height_ratios=(2.6, 1))
    above = made.add_subplot(grid[0, 0])
    below = made.add_subplot(grid[1, 0], sharex=above)
    points = {"s": 11, "color": style.GREY, "linewidths": 0}
    above.scatter(wavelength, flux, label=f"test spectrum {name}", **points)
    for place, answer in enumerate(answers.values()):
        look = {"color": answer["look"]["color"], "ls": "-" if place == 0 else (0, (5, 2))}
        said = "profile at the labels of the" if answer["inside"] else "grid's nearest to the"
        label = f"{said} {answer['look']['label'].partition(',')[0]}"
        above.plot(wavelength, answer["spectrum"], lw=1.8, label=label, **look)
        below.plot(wavelength, flux - answer["spectrum"], lw=1.1, **look)
    below.axhline(0, color=style.BLACK, lw=0.7)
    above.set_ylabel("Normalised flux")
    below.set_ylabel("Difference")
    below.set_xlabel("Wavelength [Å, air]")
    above.tick_params(labelbottom=False)
    for axes in (above, below):
        axes.grid(**style.GRID)
        axes.set_xlim(wavelength[0], wavelength[-1])
        axes.yaxis.set_major_locator(MaxNLocator(5 if axes is above else 3))
    made.legend(*above.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    _labels(made.add_subplot(grid[:, 1]), answers, known)
    return made


def _labels(axes, answers, known):
    """Each label's true value and what every network says of it, as text."""
    axes.set_axis_off()
    axes.set(xlim=(0, 1), ylim=(1, 0))
    height = 0.96 / (len(known) * (len(answers) + 2))
    y = 0.04
    for label, value in known.items():
        look = {"fontsize": 10.5, "weight": "bold"}
        axes.text(0.05, y, f"true  {labels_.measured(label, value)}", va="center", **look)
        for answer in answers.values():
            y += height
            sigma = answer["uncertainty"].get(label)
            network = answer["look"]["label"].partition(" network")[0]
            text = f"{network}:  {labels_.measured(label, answer['values'][label], sigma)}"
            axes.text(0.05, y, text, va="center", fontsize=9.5, color=answer["look"]["color"])
        y += 2 * height
