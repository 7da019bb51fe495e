"""How figures and the report name labels and models of spectra; colours of figures."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from skyloom.draw import style
from skyloom.draw.style import significant

# Symbol, unit as an axis shows it, and how a value is written.
_LABELS = {
    "teff": (r"$T_\mathrm{eff}$", "K", "{:.0f}"),
    "log_g": ("log g", "dex", "{:.2f}"),
    "m_h": ("[m/H]", "dex", "{:.2f}"),
    "v_rot": (r"$v_\mathrm{rot}$", "km/s", "{:.0f}"),
    "v_sin_i": (r"$v\,\sin\,i$", "km/s", "{:.0f}"),
}
# In sentences, and on axes without formulae.
_WORDS = {
    "teff": "effective temperature",
    "log_g": "log g",
    "m_h": "metallicity [m/H]",
    "v_rot": "rotational velocity",
    "v_sin_i": "v sin i",
}
_NETWORKS = {"initial": style.BLUE, "modified": style.ORANGE, "starnet": style.GREEN}
_OTHERS = (style.PINK, style.GOLD, style.SKY, style.BLACK)
_LINES = ("-", "--", ":", "-.")
_MARKERS = ("o", "s", "^", "D", "v")
#: Colours of the sides of a split.
SIDES = {"train": style.SKY, "validation": style.GOLD, "test": style.ORANGE}


def symbol(label):
    """A label as astronomers write it; its own name where it is not known here."""
    return _LABELS.get(label, (label,))[0]


def words(label):
    """A label in words; its own name where it is not known here."""
    return _WORDS.get(label, label.replace("_", " "))


def unit(label, given=""):
    """The unit of a label as an axis shows it."""
    return _LABELS.get(label, (None, str(given).replace(" / ", "/")))[1]


def axis(label, prefix="", given=""):
    """Text of an axis: 'Predicted log g [dex]'."""
    name = f"{prefix} {symbol(label)}" if prefix else symbol(label)
    return f"{name} [{unit(label, given)}]" if unit(label, given) else name


def number(label, value):
    """A value without its unit; two digits after the point for logarithms."""
    form = _LABELS.get(label, (None, None, "{:.4g}"))[2]
    return style.signed(form.format(value))


def quantity(
    label: str, value: float, *, digits: int | None = None, sign: bool = False, given: str = ""
):
    """A value with its unit: '24000 K', '3.50 dex'.

    Parameters
    ----------
    label : str
    value : float
    digits : int, optional
        Significant digits, for errors: as the label's values have them unless told.
    sign : bool, optional
        Whether a plus sign is written.
    given : str, optional
        Unit of a label that is not known here.
    """
    if not np.isfinite(value):
        return "undefined"
    if digits is None:
        form = _LABELS.get(label, (None, None, "{:.4g}"))[2]
        text = form.replace("{:", "{:+" if sign else "{:").format(value)
    else:
        text = significant(value, digits, sign=sign)
    return style.signed(f"{text} {unit(label, given)}".rstrip())


def tick(value):
    """A number as short as an axis has room for."""
    return style.signed(f"{value:g}")


def measured(label, value, uncertainty=None):
    """A value with its uncertainty and unit: 'log g 4.40 ± 0.06 dex'."""
    if not np.isfinite(value):
        return f"{symbol(label)} undefined"
    text = number(label, value)
    if uncertainty is not None and np.isfinite(uncertainty):
        places = len(text.partition(".")[2])
        # One digit more where the uncertainty would be written as nothing.
        places += uncertainty < 0.5 * 10.0**-places
        text = style.signed(f"{value:.{places}f} ± {uncertainty:.{places}f}")
    return f"{symbol(label)} {text} {unit(label)}".rstrip()


def network_colours(networks: Iterable[str]) -> dict[str, str]:
    """A colour for each network, the same in every figure for those that are known.

    Parameters
    ----------
    networks : iterable of str

    Returns
    -------
    dict of str to str
    """
    names = list(dict.fromkeys(map(str, networks)))
    others = [name for name in names if name not in _NETWORKS]
    found = {name: _OTHERS[place % len(_OTHERS)] for place, name in enumerate(others)}
    return {name: _NETWORKS.get(name) or found[name] for name in names}


def model_looks(models) -> dict[str, dict]:
    """Colour, line and marker of every model: the network's colour, the dataset's line.

    Parameters
    ----------
    models : dict of str to (dataset, network)

    Returns
    -------
    dict of str to dict
        Keyword arguments of ``Axes.plot``, with the model's label.
    """
    colours = network_colours(network for _, network in models.values())
    datasets = list(dict.fromkeys(dataset for dataset, _ in models.values()))
    places = {dataset: place for place, dataset in enumerate(datasets)}
    return {
        model: {
            "color": colours[network],
            "ls": _LINES[places[dataset] % len(_LINES)],
            "marker": _MARKERS[places[dataset] % len(_MARKERS)],
            "label": model_name(dataset, network),
        }
        for model, (dataset, network) in models.items()
    }


def model_name(dataset, network):
    """A trained network as a reader says it: 'initial network, trained on clean'."""
    return f"{network} network, trained on {dataset}"


def models_of(table):
    """Datasets and networks of the models of a table, in its order."""
    return {
        str(row["model"]): (str(row["dataset"]), str(row["network"]))
        if {"dataset", "network"} <= set(table.colnames)
        else split_model(str(row["model"]))
        for row in table
    }


def split_model(model):
    """Dataset and network of a model's name, ``<dataset>_<network>``."""
    dataset, _, network = model.rpartition("_")
    return dataset or model, network
