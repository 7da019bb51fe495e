"""The report's sections of the helium and stellar arms."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from skyloom.arms.registry import ARMS
from skyloom.arms.spectra.classical import METHODS
from skyloom.draw import spectra_labels as names
from skyloom.io.columns import number, texts
from skyloom.judge import bootstrap
from skyloom.report import convergence, page, published, wording

_SAMPLES = 1000


def section(folder: Path):
    """What the arm asked and what this run says.

    Parameters
    ----------
    folder : Path
        ``results/<run>/helium`` or ``results/<run>/stellar``; the folder's name is the arm's.

    Returns
    -------
    Section or None
        None where the arm was not run.
    """
    summary = wording.maybe(folder / "evaluation" / "summary.ecsv")
    if summary is None:
        return None
    arm = ARMS[folder.name]
    predictions = {
        model: table[texts(table["part"]) == "test"]
        for model, table in wording.predictions(folder, summary).items()
    }
    parts = [
        page.answer(
            arm.question,
            *answer(summary, predictions),
            *beaten(wording.maybe(folder / "evaluation" / "classical.ecsv")),
            *convergence.unfinished(folder, texts(summary["model"]), called=_called(summary)),
        ),
        _errors(summary),
        *_scatter(folder, summary, predictions),
        *_observed(folder, summary),
        page.figure(folder, "spectra.comparison"),
        page.figure(folder, "spectra.classical"),
        *published.part(folder),
    ]
    return page.Section(folder.name, arm.title, parts)


def answer(summary, predictions):
    """What the run says to the arm's question, in words.

    Parameters
    ----------
    summary : Table
        As `skyloom.arms.spectra.evaluation.summarise` makes it.
    predictions : dict of str to Table
        Test side of each model.

    Returns
    -------
    list of str
    """
    best = _best(summary)
    rows = [row for row in summary if row["model"] == best]
    told = [str(row["label"]) for row in rows if row["ratio_low"] > 1]
    worse = [str(row["label"]) for row in rows if row["ratio_high"] < 1]
    dull = [
        str(row["label"]) for row in rows if not (row["ratio_low"] > 1 or row["ratio_high"] < 1)
    ]
    dataset, network = names.models_of(summary)[best]
    errors = wording.listed(f"{_error(row)} in {names.words(str(row['label']))}" for row in rows)
    lead = f"The {network} network trained on {dataset}"
    if len(set(texts(summary["model"]))) > 1:
        lead += ", which has the smallest errors of this run,"
    said = [
        f"{lead} errs on average by {errors} on the test side ({wording.level_of(summary)}s in "
        "brackets)."
    ]
    if told:
        least = min((row for row in rows if row["ratio_low"] > 1), key=lambda row: row["ratio"])
        said.append(
            "That is better than always saying the mean for "
            f"{wording.listed(map(names.words, told))}; least so for "
            f"{names.words(str(least['label']))}, "
            f"{wording.interval(*wording.estimate(least, 'ratio'), _times)} times."
        )
    if dull:
        said.append(
            f"For {wording.listed(map(names.words, dull))} the interval leaves open whether it is "
            "better than always saying the mean."
        )
    if worse:
        said.append(f"For {wording.listed(map(names.words, worse))} it is worse than that.")
    said += _larger(summary, predictions)
    return [*said, wording.OTHER_SEED]


def beaten(table) -> list[str]:
    """Whether the networks are better than what needs none, a sentence a dataset.

    Parameters
    ----------
    table : Table or None
        As `skyloom.arms.spectra.classical_comparison.measure` makes it, with ``dataset``.

    Returns
    -------
    list of str
    """
    said = []
    for dataset in dict.fromkeys(texts(table["dataset"])) if table is not None else ():
        rows = [row for row in table if str(row["dataset"]) == dataset]
        wins = {"network": [], "method": [], "open": []}
        for label in dict.fromkeys(str(row["label"]) for row in rows):
            own = [row for row in rows if str(row["label"]) == label]
            methods = [row for row in own if str(row["method"]) in METHODS]
            best = min(methods, key=lambda row: float(row["mae"]))
            low, high = (number(best[f"against_{end}"]) for end in ("low", "high"))
            unit = names.unit(label, str(best["unit"]))
            network = min(float(row["mae"]) for row in own if row not in methods)
            told = (
                f"{names.words(label)} ({wording.rounded(float(best['mae']))} {unit} by the "
                f"{METHODS[str(best['method'])]}, {wording.rounded(network)} {unit} by the network)"
            )
            wins["method" if high < 0 else "network" if low > 0 else "open"].append(told)
        parts = {
            "method": "a method that needs no network is better at",
            "network": "the best network is better than all of them at",
            "open": "neither is shown to be better at",
        }
        words = [f"{parts[key]} {wording.listed(which)}" for key, which in wins.items() if which]
        said.append(f"On {dataset}, {'; '.join(words)}.")
    return said


def _called(summary):
    """How a model is named."""
    known = names.models_of(summary)
    return lambda model: names.model_name(*known[model])


def _times(value):
    return wording.fixed(value, 1)


def _error(row):
    """'1970 (1590 to 2420) K'."""
    unit = names.unit(str(row["label"]), str(row["unit"]))
    return f"{wording.interval(*wording.estimate(row, 'mae'), wording.rounded)} {unit}".rstrip()


def _best(summary):
    """The model whose errors are smallest relative to the mean's, over all labels."""
    models = list(dict.fromkeys(texts(summary["model"])))
    gain = {
        model: np.mean(np.log([row["ratio"] for row in summary if row["model"] == model]))
        for model in models
    }
    return max(models, key=lambda model: gain[model])


