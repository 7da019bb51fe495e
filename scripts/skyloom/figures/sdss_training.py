"""How the training of the networks on spectra of the SDSS went, epoch by epoch (figure 7)."""

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from skyloom.figures import sdss_labels as labels_
from skyloom.figures import style, table_cells, unfinished
from skyloom.figures.ticks import plain_ticks

_CURVES = (("loss", "Cross-entropy"), ("accuracy", "Accuracy"))


def kept(known):
    """The epoch whose weights predict: the best one, or the last where that was asked for.

    Parameters
    ----------
    known : dict
        Of ``metrics.json``.
    """
    restore = known.get("training", {}).get("restore", "best")
    return known["epochs"] if restore == "last" else known["best_epoch"]


@style.drawn
def curves(histories, *, readouts=(), synthetic):
    """Loss and accuracy of every network over the epochs.

    Parameters
    ----------
    histories : dict of (network, split) to (history, epoch that is kept or None)
        A history has columns epoch, loss, accuracy, val_loss and val_accuracy (NaN where there is
        no validation side).
    readouts : sequence of int, optional
        Epochs whose predictions are kept; marked.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
        A row a network, a pair of panels a split.
    """
    networks = list(dict.fromkeys(network for network, _ in histories))
    splits = sorted({split for _, split in histories})
    size = max(6.8, 5.6 * len(splits) + 0.4), 1.95 * len(networks) + 1.1
    figure = style.figure(*size, title="Training, epoch by epoch", synthetic=synthetic)
    panels = figure.subplots(len(networks), 2 * len(splits), squeeze=False)
    for row, network in zip(panels, networks, strict=True):
        for place, split in enumerate(splits):
            pair = row[2 * place : 2 * place + 2]
            if (network, split) not in histories:
                _nothing(pair, network, split)
                continue
            log, best = histories[network, split]
            for axes, (kind, name) in zip(pair, _CURVES, strict=True):
                _curve(axes, log, kind, best, readouts)
                axes.set_ylabel(name)
            unfinished.mark(pair[0], table_cells.numbers(log["val_loss"]))
            pair[0].set_title(labels_.model_name(network, split), loc="left")
    for column in panels.T:
        [axes for axes in column if axes.axison][-1].set_xlabel("Epoch")
    for number, (kind, _) in enumerate(_CURVES):
        _limits(panels[:, number::2].ravel(), kind)
    figure.legend(
        handles=_legend(readouts), loc="outside lower center", ncols=2 if len(splits) == 1 else 4
    )
    return figure


def _nothing(pair, network, split):
    for axes in pair:
        axes.set_axis_off()
    pair[0].set_title(labels_.model_name(network, split), loc="left", color=style.FAINT)
    place = {"ha": "center", "va": "center", "transform": pair[0].transAxes}
    pair[0].text(0.5, 0.5, "not trained", color=style.FAINT, style="italic", **place)


def _curve(axes, log, kind, best, readouts):
    epoch = np.atleast_1d(np.asarray(log["epoch"], dtype=float))
    look = {"marker": "o", "ms": 3} if len(epoch) < 3 else {}
    names = getattr(log, "colnames", None) or log.dtype.names
    kept = None
    for key, colour, line in ((kind, style.BLUE, "--"), (f"val_{kind}", style.ORANGE, "-")):
        if key not in names:
            continue
        values = np.atleast_1d(table_cells.numbers(log[key]))
        if not np.isfinite(values).any():
            continue
        axes.plot(epoch, values, color=colour, ls=line, **look)
        kept = values
    for place in readouts:
        if place <= epoch.max():
            axes.axvline(place, color=style.GREY, lw=0.8, ls=":", zorder=0)
    found = np.flatnonzero(epoch == best) if best is not None and kept is not None else []
    if len(found):
        point = {"color": "white", "edgecolor": style.BLACK, "s": 24, "zorder": 5}
        axes.scatter(epoch[found[0]], kept[found[0]], linewidths=0.9, **point)
    axes.grid(**style.GRID)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))


def _limits(panels, kind):
    """One range for all networks, so that their heights can be compared."""
    panels = [axes for axes in panels if axes.axison and len(axes.lines)]
    low = min([axes.dataLim.y0 for axes in panels], default=0.0)
    high = max([axes.dataLim.y1 for axes in panels], default=1.0)
    for axes in panels:
        if kind == "accuracy":
            axes.set_ylim(max(-0.02, low - 0.05), 1.02)
        elif low > 0 and high > 8 * low:
            axes.set_yscale("log")
            axes.set_ylim(low / 1.2, high * 1.2)
            plain_ticks(axes)
        else:
            room = 0.06 * (high - low) or 0.1
            axes.set_ylim(low - room, high + room)


def _legend(readouts):
    point = {"marker": "o", "ms": 5, "mfc": "white", "mec": style.BLACK, "ls": "none"}
    handles = [
        Line2D([], [], color=style.BLUE, ls="--", label="training side, while learning"),
        Line2D([], [], color=style.ORANGE, label="validation side"),
        Line2D([], [], label="epoch whose weights are kept", **point),
    ]
    if len(readouts):
        text = f"read out at {', '.join(map(str, readouts))} epochs"
        handles.append(Line2D([], [], color=style.GREY, lw=0.9, ls=":", label=text))
    return handles
