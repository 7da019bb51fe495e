"""The report's section of the semantic arm."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skyloom.arms.registry import ARMS
from skyloom.arms.semantic.evaluation import ANGLE, folded
from skyloom.draw import semantic_labels as names
from skyloom.io.columns import texts
from skyloom.report import convergence, page, published, wording

if TYPE_CHECKING:
    from astropy.table import Table

ARM = ARMS["semantic"]
# An encoder is said to have found a parameter where its errors' interval lies below those of
# always answering the same, which for evenly spread values is their standard deviation.
_FOUND = 1.0
# Degrees by which the least inclined views are off before the text says that they are.
_FAR = 20.0


def section(folder: Path):
    """What the arm asked and what this run says; None where it was not run.

    Parameters
    ----------
    folder : Path
        ``results/<run>/semantic``.

    Returns
    -------
    Section or None
    """
    summary = wording.maybe(folder / "evaluation" / "summary.ecsv")
    if summary is None:
        return None
    measured = wording.maybe(folder / "galaxies" / "measurements.ecsv")
    scatter = {
        model: true_scatter(table, summary.meta)
        for model, table in wording.predictions(folder, summary).items()
    }
    parts = [
        page.answer(
            ARM.question,
            *answer(summary, scatter),
            *convergence.unfinished(folder, scatter),
        ),
        page.figure(folder, "semantic.bounds"),
        _table(summary, scatter),
        page.figure(folder, "semantic.examples"),
        *_galaxies(folder, measured),
        *published.part(folder),
    ]
    return page.Section("semantic", ARM.title, parts)


def true_scatter(predictions: Table, meta: dict) -> dict[str, float]:
    """Standard deviation of each true parameter on the test side: the error of one answer for all.

    Parameters
    ----------
    predictions : Table
        Of one encoder.
    meta : dict
        ``angle_limits``, degrees: angles beyond are left out, as they are from the summary.

    Returns
    -------
    dict of str to float
    """
    test = predictions[texts(predictions["part"]) == "test"]
    made = {}
    for name in test.colnames:
        if f"{name}_predicted" in test.colnames:
            values = wording.column(test, name)
            if name == ANGLE:
                low, high = meta.get("angle_limits", (0, 180))
                values = values[(values >= low) & (values <= high)]
            made[name] = float(np.std(values)) if len(values) else np.nan
    return made


def answer(summary: Table, scatter: dict[str, dict]) -> list[str]:
    """What the run says to the arm's question, in sentences.

    Parameters
    ----------
    summary : Table
        As `skyloom.arms.semantic.evaluation.summarise` makes it.
    scatter : dict of str to dict
        By encoder, as `true_scatter` gives it.

    Returns
    -------
    list of str
    """
    rows = [row for row in summary if row["method"] == "encoder" and row["model"] in scatter]
    if not rows:
        return ["No encoder of this run has predictions to judge."]
    found = [row for row in rows if _knows(row, scatter)]
    said = [
        "An encoder has found a parameter if its errors are smaller than those of giving every "
        f"image the same answer: so it is for {len(found)} of {len(rows)} parameters of "
        f"{wording.counted(len({str(row['model']) for row in rows}), 'encoder')} "
        f"({wording.level_of(summary)}s)."
    ]
    missed = [row for row in rows if not _knows(row, scatter)]
    if missed:
        said.append(
            "Not shown for "
            + wording.listed(
                f"{names.name(str(row['parameter']))} ({row['model']})" for row in missed
            )
            + "."
        )
    return [*said, *_noisy(summary), *_without_noise(summary), wording.OTHER_SEED]


def _knows(row, scatter):
    return float(row["sigma_high"]) < _FOUND * scatter[str(row["model"])].get(
        str(row["parameter"]), 0
    )


def _noisy(summary):
    """Errors relative to the bound where there is one: encoder and fit of the same dataset."""
    said = []
    noisy = [row for row in summary if np.isfinite(float(np.ma.filled(row["pull"], np.nan)))]
    for dataset in dict.fromkeys(str(row["dataset"]) for row in noisy):
        own = [row for row in noisy if row["dataset"] == dataset]
        parts = []
        for method, called in (("encoder", "the encoder's errors"), ("least_squares", "a fit's")):
            pulls = [float(row["pull"]) for row in own if row["method"] == method]
            if pulls:
                parts.append(f"{called} are {_span(pulls)} times")
        noise = float(own[0]["noise"])
        said.append(
            f"Under noise of {noise:g} ({dataset}), {wording.listed(parts)} the Cramér–Rao bound "
            "(root mean square, from parameter to parameter)."
        )
    return said


def _span(values):
    low, high = wording.rounded(min(values), 2), wording.rounded(max(values), 2)
    return low if low == high else f"{low} to {high}"


def _without_noise(summary):
    """Images without noise have no bound, and a fit's errors may be those of its arithmetic."""
    better = []
    for dataset in dict.fromkeys(str(row["dataset"]) for row in summary):
        own = [row for row in summary if row["dataset"] == dataset and not float(row["noise"])]
        pairs = [
            float(fit["sigma_high"]) < float(row["sigma_low"])
            for row in own
            for fit in own
            if row["method"] == "encoder"
            and fit["method"] == "least_squares"
            and fit["parameter"] == row["parameter"]
        ]
        if pairs and all(pairs):
            better.append(dataset)
    if not better:
        return []
    return [
        f"Without noise ({wording.listed(better)}) a least-squares fit of the same formula has "
        "smaller errors than every encoder: there an encoder can only be faster."
    ]