def _larger(summary, predictions):
    """Whether the modified network reads the same spectra better, dataset by dataset."""
    models = {found: model for model, found in names.models_of(summary).items()}
    level = float(summary.meta.get("level", 0.95))
    said = []
    for dataset in dict.fromkeys(texts(summary["dataset"])):
        pair = [models.get((dataset, network)) for network in ("initial", "modified")]
        if all(model in predictions for model in pair):
            small, large = (predictions[model] for model in pair)
            said.append(f"On {dataset}, {_compared(small, large, summary, level)}.")
    return said


def _compared(small, large, summary, level):
    verdicts = {"is better at": [], "is worse at": [], "cannot be told from the initial one at": []}
    for label in dict.fromkeys(texts(summary["label"])):
        low, high = gain(small, large, label, level=level)
        if low > 0:
            verdicts["is better at"].append(names.words(label))
        elif high < 0:
            verdicts["is worse at"].append(names.words(label))
        else:
            verdicts["cannot be told from the initial one at"].append(names.words(label))
    words = [f"{verb} {wording.listed(which)}" for verb, which in verdicts.items() if which]
    return (
        f"the larger (modified) network {wording.listed(words)} (errors of the same test spectra)"
    )


def gain(first, second, label, *, level):
    """Interval of how much smaller the second's absolute errors are, of the same spectra.

    Parameters
    ----------
    first, second : Table
        Predictions of the same spectra in the same order.
    label : str
    level : float

    Returns
    -------
    low, high : float
        In the label's unit, positive where the second is better; a paired bootstrap over stars.
    """
    errors = [
        np.abs(wording.column(of, f"{label}_predicted") - wording.column(of, label))
        for of in (second, first)
    ]
    options = {"samples": _SAMPLES, "level": level, "seed": 0, "statistic": bootstrap.BIAS}
    return bootstrap.interval(*errors, _stars(first), **options)


def _stars(rows):
    """A number for every star: the same one with another rotation is not another."""
    found = [
        name
        for name in rows.colnames
        if f"{name}_predicted" in rows.colnames and name not in ("v_rot", "v_sin_i")
    ]
    if not found:
        return np.arange(len(rows))
    values = np.stack([wording.column(rows, name) for name in found], axis=1)
    return np.unique(values, axis=0, return_inverse=True)[1].ravel()


