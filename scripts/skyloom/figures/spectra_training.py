"""How the training of the networks on spectra went, member by member."""

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from skyloom.columns import numbers
from skyloom.figures import spectra_labels as labels_
from skyloom.figures import style, ticks, unfinished

_AGREEMENT = (
    "Argmax agreement: share of spectra whose largest output is that of the largest label; "
    "the document calls it accuracy."
)
_CURVES = (
    ("loss", "Loss"),
    ("mae", "MAE (standardised labels)"),
    ("argmax_agreement", "Argmax agreement"),
)


@style.drawn
def curves(histories, *, scaling, agreement, synthetic):
    """Loss and mean absolute error of every network over the epochs.

    Parameters
    ----------
    histories : dict of (str, str) to (Table or structured array, sequence of int)
        By dataset and network: columns ``member``, ``epoch``, ``loss``, ``val_loss``, ``mae``,
        ``val_mae`` and so on; and the epoch that each member's weights are of.
    scaling : str
        Of the labels: ``standard`` or ``minmax``.
    agreement : bool
        Whether the share of spectra whose largest output is the largest label is drawn: what the
        helium paper calls accuracy.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure

    Notes
    -----
    Figures 10 to 13 of the helium paper.
    """
    kinds = [kind for kind in _CURVES if agreement or kind[0] != "argmax_agreement"]
    kinds = [kind for kind in kinds if all(_has(log, kind[0]) for log, _ in histories.values())]
    size = max(6.4, 3.6 * len(kinds) + 0.3), 2.35 * len(histories) + 1.0
    figure = style.figure(*size, title="Training, epoch by epoch", synthetic=synthetic)
    panels = figure.subplots(len(histories), len(kinds), squeeze=False, sharex="col")
    for line, ((dataset, network), (log, best)) in zip(panels, histories.items(), strict=True):
        for axes, (kind, name) in zip(line, kinds, strict=True):
            _curve(axes, log, kind, best)
            if kind == "loss":
                unfinished.mark(axes, numbers(log["val_loss"]), numbers(log["member"]))
            if kind == "mae" and scaling == "minmax":
                name = "MAE (labels from 0 to 1)"
            axes.set_ylabel(name)
        members = len(np.unique(log["member"]))
        line[0].set_title(labels_.model_name(dataset, network), loc="left")
        if members > 1:
            line[-1].set_title(f"{members} members", loc="right", fontsize=8, color=style.SOFT)
    for axes in panels[-1]:
        axes.set_xlabel("Epoch")
    for column, (kind, _) in enumerate(kinds):
        _limits(panels[:, column], kind)
    note = _AGREEMENT if agreement else None
    legend = figure.legend(handles=_legend(), loc="outside lower center", ncols=3, title=note)
    legend.get_title().set(fontsize=7.5, color=style.SOFT)
    return figure


def _has(log, kind):
    names = getattr(log, "colnames", None) or log.dtype.names
    return kind in names and bool(np.isfinite(numbers(log[kind])).any())


def _curve(axes, log, kind, best):
    member = numbers(log["member"])
    for place, number in enumerate(np.unique(member)):
        here = member == number
        epoch = numbers(log["epoch"])[here]
        look = {"lw": 0.9, "alpha": 0.9}
        if len(epoch) < 3:
            look |= {"marker": "o", "ms": 3}
        for key, colour in ((kind, style.BLUE), (f"val_{kind}", style.ORANGE)):
            values = numbers(log[key])[here]
            axes.plot(epoch, values, color=colour, **look)
        found = np.flatnonzero(epoch == best[place]) if place < len(best) else []
        if len(found):
            point = {"marker": "o", "s": 22, "zorder": 5, "linewidths": 0.8}
            axes.scatter(
                epoch[found[0]], values[found[0]], color="white", edgecolor=style.BLACK, **point
            )
    axes.grid(**style.GRID)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))


def _limits(column, kind):
    """One range for all panels of a column; logarithmic where nothing is zero or below."""
    low = min(axes.dataLim.y0 for axes in column)
    high = max(axes.dataLim.y1 for axes in column)
    for axes in column:
        if kind == "argmax_agreement":
            axes.set_ylim(max(0.0, low - 0.03), min(1.02, high + 0.03))
        elif low > 0:
            axes.set_yscale("log")
            axes.set_ylim(low / 1.2, high * 1.2)
            ticks.plain_ticks(axes)


def _legend():
    point = {"marker": "o", "ms": 5, "mfc": "white", "mec": style.BLACK, "ls": "none"}
    handles = [
        Line2D([], [], color=style.BLUE, label="training side"),
        Line2D([], [], color=style.ORANGE, label="validation side"),
        Line2D([], [], label="epoch whose weights are kept", **point),
    ]
    return handles
