"""The cases ranked over seeds, and for each pair who beats whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import matplotlib
import numpy as np

from skyloom.arms.tng import ensemble as scores
from skyloom.draw import style
from skyloom.judge.metrics import pearson_r

if TYPE_CHECKING:
    from astropy.table import Table
    from matplotlib.figure import Figure


@style.drawn
def ensemble(table: Table, pairs: Table, members: Sequence[Table], *, synthetic: bool) -> Figure:
    """Correlations of every seed with the ranks they leave open, beside all pairs.

    Parameters
    ----------
    table, pairs : Table
        As `skyloom.arms.tng.ensemble.summarise` makes them.
    members : sequence of Table
        Members' predictions of each case, in the order of `table`.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
    """
    order = np.argsort(np.asarray(table["rank"]))
    rows = table[order]
    settled = int(np.sum(pairs["resolved"]))
    title = (
        f"{len(rows)} cases over {int(rows['members'][0])} seeds: {settled} of {len(pairs)} pairs "
        f"are settled ({int(rows['n_test'][0])} test images, {int(rows['n_groups'][0])} groups)"
    )
    height = max(3.8, 0.42 * len(rows) + 2.0)
    figure = style.figure(11.5, height, title=title, synthetic=synthetic)
    axes, side, matrix = figure.subplots(1, 3, width_ratios=(2.6, 0.75, 2.4))
    for position, (row, number) in enumerate(zip(rows, order, strict=True)):
        _case(axes, position, row, scores.read_test(members[number], str(row["case"])))
    labels = [style.variant_label(str(case)) for case in rows["case"]]
    axes.set_yticks(range(len(rows)), labels)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(axis="x", **style.GRID)
    level = 100 * float(table.meta["level"])
    axes.set_xlabel(f"Pearson r of true and predicted log$_{{10}}$ sSFR, {level:g} % intervals")
    handles, names = axes.get_legend_handles_labels()
    unique = dict(zip(names, handles, strict=True))
    legend = figure.legend(unique.values(), unique.keys(), loc="outside lower left", ncols=5)
    # Colours are the cases'; what a mark means is the same in all.
    for handle in legend.legend_handles:
        handle.set_color(style.SOFT)
    _ranks(side, rows)
    _pairs(figure, matrix, rows, pairs, labels)
    return figure


def _case(axes, position, row, test):
    colour = style.variant_colour(str(row["case"]))
    single = [pearson_r(test.true, predicted) for predicted in test.predicted]
    place = np.full(len(single), position - 0.28)
    axes.scatter(single, place, s=9, color=colour, alpha=0.75, lw=0, label="one training")
    if np.ma.is_masked(row["r"]):
        axes.text(0.0, position, "r undefined: constant prediction", fontsize=8, va="center")
        return
    for low, high, width, label in (
        ("galaxies_low", "galaxies_high", 4.5, "interval of the galaxies alone"),
        ("r_low", "r_high", 1.2, "of galaxies and seeds"),
    ):
        if np.ma.is_masked(row[low]):
            continue
        faint = 0.35 if width > 2 else 1.0
        ends = [float(row[low]), float(row[high])]
        axes.plot(ends, [position] * 2, color=colour, lw=width, alpha=faint, label=label)
    look = {"s": 42, "color": colour, "zorder": 4, "edgecolors": "white", "linewidths": 0.6}
    axes.scatter(float(row["r"]), position, label="mean over the seeds", **look)
    if not np.ma.is_masked(row["average_r"]):
        look = {"s": 22, "marker": "D", "color": colour, "linewidths": 1.2}
        value = float(row["average_r"])
        axes.scatter(value, position + 0.28, label="of the seeds' mean prediction", **look)


def _ranks(axes, rows):
    """Beside each case: the ranks that it may have, and how often it is the best."""
    axes.set_axis_off()
    axes.set(xlim=(0, 1), ylim=(len(rows) - 0.4, -0.6))
    axes.set_title("Rank      Best", fontsize=8.5)
    for position, row in enumerate(rows):
        low, high = int(row["rank_low"]), int(row["rank_high"])
        span = f"{low}" if low == high else f"{low}–{high}"
        weight = "bold" if low == high else "normal"
        place = {"ha": "center", "va": "center", "fontsize": 8}
        axes.text(0.27, position, span, weight=weight, **place)
        axes.text(0.75, position, f"{100 * float(row['best']):.0f} %", **place)


def _pairs(figure, axes, rows, pairs, labels):
    place = {str(case): number for number, case in enumerate(rows["case"])}
    values = np.full((len(rows), len(rows)), np.nan)
    for row in pairs:
        a, b = place[str(row["a"])], place[str(row["b"])]
        # In the order of the ranks: each pair once, the better one in the row.
        first, second = min(a, b), max(a, b)
        if np.ma.is_masked(row["probability"]):
            continue
        chance = float(row["probability"])
        values[first, second] = chance if first == a else 1 - chance
        if row["resolved"]:
            look = {"s": 13, "color": "white", "lw": 0.6, "edgecolors": "black", "zorder": 3}
            axes.scatter(second - 1, first + 0.3, **look)
    # The best is no column, the last no row.
    values = values[:-1, 1:] if len(rows) > 1 else values
    cmap = matplotlib.colormaps["cividis"].with_extremes(bad="white")
    image = axes.imshow(values, cmap=cmap, vmin=0.5, vmax=1, origin="upper", aspect="auto")
    for (first, second), chance in np.ndenumerate(values):
        if np.isfinite(chance):
            colour = "black" if chance > 0.8 else "white"
            text = ">99" if chance > 0.99 else f"{100 * chance:.0f}"
            look = {"ha": "center", "va": "center", "fontsize": 7, "color": colour}
            axes.text(second, first, text, **look)
    turned = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
    axes.set_xticks(range(values.shape[1]), labels[-values.shape[1] :], **turned)
    axes.set_yticks(range(values.shape[0]), labels[: values.shape[0]])
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(length=0)
    axes.set_title("Probability that the row beats the column [%]\ndot: settled", fontsize=8.5)
    bar = figure.colorbar(image, ax=axes, fraction=0.05, pad=0.02)
    bar.set_ticks([0.5, 0.75, 1.0], labels=["50", "75", "100"])
    bar.set_label("Probability [%]", fontsize=8)
