"""The report's section of the xmm arm."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skyloom.arms.registry import ARMS
from skyloom.io.columns import texts
from skyloom.io.files import read_json
from skyloom.judge import roc
from skyloom.report import calibration, convergence, page, published, wording

if TYPE_CHECKING:
    from astropy.table import Table

ARM = ARMS["xmm"]


def section(folder: Path):
    """What the arm asked and what this run says; None where it was not run.

    Parameters
    ----------
    folder : Path
        ``results/<run>/xmm``.

    Returns
    -------
    Section or None
    """
    summary = wording.maybe(folder / "evaluation" / "summary.ecsv")
    if summary is None:
        return None
    path = folder / "evaluation" / "statistics_auc.json"
    statistics = read_json(path)["auc"]["test"] if path.is_file() else None
    parts = [
        page.answer(
            ARM.question,
            *answer(summary, statistics),
            *convergence.unfinished(folder, texts(summary["experiment"])),
        ),
        _table(summary),
        page.figure(folder, "xmm.roc"),
        page.figure(folder, "xmm.calibration"),
        page.figure(folder, "xmm.stretches"),
        *_worst(folder, summary),
        *published.part(folder),
    ]
    return page.Section("xmm", ARM.title, parts)


def answer(summary: Table, statistics: dict | None) -> list[str]:
    """What the run says to the arm's question, in sentences.

    Parameters
    ----------
    summary : Table
        As `skyloom.arms.xmm.evaluation.summarise` makes it.
    statistics : dict or None
        ``auc``, ``low`` and ``high`` on the test side of a logistic regression on three numbers.

    Returns
    -------
    list of str
    """
    best = _best(summary)
    if best is None:
        return ["No experiment has an AUC: the test side lacks good images, or bad ones."]
    auc = _auc(best)
    name = best["experiment"]
    said = [
        f"The network of experiment {name} ranks a bad image above a good one with probability "
        f"{wording.interval(*auc)} (AUC on {int(best['test_images'])} test images, "
        f"{wording.level_of(summary)}): {_beyond_chance(auc)}."
    ]
    if len(summary) > 1:
        said.append(_rivals(summary, best))
    said.append(_caught(best, float(summary.meta.get("threshold", 0.5))))
    said.append(
        calibration.sentence(
            best,
            what="Its scores",
            fitted=f"{int(best['validation_images'])} validation images",
            judged=f"{int(best['test_images'])} images",
        )
    )
    if statistics:
        said.append(_plainer(auc, statistics))
    return [*said, wording.OTHER_SEED]


def _best(summary):
    """The row with the largest AUC; None where none has one."""
    values = wording.column(summary, "test_auc")
    return summary[int(np.nanargmax(values))] if np.isfinite(values).any() else None


def _auc(row):
    return wording.estimate(row, "test_auc")


def _beyond_chance(auc):
    _, low, high = auc
    if not np.isfinite(low):
        return "it has no interval, so this run does not show that it is better than chance"
    if not roc.told_from_chance(low, high):
        return (
            "the interval includes 0.5, so it cannot be told from chance: this run does not show "
            "that it is better than chance"
        )
    if low > 0.5:
        return "it has learnt to tell them apart, for chance would be 0.5"
    return "worse than chance, which would be 0.5"


def _rivals(summary, best):
    """Which of the other experiments the test side cannot tell from the best."""
    low = _auc(best)[1]
    others = [row for row in summary if row["experiment"] != best["experiment"]]
    # What has no interval is not told from the best either.
    near = [str(row["experiment"]) for row in others if not _auc(row)[2] < low]
    if not near:
        return f"The intervals of the {len(others)} other experiments lie below its own."
    return (
        f"The intervals of {len(near)} of the {len(others)} other experiments "
        f"({wording.listed(near[:5])}{' and others' if len(near) > 5 else ''}) do not lie below "
        "its own: the choice between these is not resolved."
    )


def _caught(row, threshold):
    bad, missed = int(row["test_bad"]), int(row["test_missed"])
    good = int(row["test_images"]) - bad
    said = (
        f"At a threshold of {threshold:g} it finds {bad - missed} of {bad} bad test images and "
        f"calls {int(row['test_false_alarms'])} of {good} good ones bad."
    )
    if int(row["test_false_alarms"]) + bad - missed in (0, bad + good):
        said += " It gives all images the same answer there, whatever its accuracy says."
    return said


def _plainer(auc, statistics):
    """Beside three numbers an image and a straight line."""
    plain = (statistics["auc"], statistics["low"], statistics["high"])
    told = (
        "A logistic regression on standard deviation, skewness and kurtosis of the image alone "
        f"reaches {wording.interval(*plain)}"
    )
    if auc[1] > plain[2]:
        return f"{told}, less than the network."
    if plain[1] > auc[2]:
        return f"{told}, more than the network: three numbers an image do better."
    return (
        f"{told}; the intervals overlap, and the test side alone does not settle which is better."
    )


def _table(summary):
    auc, accuracy, bad, images = (
        wording.column(summary, f"test_{name}") for name in ("auc", "accuracy", "bad", "images")
    )
    return page.table(
        ("Experiment", texts(summary["experiment"])),
        ("Dataset", texts(summary["dataset"])),
        ("Network", texts(summary["architecture"])),
        ("AUC", auc, ".2f"),
        (wording.level_of(summary), [wording.ends(*_auc(row)[1:]) for row in summary]),
        ("Accuracy", accuracy, ".2f"),
        ("Accuracy of always saying good", 1 - bad / images, ".2f"),
        ("Bad images missed", summary["test_missed"]),
        ("Good ones called bad", summary["test_false_alarms"]),
        *calibration.columns(summary),
        caption="The test side",
    )


def _worst(folder, summary):
    """The surest mistakes of the best experiment."""
    row = _best(summary)
    best = "" if row is None else str(row["experiment"])
    if not (folder / "figures" / "worst" / f"{best}.png").is_file():
        return []
    title = page.heading(f"The worst mistakes of experiment {best}")
    return [title, page.figure(folder, "xmm.worst", f"worst/{best}")]
