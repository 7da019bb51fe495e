"""How the errors of the semantic encoders fell while they were trained."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from skyloom.draw import semantic_labels as labels_
from skyloom.draw import style
from skyloom.draw.style import GRID, SOFT
from skyloom.draw.ticks import plain_ticks
from skyloom.io.columns import number, numbers, texts
from skyloom.learn import convergence

if TYPE_CHECKING:
    from astropy.table import Table
    from matplotlib.figure import Figure

_PRINTED = {"color": style.BLACK, "ls": (0, (5, 2)), "lw": 1.2}


def described(known: dict):
    """How a model was trained: 'adam, rate 0.001, decay cosine' as far as its metrics say.

    Parameters
    ----------
    known : dict
        Of ``metrics.json``.
    """
    decay = known.get("decay", known.get("training", {}).get("decay"))
    parts = [known["optimizer"], f"rate {known['learning_rate']:g}"]
    return ", ".join(parts + ([decay] if decay else []))


def kinds_of(histories: Iterable[Table]) -> dict[str, str]:
    """Columns of some histories that are drawn, and what their axes say.

    Parameters
    ----------
    histories : iterable of Table

    Returns
    -------
    dict of str to str
        The dispersions that any of them has, then the share of failed angles.
    """
    columns = dict.fromkeys(name for log in histories for name in log.colnames)
    said = {
        name: labels_.axis(name.removeprefix("sigma_"), "σ of")
        for name in columns
        if name.startswith("sigma_")
    }
    return said | ({"failed": "Failed angles [%]"} if "failed" in columns else {})


@style.drawn
def optimizers(cases, *, synthetic: bool) -> Figure:
    """Errors of models that differ in the optimiser, over epochs and over measured seconds.

    Parameters
    ----------
    cases : dict of str to (history, seconds, metrics)
        By model: table of epochs, seconds each epoch took (E,), and ``metrics.json``.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
        A row a quantity of the validation side. Points on the right: where each model stood when
        the one that was trained for the shortest time ended.
    """
    kinds = {"val_loss": "Validation loss"} | kinds_of(log for log, *_ in cases.values())
    kinds.pop("failed", None)
    title = "Optimisers at the same number of epochs and in the same time"
    size = 8.2, 1.75 * len(kinds) + 1.4
    figure = style.figure(*size, title=title, synthetic=synthetic)
    rows = figure.subplots(len(kinds), 2, squeeze=False, sharey="row", sharex="col")
    looks = labels_.looks(cases)
    clocks = {model: np.cumsum(seconds) for model, (_, seconds, _) in cases.items()}
    end = min(clock[-1] for clock in clocks.values())
    for (left, right), (kind, text) in zip(rows, kinds.items(), strict=True):
        for model, (log, _, known) in cases.items():
            if kind not in log.colnames:
                continue
            values, look = _values(log, kind, known), _line(looks[model], len(log))
            left.plot(numbers(log["epoch"]), values, **look)
            right.plot(clocks[model], values, **look)
            reached = np.searchsorted(clocks[model], end * (1 + 1e-9), side="right") - 1
            if reached >= 0:
                _point(right, clocks[model][reached], values[reached], looks[model])
        right.axvline(end, color=style.GREY, lw=0.9, ls=":", zorder=0)
        left.set_ylabel(text)
        for axes in (left, right):
            _logarithmic(axes)
    rows[-1, 0].set_xlabel("Epoch")
    rows[-1, 1].set_xlabel("Measured time of the epochs [s]")
    handles = [
        Line2D([], [], label=f"{model}: {described(known)}", **_line(looks[model], 9))
        for model, (*_, known) in cases.items()
    ]
    text = f"equal time: {labels_.plain(float(f'{end:.3g}'))} s, the shortest training"
    handles.append(Line2D([], [], color=style.GREY, lw=0.9, ls=":", label=text))
    style.below(figure, handles, ncols=2)
    return figure


def _values(log, kind, known):
    """A column of a history as it is drawn, lengths in half-widths of the model's images."""
    parameter, half_width = kind.removeprefix("sigma_"), known.get("half_width", 1.0)
    return labels_.in_half_widths(parameter, numbers(log[kind]), half_width)


def _line(look, epochs):
    """A look without markers, but for a training too short to be a line."""
    kept = {key: look[key] for key in ("color", "ls")}
    return kept | ({"marker": "o", "ms": 3} if epochs < 3 else {})


def _point(axes, x, y, look):
    axes.scatter(x, y, s=26, facecolor="white", edgecolor=look["color"], linewidths=1.3, zorder=5)


def _logarithmic(axes):
    low, high = axes.dataLim.y0, axes.dataLim.y1
    axes.set_xscale("log")
    first, last = axes.dataLim.x0, axes.dataLim.x1
    if np.isfinite([first, last]).all() and 0 < first:
        # Panels below share these limits and ticks.
        axes.set_xlim(first / 1.1, last * 1.1)
        labels_.plain_x_ticks(axes)
    axes.grid(**GRID)
    if np.isfinite([low, high]).all() and 0 < low < high:
        axes.set_yscale("log")
        axes.set_ylim(low / 1.15, high * 1.15)
        plain_ticks(axes)
        axes.yaxis.set_major_formatter(lambda y, _: labels_.plain(y))


