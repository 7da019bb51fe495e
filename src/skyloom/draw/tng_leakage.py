"""What it does to a correlation when the same galaxies are on both sides of the split."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from skyloom.arms.tng.leakage import per_seed
from skyloom.draw import style

if TYPE_CHECKING:
    from astropy.table import Table
    from matplotlib.figure import Figure


_TITLES = {
    "own_test": "Each split on its own test side",
    "same_test": "The same test images",
}
_SIDES = {
    "own_test": ("split by\nlineage", "random\nsplit"),
    "same_test": ("galaxies\nnever seen", "siblings among\ntraining images"),
}


@style.drawn
def leakage(table: Table, members: Table, *, synthetic: bool) -> Figure:
    """Correlation of every seed without and with leakage, both comparisons of each case.

    Parameters
    ----------
    table, members : Table
        As `skyloom.arms.tng.leakage.measure` makes them.
    synthetic : bool

    Returns
    -------
    matplotlib.figure.Figure
    """
    cases = list(dict.fromkeys(map(str, table["case"])))
    kinds = [name for name in _TITLES if name in set(map(str, table["comparison"]))]
    title = "What it does to learn from the galaxies that are tested"
    size = 3.3 * len(cases) + 0.9
    figure = style.figure(max(7.2, 3.9 * len(kinds)), size, title=title, synthetic=synthetic)
    panels = figure.subplots(len(cases), len(kinds), squeeze=False, sharey=True)
    for line, case in zip(panels, cases, strict=True):
        for axes, kind in zip(line, kinds, strict=True):
            chosen = (table["case"] == case) & (table["comparison"] == kind)
            if np.any(chosen):
                _panel(axes, kind, case, table[chosen][0], members[members["case"] == case])
            else:
                axes.set_axis_off()
        line[0].set_ylabel("Pearson r of true and predicted log$_{10}$ sSFR")
    level = 100 * float(table.meta["level"])
    note = (
        f"Small: one training, the same seed joined. Large: mean over seeds, {level:g} % interval."
    )
    figure.supxlabel(note, fontsize=8, color=style.SOFT)
    return figure


def _panel(axes, kind, case, row, members):
    colour = style.variant_colour(case)
    clean, leaky = per_seed(members, kind)
    for pair in zip(clean, leaky, strict=True):
        axes.plot([0.12, 0.88], pair, "-", color=style.FAINT, lw=0.9, zorder=1)
        axes.plot([0.12, 0.88], pair, "o", color=colour, ms=3.5, alpha=0.75, zorder=2)
    for x, side in ((-0.08, "clean"), (1.08, "leaky")):
        if np.ma.is_masked(row[f"r_{side}"]):
            continue
        # One group has a value and no interval.
        value, *ends = (row[f"r_{side}{end}"] for end in ("", "_low", "_high"))
        error = style.bars(value, *ends)
        axes.errorbar(x, value, yerr=error, fmt="o", ms=8, color=colour, lw=1.6, capsize=0)
    axes.set_xticks([0, 1], _SIDES[kind])
    axes.set_xlim(-0.45, 1.45)
    axes.grid(axis="y", **style.GRID)
    values = [row[f"r_difference{end}"] for end in ("", "_low", "_high")]
    text = "difference undefined"
    if not np.any([np.ma.is_masked(value) for value in values]):
        value, low, high = map(float, values)
        # Test sides of one's own differ by chance too.
        what = "leakage" if kind == "same_test" else "difference"
        text = style.signed(f"{what}: {value:+.2f} [{low:+.2f}, {high:+.2f}]")
    counts = (
        f"{int(row['siblings_clean'])} of {int(row['n_clean'])} → "
        f"{int(row['siblings_leaky'])} of {int(row['n_leaky'])} test images with a sibling"
    )
    heading = f"{style.variant_label(case)}. {_TITLES[kind]}\n{text}\n{counts}"
    axes.set_title(heading, fontsize=8.5)
