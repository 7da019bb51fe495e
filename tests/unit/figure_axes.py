"""What every figure owes its reader: axes with numbers say of what, and in which unit."""

import re
import warnings

from skyloom.draw import style

# Quantities that have a dimension: an axis that names one names its unit, in brackets or after a
# stroke. Logarithms of them too.
_DIMENSIONAL = re.compile(
    r"wavelength|temperature|(?<!cross-)entropy|\bmass\b|sSFR|\bSFR\b|velocity|v sin"
    r"|T_\\mathrm\{eff\}|log g\b|inclination|\bangle\b|radius|exposure|\btime\b|seconds"
    r"|flux|rate\b|kpc|\bnoise\b",
    re.IGNORECASE,
)
# Of such quantities, numbers that have none: shares, ratios, and correlations.
_PURE = re.compile(
    r"share|ratio|number|count|times|relative|signal|Pearson|images|normalised|%", re.IGNORECASE
)
_UNIT = re.compile(r"\[.+\]|[/(] ?\S+")
# 0.5, −1,000, 20 %, and powers of ten in TeX; names with digits, such as Gaussian 3, are none.
_NUMBER = re.compile(r"[−+-]?[\d.,]+ ?%?|.*10\^.*")


def drawn(function, *args, **kwargs):
    """The figure that a function draws of a synthetic run, or of another; a warning is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return function(*args, **{"synthetic": True, **kwargs})


def rendered(function, *args, **kwargs):
    """The same figure, laid out."""
    figure = drawn(function, *args, **kwargs)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        style.drawn(figure.draw_without_rendering)()
    return figure


def texts(figure):
    """All that is written in a figure."""
    found = figure.findobj(lambda artist: hasattr(artist, "get_text"))
    return "\n".join(artist.get_text() for artist in found)


def check(figure, words):
    """Assert that a figure of a synthetic run says so, and these words, and has no faults."""
    assert figure.get_suptitle().startswith("Synthetic demonstration: ")
    assert faults(figure) == []
    for word in words:
        assert word in texts(figure)


def faults(figure):
    """Axes of a figure that show numbers and do not say of what, or not in which unit.

    Parameters
    ----------
    figure : matplotlib.figure.Figure

    Returns
    -------
    list of str
        One sentence a fault; none for a figure that is in order.
    """
    common = {"x": figure.get_supxlabel(), "y": figure.get_supylabel()}
    found = []
    for number, axes in enumerate(figure.axes):
        for name in "xy":
            if not _has_numbers(axes, name):
                continue
            said = _label(axes, name) or common[name] or axes.get_title()
            where = f"axes {number}, {name}"
            if not said:
                found.append(f"{where}: numbers without a label")
            elif _DIMENSIONAL.search(said) and not (_PURE.search(said) or _UNIT.search(said)):
                found.append(f"{where}: {said!r} without a unit")
    return found


def _has_numbers(axes, name):
    """Whether an axis is shown with numbers at its ticks; names of cases are no numbers."""
    axis = getattr(axes, f"{name}axis")
    if not (axes.get_visible() and axes.axison and axis.get_visible()):
        return False
    ticks = [tick.get_text() for tick in axis.get_ticklabels() if tick.get_visible()]
    ticks = [text for text in ticks if text]
    return sum(_NUMBER.fullmatch(text) is not None for text in ticks) > len(ticks) / 2


def _label(axes, name):
    """What an axis says, or others of its column or row: those at the edge are labelled."""
    said = (getattr(one, f"get_{name}label")() for one in (axes, *_aligned(axes, name)))
    return next((text for text in said if text), "")


def _aligned(axes, name):
    """The panels below and above, or beside, in the same grid; and those that share the axis."""
    shared = getattr(axes, f"get_shared_{name}_axes")().get_siblings(axes)
    own = axes.get_subplotspec()
    span = {"x": "colspan", "y": "rowspan"}[name]
    places = [(one, one.get_subplotspec()) for one in axes.figure.axes]
    beside = [
        one
        for one, place in places
        if own is not None
        and place is not None
        and place.get_gridspec() is own.get_gridspec()
        and getattr(place, span) == getattr(own, span)
    ]
    return [*shared, *beside]