def _table(summary, scatter):
    drawn = names.with_half_widths(summary)
    listing = page.table(
        ("Encoder", texts(summary["model"])),
        ("Method", [names.METHODS[str(method)]["label"] for method in summary["method"]]),
        ("Dataset", texts(summary["dataset"])),
        ("Parameter", [names.with_unit(names.name(n), n) for n in texts(summary["parameter"])]),
        ("Error (σ)", wording.column(drawn, "sigma"), _tiny),
        (
            wording.level_of(summary),
            [wording.ends(row["sigma_low"], row["sigma_high"], _tiny) for row in drawn],
        ),
        ("One answer for all", [_same(row, scatter) for row in summary], _tiny),
        ("Cramér–Rao bound", wording.column(drawn, "bound"), _tiny),
        ("Error / bound", wording.column(drawn, "pull"), lambda value: wording.rounded(value, 2)),
        (
            f"Angles off by more than {summary.meta.get('failed', 10):g}°",
            wording.column(drawn, "failed"),
            wording.percent,
        ),
        caption="Errors on the test side; bounds are medians of the images' own",
    )
    return page.details("All errors as a table", listing)


def _same(row, scatter):
    """The error of one answer for all images, as figures show it."""
    parameter = str(row["parameter"])
    value = scatter.get(str(row["model"]), {}).get(parameter, np.nan)
    half_width = row["half_width"] if "half_width" in row.colnames else 1.0
    return float(names.in_half_widths(parameter, value, half_width))


def _tiny(value):
    """Errors of fits without noise are rounding: they are said to be nothing."""
    value = float(np.ma.filled(value, np.nan))
    return "< 0.00001" if 0 < value < 1e-5 else wording.rounded(value)


def _galaxies(folder, measured):
    """What the encoder finds in galaxies of known inclination."""
    if measured is None or not len(measured):
        return []
    return [
        page.heading("Galaxies of the tng arm, measured"),
        page.paragraph(galaxies(measured)),
        *(
            page.figure(folder, f"semantic.{name}")
            for name in ("galaxies", "galaxy_panels")
            if (folder / "figures" / f"{name}.png").is_file()
        ),
    ]


def galaxies(measured: Table) -> str:
    """What measured galaxies say of an encoder that saw only synthetic discs, in words.

    Parameters
    ----------
    measured : Table
        As `skyloom.arms.semantic.galaxies` makes it: one row a view.

    Returns
    -------
    str
    """
    unlike = np.asarray(measured["outside"]).astype(bool)
    galaxy = set(zip(measured["snapshot"], measured["subhalo_id"], strict=True))
    said = (
        f"The encoder {measured.meta.get('model', '')} was asked about "
        f"{wording.counted(len(measured), 'view')} of "
        f"{wording.counted(len(galaxy), 'galaxy', 'galaxies')} "
        f"whose inclination is known; {int(unlike.sum()):,} of them are unlike what it was trained "
        "on, and what it says of those is left out."
    )
    good = measured[~unlike]
    if not len(good):
        return said
    used = wording.column(good, "inclination")
    views = [_view(good[used == angle], angle) for angle in np.unique(used)]
    said += " Inclinations used and found (median): " + ", ".join(views) + "."
    least = np.min(used)
    found = float(np.nanmedian(wording.column(good[used == least], "inclination_inferred")))
    if found - least > _FAR:
        said += f" Views at {least:.0f}° are thus taken for far more inclined than they are."
    tilted = good[used >= 45]
    if len(tilted):
        turned = np.abs(folded(wording.column(tilted, "angle_difference")))
        said += (
            f" From 45° on, position angles are off by {wording.rounded(np.median(turned), 2)}° in "
            "the median. A disc seen face-on has no angle, and a thick one looks rounder edge-on."
        )
    return said


def _view(rows, angle):
    found = wording.column(rows, "inclination_inferred")
    return f"{angle:.0f}° → {np.nanmedian(found):.0f}°"
