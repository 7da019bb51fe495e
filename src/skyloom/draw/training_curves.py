"""How trainings went, epoch by epoch, of any arm: a panel a training and quantity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from skyloom.draw import style, ticks
from skyloom.io.columns import numbers
from skyloom.learn import convergence

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Quantities that are shares: from 0 to 1, and not logarithmic.
_SHARES = ("accuracy", "argmax_agreement")
_UNFINISHED = "still falling at the last epoch:\n{}not converged"
_SIDES = {"val_": "validation", "test_": "test"}


class Training(NamedTuple):
    """One training.

    Attributes
    ----------
    title : str
    log : Table or structured array, optional
        Columns epoch, loss, val_loss and so on (NaN where there is no such side), and member,
        where several networks were trained; None where none was.
    kept : sequence of int
        The epoch whose weights are kept, of each member.
    """

    title: str
    log: Any = None
    kept: tuple = ()


def epoch_kept(known: dict):
    """The epoch whose weights predict: the best one, or the last where that was asked for.

    Parameters
    ----------
    known : dict
        Of ``metrics.json``.
    """
    restore = known.get("training", {}).get("restore", "best")
    return known["epochs"] if restore == "last" else known["best_epoch"]


def mark_unfinished(axes: Axes, loss: np.ndarray, member: np.ndarray | None = None) -> None:
    """Say in a panel that its loss was still falling; nothing where it was not.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    loss : (E,) array
        Of the side that is judged.
    member : (E,) array, optional
        Which of several networks each epoch is of.
    """
    falling, members = convergence.members_falling(member, loss)
    if falling:
        which = f"{falling} of {members} members " if members > 1 else ""
        style.say(
            axes, _UNFINISHED.format(which), 0.98, 0.97, ha="right", color=style.ORANGE, fontsize=7
        )


@style.drawn
def curves(
    trainings: Sequence[Training],
    kinds: dict[str, str],
    *,
    judged: str = "val_",
    columns: int = 1,
    readouts: Sequence[int] = (),
    note: str | None = None,
    synthetic: bool,
) -> Figure:
    """Loss and what else was recorded of every training over the epochs.

    Parameters
    ----------
    trainings : sequence of Training
        Row by row.
    kinds : dict of str to str
        What an axis says, by the column of the history; the first is the loss.
    judged : {'val_', 'test_'}, optional
        Begin of the columns of the side that is not learnt from.
    columns : int, optional
        Trainings in a row.
    readouts : sequence of int, optional
        Epochs whose predictions are kept; marked.
    note : str, optional
        Above the legend.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
        Panels of one quantity have one range, so that their heights can be compared.
    """
    rows = -(-len(trainings) // columns)
    size = max(6.8, 2.8 * columns * len(kinds) + 0.4), 2.1 * rows + 1.1
    figure = style.figure(*size, title="Training, epoch by epoch", synthetic=synthetic)
    panels = figure.subplots(rows, columns * len(kinds), squeeze=False)
    groups = panels.reshape(-1, len(kinds))
    for group, training in zip(groups, trainings, strict=False):
        _training(group, training, kinds, judged, readouts)
    style.hide(groups[len(trainings) :].ravel())
    for column in panels.T:
        for axes in [axes for axes in column if axes.axison][-1:]:
            axes.set_xlabel("Epoch")
    for column, kind in zip(groups.T, kinds, strict=True):
        _limits([axes for axes in column if axes.axison and len(axes.lines)], kind)
    handles = _handles(judged, readouts, marked=any(len(one.kept) for one in trainings))
    style.below(figure, handles, note=note, ncols=min(len(handles), 2 * columns + 1))
    return figure


def _training(group, training, kinds, judged, readouts):
    title, log, kept = training
    if log is None:
        style.hide(group)
        group[0].set_title(title, loc="left", color=style.FAINT)
        place = {"ha": "center", "va": "center", "transform": group[0].transAxes}
        group[0].text(0.5, 0.5, "not trained", color=style.FAINT, style="italic", **place)
        return
    names = log.dtype.names
    member = numbers(log["member"]) if "member" in names else np.ones(len(log))
    for axes, (kind, name) in zip(group, kinds.items(), strict=True):
        shown = [("", style.BLUE, "--"), (judged, style.ORANGE, "-")]
        shown = [(prefix + kind, *look) for prefix, *look in shown if prefix + kind in names]
        for number, epoch in zip(np.unique(member), [*kept, *[None] * len(log)], strict=False):
            _curve(axes, log[member == number], shown, epoch)
        for epoch in readouts:
            if epoch <= np.max(log["epoch"]):
                axes.axvline(epoch, color=style.GREY, lw=0.8, ls=":", zorder=0)
        axes.grid(**style.GRID)
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.set_ylabel(name)
    mark_unfinished(group[0], numbers(log[f"{judged}loss"]), member)
    group[0].set_title(title, loc="left")
    if (count := len(np.unique(member))) > 1:
        group[-1].set_title(f"{count} members", loc="right", fontsize=8, color=style.SOFT)


def _curve(axes, log, shown, kept):
    """One network's course on both sides, and a circle at the epoch whose weights are kept."""
    epoch, values = numbers(log["epoch"]), None
    look = {"marker": "o", "ms": 3} if len(epoch) < 3 else {}
    for name, colour, line in shown:
        found = numbers(log[name])
        if np.isfinite(found).any():
            axes.plot(epoch, found, color=colour, ls=line, lw=0.9, **look)
            values = found
    place = np.flatnonzero(epoch == kept) if kept is not None and values is not None else []
    if len(place):
        point = {"color": "white", "edgecolor": style.BLACK, "s": 24, "zorder": 5}
        axes.scatter(epoch[place[0]], values[place[0]], linewidths=0.9, **point)


def _limits(panels, kind):
    """One range for all; logarithmic where nothing is zero or below."""
    low = min([axes.dataLim.y0 for axes in panels], default=0.0)
    high = max([axes.dataLim.y1 for axes in panels], default=1.0)
    for axes in panels:
        if kind in _SHARES:
            axes.set_ylim(max(-0.02, low - 0.05), min(1.02, high + 0.05))
        elif low > 0:
            axes.set_yscale("log")
            axes.set_ylim(low / 1.2, high * 1.2)
            ticks.plain_ticks(axes)


def _handles(judged, readouts, *, marked):
    point = {"marker": "o", "ms": 5, "mfc": "white", "mec": style.BLACK, "ls": "none"}
    handles = [
        Line2D([], [], color=style.BLUE, ls="--", label="training side, while learning"),
        Line2D([], [], color=style.ORANGE, label=f"{_SIDES[judged]} side"),
    ]
    if marked:
        handles.append(Line2D([], [], label="epoch whose weights are kept", **point))
    if len(readouts):
        text = f"read out at {', '.join(map(str, readouts))} epochs"
        handles.append(Line2D([], [], color=style.GREY, lw=0.9, ls=":", label=text))
    return handles