def _errors(summary):
    """The table of errors beside those of always predicting the mean."""
    known, level = names.models_of(summary), wording.level_of(summary)

    def ends(what, write):
        return [wording.ends(*wording.estimate(row, what)[1:], write) for row in summary]

    def column(what):
        return wording.column(summary, what)

    return page.table(
        ("Network", [known[model][1] for model in texts(summary["model"])]),
        ("Trained on", [known[model][0] for model in texts(summary["model"])]),
        ("Label", [_with_unit(row) for row in summary]),
        ("Mean absolute error", column("mae"), wording.rounded),
        (level, ends("mae", wording.rounded)),
        ("Error of always the mean", column("mae_mean"), wording.rounded),
        ("Times smaller", column("ratio"), _times),
        (f"{level}, ratio", ends("ratio", _times)),
        ("Bias", column("bias"), wording.rounded),
        ("r", column("pearson_r"), ".3f"),
        caption="Errors on the test side",
    )


def _with_unit(row):
    unit = names.unit(str(row["label"]), str(row["unit"]))
    return f"{names.words(str(row['label']))} [{unit}]" if unit else names.words(str(row["label"]))


def _scatter(folder, summary, predictions):
    """Predicted against true labels: the best network's at once, the others' on demand."""
    if not predictions:
        return []
    best = _best(summary)
    first, *others = (
        page.figure(folder, "spectra.predictions", f"predictions/{model}")
        for model in sorted(predictions, key=lambda model: model != best)
    )
    return [first, *([page.details("The other networks", *others)] if others else [])]


def _observed(folder, summary):
    """Answers for observed stars, with what warns of them."""
    table = wording.maybe(folder / "observed" / "predictions.ecsv")
    if table is None or not len(table):
        return []
    called = texts(table["name"])
    stars = dict.fromkeys(called)
    warned = {star for star, beyond in zip(called, table["beyond"], strict=True) if beyond}
    # The grid may be synthetic where the stars are real: each has its own word.
    kind = "synthetic stars" if wording.synthetic(table) else "observed stars"
    learnt = ", which learnt from synthetic spectra," if wording.synthetic(summary) else ""
    told = f"The networks{learnt} were asked about {len(stars)} {kind}."
    if warned:
        told += (
            f" Of these, {wording.listed(sorted(warned))} "
            f"{'lies' if len(warned) == 1 else 'lie'} outside what the networks were trained on: "
            "such answers mean nothing."
        )
    assumed = {
        star
        for star, medium in zip(called, texts(table["medium"]), strict=True)
        if medium.endswith("(assumed)")
    }
    if assumed:
        told += (
            f" For {wording.listed(sorted(assumed))} nothing says whether wavelengths are in air "
            "or vacuum: air is assumed, and were it vacuum, every line would be 84 km/s off."
        )
    listing = page.table(
        ("Star", called),
        ("Network", texts(table["network"])),
        ("Label", list(map(names.words, texts(table["label"])))),
        ("Answer", [_answered(row) for row in table]),
        ("Known", [_known(row) for row in table]),
        ("Air or vacuum", texts(table["medium"])),
        ("Warning", texts(table["warning"])),
        caption="Answers and known labels.",
    )
    picture = page.figure(folder, "spectra.observed")
    return [page.paragraph(told), picture, page.details("All answers as a table", listing)]


def _answered(row):
    label, value, sigma = str(row["label"]), float(row["value"]), row["uncertainty"]
    text = names.number(label, value)
    if np.ma.is_masked(sigma) or not np.isfinite(sigma):
        return f"{text} {names.unit(label, str(row['unit']))}"
    return f"{text} ± {names.number(label, float(sigma))} {names.unit(label, str(row['unit']))}"


def _known(row):
    return (
        "–"
        if np.ma.is_masked(row["known"])
        else names.number(str(row["label"]), float(row["known"]))
    )
