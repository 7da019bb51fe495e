"""The report's section of the sdss arm."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skyloom.arms.registry import ARMS
from skyloom.arms.sdss.classical import METHODS
from skyloom.draw import sdss_labels as names
from skyloom.io.columns import number, texts
from skyloom.io.files import read_json
from skyloom.judge import bootstrap
from skyloom.report import calibration, convergence, page, published, wording

if TYPE_CHECKING:
    from astropy.table import Table

ARM = ARMS["sdss"]
_AVERAGE = "average"
_METRICS = ("accuracy", "precision", "recall", "f1")
_MEANS = {
    "overall_accuracy": "Right answers",
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
}


def section(folder: Path):
    """What the arm asked and what this run says; None where it was not run.

    Parameters
    ----------
    folder : Path
        ``results/<run>/sdss``.

    Returns
    -------
    Section or None
    """
    summary = wording.maybe(folder / "evaluation" / "summary.ecsv")
    if summary is None:
        return None
    confusion = wording.maybe(folder / "evaluation" / "confusion.ecsv")
    predictions = wording.predictions(folder, summary)
    models = names.models_of(summary)
    sees = {model: _sees(folder, model) for model in models}
    parts = [
        page.answer(
            ARM.question,
            *answer(summary, confusion, predictions, sees),
            *beaten(wording.maybe(folder / "evaluation" / "classical.ecsv")),
            *convergence.unfinished(
                folder, models, called=lambda name: names.model_name(*models[name])
            ),
        ),
        page.figure(folder, "sdss.scores"),
        page.figure(folder, "sdss.classical"),
        page.figure(folder, "sdss.calibration"),
        _averages(summary),
        page.details("Every class as a table", _scores(summary)),
        *_confusions(folder, confusion),
        page.figure(folder, "sdss.redshifts"),
        page.figure(folder, "sdss.examples"),
        *published.part(folder),
    ]
    return page.Section("sdss", ARM.title, parts)


def beaten(table) -> list[str]:
    """Whether the best network is better than what needs none, a sentence a split.

    Parameters
    ----------
    table : Table or None
        As `skyloom.arms.sdss.classical.measure` makes it.

    Returns
    -------
    list of str
    """
    said = []
    for split in dict.fromkeys(texts(table["split"])) if table is not None else ():
        rows = [row for row in table if str(row["split"]) == split]
        methods = [row for row in rows if str(row["method"]) in METHODS]
        network = max(float(row["accuracy"]) for row in rows if row not in methods)
        best = max(methods, key=lambda row: float(row["accuracy"]))
        low, high = (number(best[f"against_{end}"]) for end in ("low", "high"))
        verdict = (
            "better than every network"
            if low > 0
            else "worse than the best network"
            if high < 0
            else "neither shown to be better nor worse than the best network"
        )
        said.append(
            f"On the split {names.split_name(split)} the {METHODS[str(best['method'])]} names "
            f"{float(best['accuracy']):.0%} rightly, the best network {network:.0%}: what needs no "
            f"network is {verdict}."
        )
    return said


def answer(
    summary: Table, confusion: Table | None, predictions: dict[str, Table], sees: dict[str, str]
) -> list[str]:
    """What the run says to the arm's question, in sentences.

    Parameters
    ----------
    summary : Table
        As `skyloom.arms.sdss.evaluation.summarise` makes it.
    confusion : Table or None
        As `skyloom.arms.sdss.evaluation.confusions` makes it.
    predictions : dict of str to Table
        By model; those of other networks are set beside the best one's, spectrum by spectrum.
    sees : dict of str to str
        By model, what it was given: 'sees a picture of 28 pixels'.

    Returns
    -------
    list of str
    """
    average = summary[texts(summary["class"]) == _AVERAGE]
    order = np.argsort(-wording.column(average, "overall_accuracy"), kind="stable")
    best = average[int(order[0])]
    level = float(summary.meta.get("level", 0.95))
    said = [
        f"{_name(best)}, which {sees[str(best['model'])]}, names "
        f"{wording.share(*wording.estimate(best, 'overall_accuracy'))} of "
        f"{names.counted(int(best['spectra']))} of the test side rightly "
        f"({wording.level_of(summary)}). {_hardest(summary, best)}"
    ]
    if confusion is not None:
        said[0] += f" {_mistake(confusion, best)}"
    for row in (average[int(place)] for place in order[1:5]):
        who = f"{_name(row)}, which {sees[str(row['model'])]}"
        said.append(f"{who}, names {_beside(best, row, predictions, level)}")
    if len(order) > 5:
        said.append(f"All {len(order)} networks are in the table below.")
    said.append(
        calibration.sentence(
            best,
            what=f"The probabilities of {_name(best)}",
            fitted=f"{np.ma.filled(best['validation_spectra'], 0):.0f} validation spectra",
            judged=names.counted(int(best["spectra"])),
        )
    )
    return [*said, wording.OTHER_SEED]


def _name(row):
    return names.model_name(str(row["network"]), str(row["split"]))


def _sees(folder, model):
    """What a network was given, as its metrics say."""
    path = folder / "models" / model / "metrics.json"
    variant = read_json(path).get("inputs", {}).get("variant", "") if path.is_file() else ""
    if variant == "spectra":
        return "sees the spectrum itself"
    size = variant.removeprefix("images_")
    return f"sees a picture of {size} pixels" if size.isdigit() else "sees a picture"


def _beside(best, row, predictions, level):
    """Another network beside the best one, on the same spectra where they have the same."""
    text = f"{wording.share(*wording.estimate(row, 'overall_accuracy'))} rightly"
    pair = [predictions.get(str(one["model"])) for one in (best, row)]
    low, high = lead(*pair, level=level) if None not in pair else (np.nan, np.nan)
    if not np.isfinite(low):
        return f"{text}, of other spectra."
    between = (
        f"{wording.fixed(100 * low, 1)} to {wording.fixed(100 * high, 1)} % of the same spectra"
    )
    if low > 0:
        return f"{text}: fewer, by {between}."
    return f"{text}: the difference, {between}, is not resolved."


def lead(first, second, *, level):
    """Interval of how many more of the same spectra the first network names rightly.

    Parameters
    ----------
    first, second : Table
        Predictions with ``id``, ``part``, ``object``, ``class`` and ``predicted``.
    level : float

    Returns
    -------
    low, high : float
        Shares; a paired bootstrap over objects. NaN where the test sides differ.
    """
    first, second = (table[texts(table["part"]) == "test"] for table in (first, second))
    if list(first["id"]) != list(second["id"]):
        return np.nan, np.nan
    right = [
        (texts(table["predicted"]) == texts(table["class"])).astype(float)
        for table in (second, first)
    ]
    return bootstrap.interval(
        *right, texts(first["object"]), samples=1000, level=level, seed=0, statistic=bootstrap.BIAS
    )


def _hardest(summary, best):
    own = summary[texts(summary["model"]) == str(best["model"])]
    classes = own[texts(own["class"]) != _AVERAGE]
    row = classes[int(np.nanargmin(wording.column(classes, "recall")))]
    if float(row["recall"]) == 1:
        return "It finds all of every class."
    return (
        f"It misses most among {names.plural(str(row['class']))}, of which it finds "
        f"{wording.share(*wording.estimate(row, 'recall'))}."
    )


def _mistake(confusion, best):
    """The most frequent confusion of the best network."""
    own = confusion[texts(confusion["model"]) == str(best["model"])]
    wrong = own[texts(own["true"]) != texts(own["predicted"])]
    counts = np.asarray(wrong["count"], dtype=int)
    if not counts.size or not counts.max():
        return "It confuses no spectrum of the test side."
    row = wrong[int(np.argmax(counts))]
    kinds = names.class_name(str(row["true"])), names.class_name(str(row["predicted"]))
    return (
        f"Its most frequent mistake is to call a {kinds[0]} a {kinds[1]}: "
        f"{names.counted(int(row['count']))}, {wording.percent(float(row['share']))} of all "
        f"{names.plural(str(row['true']))}."
    )


def _averages(summary):
    """One row a network: right answers, and means over the classes."""
    average = summary[texts(summary["class"]) == _AVERAGE]
    return page.table(
        ("Network, split", list(map(_name, average))),
        *_with_ends(average, _MEANS),
        *calibration.columns(average),
        caption="The test side: share of right answers, and means over the classes",
    )


def _scores(summary):
    """One row a network and class."""
    own = summary[texts(summary["class"]) != _AVERAGE]
    return page.table(
        ("Network, split", list(map(_name, own))),
        ("Class", list(map(names.class_name, texts(own["class"])))),
        ("Spectra", own["spectra"]),
        *_with_ends(own, {what: what.capitalize() for what in _METRICS}),
        caption="The test side, each class against the rest",
    )


def _with_ends(rows, metrics):
    """Columns of metrics, by name with their headings, each beside its interval."""
    for what, heading in metrics.items():
        yield heading, wording.column(rows, what), ".3f"
        ends = [wording.ends(*wording.estimate(row, what)[1:]) for row in rows]
        yield wording.level_of(rows), ends


def _confusions(folder, confusion):
    if confusion is None:
        return []
    pictures = [
        page.figure(folder, "sdss.confusions", f"confusions/{split}")
        for split in dict.fromkeys(texts(confusion["split"]))
        if (folder / "figures" / "confusions" / f"{split}.png").is_file()
    ]
    return [page.heading("Who is taken for whom"), *pictures] if pictures else []
