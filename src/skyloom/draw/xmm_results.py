"""What the networks of the xmm arm say about images, and how their training went."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import MaxNLocator

from skyloom.arms.xmm.classes import CLASSES, FIRST_BAD
from skyloom.draw import style
from skyloom.io.columns import where
from skyloom.judge import roc as receiver

if TYPE_CHECKING:
    from astropy.table import Table
    from matplotlib.figure import Figure

_COLOURS = (style.BLUE, style.ORANGE, style.GREEN, style.PINK, style.GOLD, style.SKY, style.BLACK)
_GROUPS = {
    "3": "Table 3: sizes of the filters",
    "4": "Table 4: intervals and stretches",
    "5": "Table 5: against overfitting",
    "6": "Table 6: architectures",
    "7": "Table 7: less rebinning",
    "": "Not in the document",
}
_SIDES = {
    "test": "Test side",
    "validation": "As published: validation side",
    "train": "As published: training side",
}


@style.drawn
def roc(predictions: Sequence[Table], summary: Table, *, synthetic: bool) -> Figure:
    """ROC of every network, grouped as the document's tables (figures 19 and 21).

    Parameters
    ----------
    predictions : sequence of Table
        One a row of the summary.
    summary : Table
        With the AUC of both sides and its interval.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
        Upper row: the test side. Lower: the validation side, as published.
    """
    groups = {}
    for number, row in enumerate(summary):
        table = row["table"]
        key = "" if np.ma.is_masked(table) else str(table)
        groups.setdefault(key, []).append(number)
    groups = dict(sorted(groups.items(), key=lambda item: (item[0] == "", item[0])))
    level = 100 * float(summary.meta["level"])
    images = int(summary["test_images"][0])
    title = f"Bad images found at every threshold ({images} test images)"
    most = max(map(len, groups.values()))
    width, height = 3.7 * len(groups) + 0.6, 2 * (3.6 + 0.14 * most) + 0.6
    figure = style.figure(max(5.4, width), height, title=title, synthetic=synthetic)
    grid = figure.subplots(2, len(groups), squeeze=False)
    for line, side in zip(grid, ("test", "validation"), strict=True):
        for axes, (key, members) in zip(line, groups.items(), strict=True):
            for colour, number in zip(_cycle(len(members)), members, strict=True):
                _curve(axes, predictions[number], summary[number], side, colour)
            _square(axes)
            axes.set_title(f"{_GROUPS.get(key, f'Table {key}')}\n{_SIDES[side]}", fontsize=8.5)
            axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), fontsize=7.5)
    figure.supxlabel(
        f"AUC with its {level:g} % interval. The validation side also chose the epoch.",
        fontsize=7.5,
        color=style.SOFT,
    )
    return figure


def _cycle(count):
    return [_COLOURS[number % len(_COLOURS)] for number in range(count)]


def _curve(axes, table, row, side, colour):
    here = where(table, part=side)
    name, area = str(row["experiment"]), row[f"{side}_auc"]
    if np.ma.is_masked(area):
        axes.plot([], [], color=colour, label=f"{name}: undefined, one kind only")
        return
    found = receiver.curve(np.asarray(here["bad"]), np.asarray(here["score"]))
    low, high = row[f"{side}_auc_low"], row[f"{side}_auc_high"]
    interval = "" if np.ma.is_masked(low) else f" [{low:.3f}, {high:.3f}]"
    doubt = "" if receiver.told_from_chance(low, high) else "\ncannot be told from chance"
    axes.plot(
        found.false_positive_rate,
        found.true_positive_rate,
        color=colour,
        label=f"{name}: {area:.3f}{interval}{doubt}",
    )


def _square(axes):
    axes.plot([0, 1], [0, 1], color=style.GREY, lw=0.8, ls="--")
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal")
    axes.set_xlabel("Good images called bad (rate)")
    axes.set_ylabel("Bad images called bad (rate)")
    axes.grid(**style.GRID)


@style.drawn
def histograms(table: Table, *, threshold: float, synthetic: bool) -> Figure:
    """Scores of each OBS_CLASS, right and wrong ones apart (figure 24).

    Parameters
    ----------
    table : Table
        Predictions of one network.
    threshold : float
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
        Upper row: the test side. Lower: the training side, as published.
    """
    name = table.meta["experiment"]
    title = f"Scores of each OBS_CLASS, experiment {name}"
    figure = style.figure(12.6, 5.4, title=title, synthetic=synthetic)
    grid = figure.subplots(2, len(CLASSES), squeeze=False)
    for line, side in zip(grid, ("test", "train"), strict=True):
        here = where(table, part=side)
        for axes, kind in zip(line, CLASSES, strict=True):
            _scores(axes, here[np.asarray(here["obs_class"]) == kind], kind, threshold)
        line[0].set_ylabel(f"{_SIDES[side]}\nImages".replace(": ", ":\n"))
        for axes in line:
            axes.set_xlabel("Score" if side == "test" else "Score (probability of bad)")
    handles, labels = grid[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return figure


def _scores(axes, rows, kind, threshold):
    score, bad = np.asarray(rows["score"], dtype=float), kind >= FIRST_BAD
    wrong = (score > threshold) != bad
    bins = np.linspace(0, 1, 21)
    axes.hist(score[~wrong], bins, color=style.BLUE, label="right")
    axes.hist(score[wrong], bins, color=style.RED, label="wrong")
    axes.axvline(threshold, color=style.BLACK, lw=0.8, ls="--", label=f"threshold {threshold:g}")
    axes.set_xlim(0, 1)
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    share = f"{100 * wrong.mean():.1f} %" if len(score) else "none"
    quality = "bad" if bad else "good"
    axes.set_title(
        f"OBS_CLASS {kind} ({quality})\n{wrong.sum()} of {len(score)} wrong: {share}", fontsize=8.5
    )
    if not len(score):
        axes.set_ylim(0, 1)
        axes.set_yticks([])


@style.drawn
def worst(groups, images, *, experiment, dataset, synthetic):
    """The most confident wrong answers as images, as the network receives them.

    Parameters
    ----------
    groups : (missed, false alarms)
        Tables of id, obs_class and score, worst first.
    images : (list, list)
        Their (H, W) images, 0 to 1.
    experiment, dataset : str
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
        Upper part: bad images called good. Lower: good ones called bad.

    Notes
    -----
    The document calls a good image positive: its 'false negatives' are good images called bad.
    """
    size, columns, gap, left = 1.62, 6, 0.05, 0.42
    lines = [max(1, -(-len(group) // columns)) for group in groups]
    width = left + columns * (size + gap) + gap
    height = sum(lines) * (size + gap) + gap + 0.55
    title = f"Worst answers of the test side, experiment {experiment} ({dataset})"
    options = {"title": title, "synthetic": synthetic, "arranged": False}
    figure = style.figure(width, height, **options)
    panels = style.panels(figure, sum(lines), columns, size=size, left=left, gap=gap)
    style.hide(panels)
    first = 0
    names = ("Bad, called good", "Good, called bad")
    for group, pixels, line, name in zip(groups, images, lines, names, strict=True):
        here = panels[first * columns : (first + line) * columns]
        for axes, row, image in zip(here, group, pixels, strict=False):
            axes.set_axis_on()
            style.bare(axes)
            axes.imshow(image, cmap="magma", vmin=0, vmax=max(float(np.max(image)), 1e-12))
            text = f"{row['id']}\nOBS_CLASS {row['obs_class']}, score {row['score']:.4f}"
            style.image_label(axes, text, size=7)
        if not len(group):
            here[0].text(0.05, 0.5, "none", transform=here[0].transAxes, va="center")
        middle = gap + (sum(lines) - first - line / 2) * (size + gap)
        figure.text(0.17 / width, middle / height, name, rotation=90, va="center", ha="center")
        first += line
    return figure
