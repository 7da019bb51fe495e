"""How figures of the semantic arm name and colour parameters, methods, networks and models."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from skyloom.draw import style, ticks
from skyloom.draw.style import significant
from skyloom.io.columns import numbers, texts

if TYPE_CHECKING:
    from astropy.table import Table
    from matplotlib.axes import Axes

#: Name, symbol and unit of each parameter of a profile, as a reader says them.
PARAMETERS = {
    "scale": ("scale", "A", "half-widths"),
    "ellipticity": ("ellipticity", "e", ""),
    "angle": ("angle", "θ", "°"),
    "intensity": ("central intensity", "I₀", ""),
    "centre_x": ("centre", "x₀", "half-widths"),
    "centre_y": ("centre", "y₀", "half-widths"),
    "sersic_index": ("Sérsic index", "n", ""),
}
# Lengths, which are drawn in half-widths whatever the unit of the profile, and in pixels too.
LENGTHS = ("scale", "centre_x", "centre_y")
_ERRORS = ("bias", "sigma", "sigma_low", "sigma_high", "robust_sigma", "mae", "sigma_folded")
_ERRORS += ("bound", "bound_rms", "published")
_ANGLES = {"theta": "θ = 180° s, as published", "cos_sin_2theta": "(cos 2θ, sin 2θ)"}
#: Colours of the two ways to give an angle, and looks of the methods that find parameters.
ANGLE_COLOURS = {"theta": style.ORANGE, "cos_sin_2theta": style.BLUE}
METHODS = {
    "encoder": {"color": style.BLUE, "marker": "o", "label": "encoder"},
    "least_squares": {"color": style.GREEN, "marker": "s", "label": "least squares"},
}
_CYCLE = (style.BLUE, style.ORANGE, style.GREEN, style.PINK, style.GOLD, style.SKY, style.BLACK)
_LINES = ("-", "--", ":", "-.")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")


def symbol(parameter):
    """A parameter as formulae write it; its own name where it is not known here."""
    return PARAMETERS.get(parameter, ("", parameter, ""))[1]


def unit(parameter):
    """The unit of a parameter as an axis shows it; empty for a number."""
    return PARAMETERS.get(parameter, ("", parameter, ""))[2]


def name(parameter):
    """Name and symbol: 'scale A'; one word where a parameter is not known here."""
    said, letter, _ = PARAMETERS.get(parameter, ("", parameter, ""))
    return f"{said} {letter}".lstrip()


def axis(parameter, prefix=""):
    """Text of an axis: 'True scale A [half-widths]'."""
    text = f"{prefix} {name(parameter)}".lstrip()
    # A Greek symbol in front stays small: Σ would say something else.
    return with_unit((text[0].upper() if text[0].isascii() else text[0]) + text[1:], parameter)


def with_unit(text, parameter):
    """A text with the parameter's unit in brackets, where it has one."""
    return f"{text} [{unit(parameter)}]" if unit(parameter) else text


def quantity(parameter: str, value: float, *, beside: float | None = None):
    """A value with its unit: '0.00049', '1.1°'; lengths are in half-widths, which is not said.

    Parameters
    ----------
    parameter : str
    value : float
    beside : float, optional
        A dispersion whose digits a bias is rounded to; the sign is then written.
    """
    if not np.isfinite(value):
        return "undefined"
    mark = "°" if unit(parameter) == "°" else ""
    if beside is None or not np.isfinite(beside) or beside <= 0:
        return style.signed(significant(float(value), 2, sign=beside is not None)) + mark
    places = max(0, 1 - int(np.floor(np.log10(beside))))
    # A bias that rounds to nothing has no sign.
    text = f"{value:+.{places}f}" if round(value, places) else "0"
    return style.signed(text) + mark


def in_half_widths(parameter: str, values: np.ndarray | float, half_width: np.ndarray | float):
    """Values of a parameter, or their errors, as figures show them.

    Parameters
    ----------
    parameter : str
    values : array or float
        Lengths in the profile's own unit.
    half_width : array or float
        Of the image in that unit.
    """
    return values / half_width if parameter in LENGTHS else values


def all_in_half_widths(values, half_width):
    """`in_half_widths` of several parameters: a dict of name -> value."""
    return {name: in_half_widths(name, value, half_width) for name, value in values.items()}


def with_half_widths(summary: Table):
    """A copy of a summary whose lengths are in half-widths of each row's own images.

    Parameters
    ----------
    summary : Table
        As `skyloom.arms.semantic.evaluation.summarise` makes it.
    """
    made = summary.copy()
    if "half_width" not in made.colnames:
        return made
    length = np.isin(texts(made["parameter"]), LENGTHS)
    unit = np.where(length, numbers(made["half_width"]), 1.0)
    for name in _ERRORS:
        if name in made.colnames:
            made[name] = numbers(made[name]) / unit
    return made


def angle_name(form):
    """How an encoder gives its angle, as a reader says it."""
    return _ANGLES.get(form, form)


def plain(value):
    """A number on an axis, from '0.0001' to '10,000' without a power of ten."""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:g}" if abs(value) >= 1e-4 or value == 0 else f"{value:.10f}".rstrip("0")


def plain_x_ticks(axes: Axes):
    """Numbers instead of powers of ten on a logarithmic x axis, a few whatever its length.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Its limits are final.
    """
    ticks.plain(axes.xaxis, axes.get_xlim(), plain)


def noise(value):
    """A noise level: 'no noise', 'noise 0.05'."""
    return f"noise {value:g}" if value else "no noise"


def looks(names: Iterable[str]) -> dict[str, dict]:
    """Colour, line and marker of each of some models or networks: no two are alike up to 28.

    Parameters
    ----------
    names : iterable of str

    Returns
    -------
    dict of str to dict
        Keyword arguments of ``Axes.plot``.
    """
    found = {}
    for place, own in enumerate(dict.fromkeys(map(str, names))):
        turn, at = divmod(place, len(_CYCLE))
        found[own] = {
            "color": _CYCLE[at],
            "ls": _LINES[turn % len(_LINES)],
            "marker": _MARKERS[(at + turn) % len(_MARKERS)],
        }
    return found


def pixel_axis(axes: Axes, parameter: str, resolution: float, *, along: str = "x") -> None:
    """A second axis that says a length in pixels.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    parameter : str
        Nothing is drawn for one that is no length.
    resolution : float
        Pixels in a half-width.
    along : 'x' or 'y'
    """
    if parameter not in LENGTHS:
        return
    there = (lambda half: half * resolution), (lambda pixel: pixel / resolution)
    if along == "x":
        above = axes.secondary_xaxis("top", functions=there)
    else:
        above = axes.secondary_yaxis("right", functions=there)
    above.spines[:].set_visible(False)
    above.tick_params(length=2, labelsize=7, labelcolor=style.SOFT, color=style.SOFT, pad=1)
    text = {"fontsize": 7.5, "color": style.SOFT, "labelpad": 2}
    (above.set_xlabel if along == "x" else above.set_ylabel)("[pixels]", **text)
