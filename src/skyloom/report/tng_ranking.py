"""What the run says to the question of the tng arm: the cases ranked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skyloom.arms.registry import ARMS
from skyloom.draw import style
from skyloom.io import columns
from skyloom.io.files import read_table
from skyloom.report import convergence, page, published, wording

if TYPE_CHECKING:
    from astropy.table import Table

TITLE, QUESTION = ARMS["tng"].title, ARMS["tng"].question
_COLUMNS = {
    "mae": "Mean error / dex",
    "rmse": "RMS error / dex",
    "shuffled_r": "r, shuffled labels",
    "linear_r": "r, regression on the images' totals",
}


def section(folder: Path):
    """The first section: the question, the answer, the ranking, and the findings of the thesis.

    Parameters
    ----------
    folder : Path
        ``results/<run>/tng``.

    Returns
    -------
    Section or None
        None where the arm was not run.
    """
    if (tables := _tables(folder)) is None:
        return None
    summary, pairs = tables
    return page.Section(
        "ranking",
        "The ten cases" if len(summary) == 10 else "The cases",
        [
            page.answer(
                QUESTION,
                *sentences(summary, pairs),
                *accidental(summary),
                *convergence.unfinished(
                    folder, summary["variant"], loss="test_loss", called=style.variant_label
                ),
            ),
            page.facts(_facts(summary, pairs)),
            page.figure(folder, "tng.ranking"),
            page.figure(folder, "tng.halves"),
            _table(summary, pairs),
            *published.part(folder),
        ],
    )


def accidental(summary: Table) -> list[str]:
    """Which cases show the accident of where cells lie rather than the galaxy, in a sentence.

    Parameters
    ----------
    summary : Table
        With ``half_r`` and its interval; one without says nothing.

    Returns
    -------
    list of str
        One sentence; none where no case's interval lies below one half.
    """
    if "half_high" not in summary.colnames:
        return []
    shown = summary[columns.numbers(summary["half_high"]) < 0.5]
    if not len(shown):
        return []
    cases = ", ".join(
        f"{style.variant_label(str(row['variant']))} ({float(row['half_r']):.2f})" for row in shown
    )
    return [
        f"Two halves of a galaxy's cells look little alike in {cases}: such a picture is more of "
        "where cells happen to lie than of the galaxy."
    ]


def lead(folder):
    """The answer in one sentence, for the head of the page; None where the arm was not run."""
    tables = _tables(folder)
    return None if tables is None else sentences(*tables)[0]


def _tables(folder):
    """The cases by rank, and their differences; None where the arm was not run."""
    path = folder / "evaluation" / "summary.ecsv"
    if not path.is_file():
        return None
    summary = read_table(path, need=("variant", "r", "r_low", "r_high", "rank", "linear_maps_r"))
    pairs = read_table(folder / "evaluation" / "differences.ecsv", need=("a", "b", "low", "high"))
    return summary[np.argsort(np.asarray(summary["rank"]), kind="stable")], pairs


def sentences(summary: Table, pairs: Table) -> list[str]:
    """What the ranking says, and what it does not, computed from the tables.

    Parameters
    ----------
    summary : Table
        Sorted by rank.
    pairs : Table
        Differences of r of all pairs of cases, with intervals.

    Returns
    -------
    list of str
        The first alone is the answer.
    """
    best = summary[0]
    if np.ma.is_masked(best["r"]):
        why = (
            "every network predicts the same for all galaxies"
            if int(best["n_test"]) > 1
            else "the test side is too small"
        )
        return [f"No case has a correlation: {why}."]
    name = style.variant_label(str(best["variant"]))
    level = _level(summary)
    place = f"ranks first of {len(summary)} cases" if len(summary) > 1 else "is the only case"
    first = (
        f"{name} {place}: predicted and true sSFR correlate with r = "
        f"{wording.bracketed(best, 'r')} on {wording.counted(int(best['n_test']), 'test image')} "
        f"of {wording.counted(int(best['n_groups']), 'group')} of related galaxies "
        f"({level:g} % interval)"
    )
    tied, told, unknown = _against_best(str(best["variant"]), pairs)
    if tied:
        first += f", but its lead over {_named(tied)} is within the scatter"
    elif told:
        which = "every other case" if not unknown else "every other case with a correlation"
        first += f", and {which} is significantly below it"
    said = [f"{first}."]
    if tied and told:
        said.append(f"Below it beyond that scatter: {_named(told)}.")
    if unknown:
        said.append(f"Nothing can be said of {_named(unknown)}: the difference has no interval.")
    said += [_resolved(pairs, level)] if len(pairs) else []
    return [*said, *_controls(best)]


def _level(table):
    return 100 * float(table.meta.get("level", 0.95))


def _excludes_zero(row):
    if np.ma.is_masked(row["low"]) or np.ma.is_masked(row["high"]):
        return False
    return float(row["low"]) > 0 or float(row["high"]) < 0


def _against_best(best, pairs):
    """Cases that intervals do not tell from the best, those that they do, those without one."""
    tied, told, unknown = [], [], []
    for row in pairs:
        both = [str(row["a"]), str(row["b"])]
        if best in both:
            both.remove(best)
            known = not (np.ma.is_masked(row["low"]) or np.ma.is_masked(row["high"]))
            (told if _excludes_zero(row) else tied if known else unknown).append(both[0])
    return tied, told, unknown


def _named(variants):
    return wording.listed(map(style.variant_label, variants))


def _resolved(pairs, level):
    count = sum(_excludes_zero(row) for row in pairs)
    chance = len(pairs) * (1 - level / 100)
    plural = "s" if len(pairs) != 1 else ""
    return (
        f"Of {len(pairs)} pair{plural} of cases, {count or 'none'} "
        f"{'differs' if count == 1 else 'differ'} by more than the {level:g} % interval allows; "
        f"about {chance:.1f} would even if all were equally good. The intervals hold the scatter "
        "of galaxies, each case being trained once."
    )


def _controls(best):
    """The best network beside what has learnt nothing, and beside what needs no network."""
    parts = []
    if not np.ma.is_masked(best["shuffled_r"]):
        parts.append(
            "The same network trained on shuffled labels reaches "
            f"r = {float(best['shuffled_r']):.2f}."
        )
    if not (
        np.ma.is_masked(best["above_linear_maps"]) or np.ma.is_masked(best["above_linear_maps_low"])
    ):
        gain = [float(best[f"above_linear_maps{end}"]) for end in ("", "_low", "_high")]
        verdict = (
            "so the picture says more than its totals"
            if gain[1] > 0
            else "so the totals alone say more than the best network reads"
            if gain[2] < 0
            else "so nothing shows that the picture says more than its totals"
        )
        parts.append(
            "A linear regression on nothing but the total entropy, mass and temperature of the "
            f"maps reaches r = {float(best['linear_maps_r']):.2f}; the best network minus it is "
            f"{gain[0]:+.2f} [{gain[1]:+.2f}, {gain[2]:+.2f}], {verdict}."
        )
    parts += _decisive(best)
    return [" ".join(parts)] if parts else []


def _decisive(best):
    """Whether the best network reads brightness, profile or structure."""
    names = {"linear_maps": "brightness", "profile": "the radial profile"}
    if any(f"above_{name}_low" not in best.colnames for name in names):
        return []
    low = {name: best[f"above_{name}_low"] for name in names}
    if any(np.ma.is_masked(value) for value in low.values()):
        return []
    beaten = {name: float(value) > 0 for name, value in low.items()}
    reached = f"(ridge regression on it: r = {float(best['profile_r']):.2f})"
    if beaten["linear_maps"] and beaten["profile"]:
        return [
            "What decides is structure: the network is above brightness and above the radial "
            f"profile {reached}."
        ]
    if beaten["linear_maps"]:
        return [
            "What decides is the profile: the network is above brightness, and nothing shows that "
            f"it is above the radial profile of the same images {reached}."
        ]
    return [
        "What decides is brightness: nothing shows that the network reads more; the radial "
        f"profile of the same images {reached} is another thing that needs no network."
    ]


def _facts(summary, pairs):
    best = summary[0]
    count = sum(_excludes_zero(row) for row in pairs)
    shown = "undefined" if np.ma.is_masked(best["r"]) else f"{float(best['r']):.2f}"
    ends = "" if shown == "undefined" else wording.bracketed(best, "r").partition(" ")[2]
    maps = summary["linear_maps_r"][0]
    linear = page.MISSING if np.ma.is_masked(maps) else f"{float(maps):.2f}"
    return [
        (style.variant_label(str(best["variant"])), "ranks first", f"of {len(summary)} cases"),
        (shown, "its Pearson r", ends),
        (f"{count} of {len(pairs)}", "pairs of cases that differ", f"{_level(summary):g} %"),
        (linear, "r of a linear regression", "on the maps' totals"),
        (str(int(best["n_test"])), "test images", f"{int(best['n_groups'])} groups"),
    ]


def _table(summary, pairs):
    variants = [str(variant) for variant in summary["variant"]]
    return page.table(
        ("Case", list(map(style.variant_label, variants))),
        ("Rank", summary["rank"]),
        ("Pearson r", [wording.bracketed(row, "r") for row in summary]),
        *(
            (heading, summary[name], ".2f")
            for name, heading in _COLUMNS.items()
            if name in summary.colnames
        ),
        ("r minus the best", [_to_best(variant, variants[0], pairs) for variant in variants]),
        caption="The cases ranked. A case whose interval overlaps another's may still differ from "
        "it, because all cases see the same galaxies: the last column is the paired comparison, "
        "with a star where its interval excludes 0.",
    )


def _to_best(variant, best, pairs):
    if variant == best:
        return "best"
    for row in pairs:
        if {str(row["a"]), str(row["b"])} == {variant, best} and not np.ma.is_masked(row["low"]):
            value, low, high = (float(row[name]) for name in ("difference", "low", "high"))
            if str(row["a"]) == best:
                value, low, high = -value, -high, -low
            star = " *" if low > 0 or high < 0 else ""
            return f"{value:+.2f} [{low:+.2f}, {high:+.2f}]{star}"
    return "undefined"