def groups_of(cases) -> dict[str, dict]:
    """Models whose errors one panel can show: alike in what they measure, small networks apart.

    Parameters
    ----------
    cases : dict of str to (history, metrics)

    Returns
    -------
    dict of str to dict
        Title of the group and its cases.
    """
    most = {}
    for _, known in cases.values():
        most[_range(known)] = max(most.get(_range(known), 0), known["weights"])
    groups = {}
    for model, (log, known) in cases.items():
        small = known["weights"] < 0.9 * most[_range(known)]
        title = f"{_range(known)}, smaller networks" if small else _range(known)
        groups.setdefault(title, {})[model] = log, known
    return groups


def _range(known):
    """What a model was trained on: the range of scales, else the parameters; more of them named.

    Scales are in half-widths.
    """
    names = [labels_.symbol(name) for name in known["parameters"]]
    pair = known.get("ranges", {}).get("scale")
    more = [name for name in names if name not in ("A", "e", "θ")]
    if not pair:
        return ", ".join(names)
    low, high = (end / known.get("half_width", 1.0) for end in pair)
    return ", ".join([f"A {low:g} to {high:g}", *more])


@style.drawn
def trend(cases, *, summary: Table | None = None, synthetic: bool) -> Figure:
    """Dispersions and failed angles of every model over the epochs.

    Parameters
    ----------
    cases : dict of str to (history, metrics)
        By model; of the validation side.
    summary : Table, optional
        ``model``, ``parameter`` and ``published``: the article's dispersions, drawn as lines.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
        A row a quantity, a column a group of models. Circles: epochs whose weights predict.
    """
    groups = groups_of(cases)
    kinds = kinds_of(log for log, _ in cases.values())
    most = max(map(len, groups.values()))
    size = max(6.4, 3.5 * len(groups) + 0.4), 1.9 * len(kinds) + 0.17 * most + 1.3
    title = "Errors of the validation images, epoch by epoch"
    figure = style.figure(*size, title=title, synthetic=synthetic)
    panels = figure.subplots(len(kinds), len(groups), squeeze=False, sharex="col")
    printed = _printed(None if summary is None else labels_.with_half_widths(summary))
    for column, (title, members) in zip(panels.T, groups.items(), strict=True):
        looks = labels_.looks(members)
        for axes, (kind, text) in zip(column, kinds.items(), strict=True):
            _quantity(axes, members, kind, looks, printed)
            axes.set_ylabel(text)
        shown = [axes for axes in column if axes.axison]
        shown[0].set_title(title)
        shown[-1].set_xlabel("Epoch")
        handles = [
            Line2D([], [], label=_ended(model, log), **_line(looks[model], 9))
            for model, (log, _) in members.items()
        ]
        place = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.27), "ncols": 1}
        column[-1].legend(handles=handles, **place)
    point = {"marker": "o", "mfc": "white", "mec": SOFT, "ms": 5, "ls": "none"}
    handles = [Line2D([], [], label="epoch whose weights predict", **point)]
    if printed:
        handles.append(Line2D([], [], label="as the article prints", **_PRINTED))
    style.below(figure, handles, ncols=2)
    return figure


def _ended(model, log):
    """A model's name, and whether its training ended too early."""
    falling = convergence.still_falling(numbers(log["val_loss"]))
    return f"{model}: loss still falling, not converged" if falling else model


def _printed(summary):
    """The article's dispersions: (model, column of the history) -> number."""
    if summary is None:
        return {}
    columns = (texts(summary["model"]), texts(summary["parameter"]), summary["published"])
    return {
        (model, f"sigma_{name}"): number(value)
        for model, name, value in zip(*columns, strict=True)
        if np.isfinite(number(value))
    }


def _quantity(axes, members, kind, looks, printed):
    """One quantity of one group of models."""
    factor = 100 if kind == "failed" else 1
    for model, (log, known) in members.items():
        if kind in log.colnames:
            values = factor * _values(log, kind, known)
            _epochs(axes, numbers(log["epoch"]), values, looks[model], known.get("chosen_epoch"))
    if not len(axes.lines):
        axes.set_axis_off()
        return
    for value in {printed[model, kind] for model in members if (model, kind) in printed}:
        axes.axhline(value, zorder=1, **_PRINTED)
        axes.dataLim.update_from_data_y([value], ignore=False)
    _logarithmic(axes)
    if kind == "failed":
        axes.set_yscale("linear")
        axes.set_ylim(0, max(1.08 * axes.dataLim.y1, 1e-3))
        axes.yaxis.set_major_locator(MaxNLocator(4))


def _epochs(axes, epoch, values, look, chosen):
    axes.plot(epoch, values, **_line(look, len(epoch)))
    found = np.flatnonzero(epoch == chosen) if chosen is not None else []
    if len(found):
        _point(axes, epoch[found[0]], values[found[0]], look)
