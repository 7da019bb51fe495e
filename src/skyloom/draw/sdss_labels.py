"""How figures of the sdss arm name and colour classes and networks, and which lines they mark."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from skyloom.arms.sdss import classes
from skyloom.arms.spectra.wavelengths import LIGHT
from skyloom.draw import style
from skyloom.io.columns import texts

if TYPE_CHECKING:
    from astropy.table import Table
    from matplotlib.axes import Axes

#: Classes as files name them, in the order of their labels, and as a reader says them.
CLASSES = dict(zip(classes.CLASSES, ("galaxy", "quasar", "star"), strict=True))
# Of the triples of three hues in the palette that a normal eye does not take for each other, the
# one whose least difference (CIE 1976) under simulated protanopia, deuteranopia and tritanopia is
# largest.
COLOURS = dict(zip(classes.CLASSES, (style.ORANGE, style.BLUE, style.PINK), strict=True))
# Name, colour and marker: none of the colours is a class's.
_NETWORKS = {
    "inception_v3": ("Inception V3", style.GREEN, "s"),
    "resnet_50": ("ResNet 50", style.GOLD, "^"),
    "resnet_50_random": ("ResNet 50, random weights", "#8A5A00", "v"),
    "inception_v3_random": ("Inception V3, random weights", "#00543D", "P"),
    "mnist": ("MNIST (LeNet)", style.BLACK, "o"),
    "cnn_1d": ("1D CNN", style.SKY, "D"),
}
_OTHERS = (("#7A4FA3", "X"), (style.GREY, "p"), (style.RED, "*"), ("#4D4D4D", "h"))
# Vacuum wavelengths at rest, Å: the SDSS pipeline's line list (classic.sdss.org, DR7); band heads
# of TiO after Pickles (1998). The lines of an entry share one name. What comes first is named
# where names would touch. Si IV is the blend with O IV].
_HYDROGEN = {"Hα": (6564.61,), "Hβ": (4862.68,), "Hγ": (4341.68,), "Hδ": (4102.89,)}
_LINES = {
    "QSO": {
        "Mg II": (2799.12,),
        "C IV": (1549.48,),
        "Lyα": (1215.67,),
        "C III]": (1908.73,),
        "Hβ": (4862.68,),
        "Hα": (6564.61,),
        "[O III]": (4960.30, 5008.24),
        "Hγ": (4341.68,),
        "[O II]": (3728.48,),
        "Si IV": (1399.8,),
        "[Ne V]": (3426.84,),
    },
    "GALAXY": {
        "Ca II K, H": (3934.78, 3969.59),
        "[O II]": (3728.48,),
        "Hα": (6564.61,),
        "[O III]": (4960.30, 5008.24),
        "Hβ": (4862.68,),
        "Mg b": (5176.63,),
        "Na D": (5895.6,),
        "G band": (4305.61,),
        "[S II]": (6718.29, 6732.67),
        "Hδ": (4102.89,),
        "Mg II": (2799.12,),
    },
    "STAR": {
        "Hα": (6564.61,),
        "Ca II K, H": (3934.78, 3969.59),
        "Mg b": (5176.63,),
        "Na D": (5895.6,),
        "Ca II": (8500.36, 8544.44, 8664.52),
        **_HYDROGEN,
        "TiO": (7054.0,),
    },
}
_SPLIT = re.compile(r"^(.+)_(\d+_\d+)$")


def classes_of(*columns: Sequence[str]):
    """Classes that occur in any of the columns: the three first, in their order, then others.

    Parameters
    ----------
    *columns : sequence of str
        Empty and masked values stand for no class.
    """
    found = {name for column in columns for name in texts(column)} - {""}
    return [name for name in CLASSES if name in found] + sorted(found - set(CLASSES))


def class_name(name):
    """A class as a reader says it: 'quasar' for ``QSO``, 'no class' for nothing."""
    return CLASSES.get(name, name.lower() if name else "no class")


def plural(name):
    """The plural of `class_name`."""
    shown = class_name(name)
    if not name:
        return shown
    return f"{shown[:-1]}ies" if shown.endswith("xy") else f"{shown}s"


def counted(number):
    """'1 spectrum', '2,000 spectra'."""
    return f"{number:,} {'spectrum' if number == 1 else 'spectra'}"


def class_colour(name):
    """A class's colour, the same in every figure; grey for one that is none of the three."""
    return COLOURS.get(name, style.GREY)


