"""Beyond the thesis: other seeds, the same galaxies on both sides, where networks look."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skyloom.draw import style
from skyloom.io.files import read_table
from skyloom.report import page, wording

if TYPE_CHECKING:
    from astropy.table import Table

_COMPARISONS = {
    "own_test": "each on its own test images",
    "same_test": "on the same test images",
}


def sections(folder: Path, parts: list[str]):
    """Sections on ensembles, leakage and attention, as far as the run has them.

    Parameters
    ----------
    folder : Path
        ``results/<run>/tng``.
    parts : list of str
        ``ensemble``, ``leakage``, ``attention``: what the configuration asks for.

    Returns
    -------
    list of Section
    """
    makers = {"ensemble": _ensemble, "leakage": _leakage, "attention": _attention}
    return [makers[name](folder) for name in makers if name in parts]


def _ensemble(folder):
    need = ("case", "members", "r", "r_low", "r_high", "rank_low", "rank_high", "best")
    cases = read_table(folder / "evaluation" / "ensemble.ecsv", need=need)
    pairs = read_table(
        folder / "evaluation" / "ensemble_pairs.ecsv", need=("a", "b", "probability", "resolved")
    )
    cases = cases[np.argsort(np.asarray(cases["rank"]), kind="stable")]
    return page.Section(
        "ensemble",
        "Does the order survive another seed?",
        [
            page.answer(
                "Does mass really beat temperature, or would another training turn them round?",
                *ensemble_sentences(cases, pairs),
            ),
            page.figure(folder, "tng.ensemble"),
            page.table(
                ("Case", list(map(style.variant_label, map(str, cases["case"])))),
                (
                    "Pearson r, seeds and galaxies",
                    [wording.bracketed(row, "r") for row in cases],
                ),
                ("Scatter over seeds", cases["seed_std"], ".3f"),
                ("Ranks left open", [f"{row['rank_low']} to {row['rank_high']}" for row in cases]),
                ("Probability of being best", cases["best"], ".2f"),
                caption="Every case over all seeds.",
            ),
        ],
    )


def ensemble_sentences(cases: Table, pairs: Table):
    """What an ensemble says of the order of cases.

    Parameters
    ----------
    cases, pairs : Table
        As `skyloom.arms.tng.ensemble` makes them; `cases` sorted by rank.
    """
    best = cases[0]
    said = [
        f"Over {int(best['members'])} seeds {style.variant_label(str(best['case']))} is best with "
        f"probability {float(best['best']):.2f} (r = {wording.bracketed(best, 'r')}); all pairs "
        f"together leave it the ranks {best['rank_low']} to {best['rank_high']} of {len(cases)}."
    ]
    for row in pairs:
        names = [str(row["a"]), str(row["b"])]
        if set(names) == {"mass", "temperature"} and not np.ma.is_masked(row["probability"]):
            chance = float(row["probability"])
            chance = chance if names[0] == "mass" else 1 - chance
            settled = "which is settled" if bool(row["resolved"]) else "which is not settled"
            said.append(
                f"Mass beats temperature with probability {chance:.2f}, {settled} with all pairs "
                "taken together."
            )
    count = int(np.sum(np.asarray(pairs["resolved"], dtype=bool)))
    said.append(f"The order of {count or 'none'} of {len(pairs)} pairs is settled.")
    return said


def _leakage(folder):
    rows = read_table(
        folder / "evaluation" / "leakage.ecsv",
        need=("case", "comparison", "r_clean", "r_leaky", "r_difference", "siblings_leaky"),
    )
    return page.Section(
        "leakage",
        "How much does leakage flatter?",
        [
            page.answer(
                "What does a network gain where the same galaxy, in another snapshot, is on the "
                "training side?",
                *leakage_sentences(rows),
            ),
            page.figure(folder, "tng.leakage"),
        ],
    )


def leakage_sentences(rows):
    """What the comparisons of `skyloom.arms.tng.leakage` say, one sentence each."""
    said = []
    for row in rows:
        if np.ma.is_masked(row["r_difference"]):
            continue
        where = _COMPARISONS.get(str(row["comparison"]), str(row["comparison"]))
        low, high = row["r_difference_low"], row["r_difference_high"]
        known = not (np.ma.is_masked(low) or np.ma.is_masked(high))
        verdict = (
            "a gain beyond the scatter"
            if known and float(low) > 0
            else "a loss beyond the scatter"
            if known and float(high) < 0
            else "within the scatter"
        )
        said.append(
            f"{style.variant_label(str(row['case']))}, {where}: r = {float(row['r_leaky']):.2f} "
            f"with relatives on the training side ({int(row['siblings_leaky'])} of "
            f"{int(row['n_leaky'])} test images have one), {float(row['r_clean']):.2f} without; "
            f"the difference {wording.bracketed(row, 'r_difference', '+.2f')} is {verdict}."
        )
    return said or ["No comparison has a correlation that is defined."]


def _attention(folder):
    table = read_table(folder / "evaluation" / "attention.ecsv", need=("case",))
    cases = list(dict.fromkeys(str(name) for name in table["case"]))
    pictures = [page.figure(folder, "tng.attention", f"attention/{case}") for case in cases]
    columns = [
        (
            name.replace("_", " ").capitalize(),
            table[name],
            ".3f" if table[name].dtype.kind == "f" else "",
        )
        for name in table.colnames
    ]
    return page.Section(
        "attention",
        "Where does a network look?",
        [
            page.answer(
                "Which parts of an image raise and lower a prediction, and does the answer know "
                "anything that was learnt?",
                "The pictures weigh each place of the last convolution by what the trained head "
                "makes of it; the table says how much of that lies on gas, and how like the maps "
                "of untrained heads it is. A place is 16 pixels wide and saw 196: no finer "
                "statement is possible.",
            ),
            *pictures,
            page.details(
                "The numbers",
                page.table(
                    *columns, caption="Shares of attention and likeness to untrained heads."
                ),
            ),
        ],
    )
