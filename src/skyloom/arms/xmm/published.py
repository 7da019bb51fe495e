"""Which of our numbers stands beside each of the document's tables 3 to 8."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from skyloom.io.columns import where
from skyloom.judge import published

if TYPE_CHECKING:
    from astropy.table import Table


NEED = {
    "document": ("defaults", "columns", "tables", "table_8", "comparable_when"),
    "summary": ("experiment", "test_auc"),
    "mistakes": ("experiment", "side", "obs_class", "wrong"),
}
#: Ours of the side that the document never scored, first.
_TEST = ("test_accuracy", "test_auc")


def compare(
    document: dict,
    choices: dict,
    *,
    summary: Table,
    mistakes: Table,
    experiments: dict[str, dict],
    final: str,
) -> Table:
    """Tables 3 to 8 with our numbers beside the printed ones.

    Parameters
    ----------
    document : dict
        ``resources/published/xmm.yaml``.
    choices : dict
        Dotted names of the config and their values: the keys of ``comparable_when``.
    summary, mistakes : Table
        As `skyloom.arms.xmm.evaluation` makes them, of the experiments that were trained.
    experiments : dict of str to dict
        All of ``xmm.experiments``.
    final : str
        The experiment that table 8 is about.

    Returns
    -------
    Table
        As `skyloom.judge.published.table` makes it. The test side, which the document never scored,
        stands beside its sides without a printed number.
    """
    meta = summary.meta
    counts = {"images_used": int(meta["images"])}
    found = {str(row["experiment"]): row for row in summary}
    rows = []
    for content in document["tables"].values():
        for row in content["rows"]:
            own = found.get(row["experiment"])
            why = _why(row["experiment"], row["made_with"], experiments, document, own is not None)
            rows += _accuracies(row, content["title"], document["columns"], own, why)
    rows += _wrong(document, mistakes, experiments, final)
    return published.table(
        rows,
        document,
        synthetic=meta["synthetic"],
        common=published.of_run(document, choices, "xmm", synthetic=meta["synthetic"], **counts),
        level=float(meta["level"]),
        notes=[content["note"] for content in document["tables"].values() if "note" in content],
    )


def _accuracies(row, title, columns, own, why):
    """What one row of tables 3 to 7 prints, and ours of the test side."""
    head = {"group": title, "model": row["experiment"], "why": why}
    names = {"auc": "validation_auc"}
    for name in _TEST:
        yield {**head, "quantity": _words(name), **published.ours(own, name)}
    for column, printed in zip(columns, row["printed"], strict=True):
        name = names.get(column, column)
        found = published.ours(own, name)
        yield {**head, "quantity": _words(name), "printed": printed, **found}
    if "seconds_per_epoch" in row:
        time = {"quantity": "time of an epoch", "unit": "s", "printed": row["seconds_per_epoch"]}
        yield {**head, **time, "why": ["a time is not reproducible: ours is in benchmarks/"]}


def _words(name):
    """``validation_auc`` as a reader says it: 'AUC, validation'."""
    side, _, what = name.partition("_")
    return f"{'AUC' if what == 'auc' else what}, {side}"


def _why(name, made_with, experiments, document, trained):
    """How an experiment differs from the one that the document printed."""
    if name not in experiments:
        return [f"experiments.{name} is not in the config"]
    wanted = {**document["defaults"], **made_with}
    rules = [{"key": f"experiments.{name}.{key}", "equals": wanted[key]} for key in wanted]
    entry = {**document["defaults"], **experiments[name]}
    made = {f"experiments.{name}.{key}": value for key, value in entry.items()}
    return published.reasons(rules, made) + ([] if trained else [f"{name} was not trained"])


def _wrong(document, mistakes, experiments, final):
    """Table 8, class by class: ours of the test side, then of the side that the document used."""
    content = document["table_8"]
    ours = where(mistakes, experiment=final)
    why = [f"experiment is {final} (published: {content['experiment']})"]
    if final == content["experiment"]:
        printed = (row for table in document["tables"].values() for row in table["rows"])
        made_with = next(row["made_with"] for row in printed if row["experiment"] == final)
        why = _why(final, made_with, experiments, document, len(ours) > 0)
    for row in content["rows"]:
        head = {"group": content["title"], "model": f"OBS_CLASS {row['obs_class']}", "why": why}
        printed = {"images": row["images"], "wrong": row["wrong"], "ratio": row["as_printed"]}
        own = {
            str(one["side"]): one for one in ours[np.asarray(ours["obs_class"]) == row["obs_class"]]
        }
        for side, said in (("test", {}), (content["side"], printed)):
            for name in printed:
                unit = "%" if name == "ratio" else ""
                found = {**published.ours(own.get(side), name), "printed": said.get(name)}
                yield {**head, "quantity": f"{name}, {side}", "unit": unit, **found}
        # Where a printed ratio is not that of its counts.
        found["printed"] = 100 * row["wrong"] / row["images"]
        yield {**head, "quantity": f"ratio of the counts, {side}", "unit": "%", **found}