def models_of(table: Table) -> dict[str, tuple[str, str]]:
    """Network and split of every model of a table, in its order.

    Parameters
    ----------
    table : Table
        With ``model``, and ``network`` and ``split`` where they are not what the name says.

    Returns
    -------
    dict of str to (str, str)
    """
    known = {"network", "split"} <= set(table.colnames)
    return {
        str(row["model"]): (str(row["network"]), str(row["split"]))
        if known
        else split_model(str(row["model"]))
        for row in table
    }


def split_model(model):
    """Network and split of a model's name: ``cnn_1d_80_20`` is of ``cnn_1d`` on ``80_20``."""
    found = _SPLIT.match(model)
    return found.groups() if found else (model, "")


def network_name(network):
    """A network as a reader says it."""
    return _NETWORKS.get(network, (network.replace("_", " "),))[0]


def split_name(split):
    """A split as a reader says it: '80/20'."""
    return split.replace("_", "/")


def model_name(network, split):
    """A trained network as a reader says it: 'ResNet 50, 80/20'."""
    return f"{network_name(network)}, {split_name(split)}" if split else network_name(network)


def network_looks(networks: Iterable[str]) -> dict[str, dict]:
    """Colour and marker of each network, the same in every figure for those that are known.

    Parameters
    ----------
    networks : iterable of str

    Returns
    -------
    dict of str to dict
        Keyword arguments of ``Axes.plot``.
    """
    names = list(dict.fromkeys(map(str, networks)))
    others = [name for name in names if name not in _NETWORKS]
    looks = {}
    for name in names:
        look = _NETWORKS[name][1:] if name in _NETWORKS else _OTHERS[others.index(name) % 4]
        looks[name] = dict(zip(("color", "marker"), look, strict=True))
    return looks


def shown_lines(kind: str, z: float, low: float, high: float, *, apart: float = 0.03):
    """Lines of a class that an axis shows, at their observed wavelengths.

    Parameters
    ----------
    kind : str
        Class whose lines are meant.
    z : float
        Redshift; nothing is shown for one that is not finite.
    low, high : float
        Limits of the axis, Å.
    apart : float, optional
        Least distance of two names, as a share of the axis.

    Returns
    -------
    list of (name, list of float)
        Name and wavelengths, Å. Where two would touch, the more important one stays.
    """
    found = []
    for name, rest in _LINES.get(kind, {}).items() if np.isfinite(z) else ():
        places = [wavelength * (1 + z) for wavelength in rest]
        places = [place for place in places if low < place < high]
        if places and all(
            abs(np.mean(places) - np.mean(other)) > apart * (high - low) for _, other in found
        ):
            found.append((name, places))
    return found


def mark_lines(axes: Axes, kind, z, *, within=None, apart=0.03, size: float = 7) -> None:
    """Mark the main lines of a class on an axis in Å, named above it.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Its limits are final.
    kind, z, apart
        As `shown_lines` takes them.
    within : (low, high), optional
        Wavelengths that were observed, Å; the axis unless told.
    size : float, optional
        Of the names.
    """
    low, high = axes.get_xlim()
    first, last = within or (low, high)
    apart = apart * (high - low) / max(last - first, 1e-9)
    lines = shown_lines(kind, z, max(low, first), min(high, last), apart=apart)
    for _, places in lines:
        for place in places:
            axes.axvline(place, color=style.GREY, lw=0.7, ls=(0, (4, 3)), zorder=0)
    above = axes.secondary_xaxis("top")
    above.spines["top"].set_visible(False)
    names = [name for name, _ in lines]
    above.set_ticks([float(np.mean(places)) for _, places in lines], names)
    above.tick_params(length=0, pad=2, labelsize=size, labelrotation=90, labelcolor=style.SOFT)


def redshift(kind: str, z: float):
    """A redshift in words; a star's as the velocity that it is.

    Parameters
    ----------
    kind : str
        Class.
    z : float
    """
    if not np.isfinite(z):
        return "z unknown"
    if kind == "STAR" and abs(z) < 0.02:
        return style.signed(f"v = {z * LIGHT:+.0f} km/s")
    return style.signed(f"z = {z:.3f}")
