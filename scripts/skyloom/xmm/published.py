"""The document's tables 3 to 8 beside ours, and when the two may be compared."""

import numpy as np
from astropy.table import Table

from skyloom import comparable
from skyloom.xmm.evaluation import masked, ratio

_NEED = ("defaults", "columns", "tables", "table_8", "comparable_when")
TABLES = ("table_3", "table_4", "table_5", "table_6", "table_7", "table_8")
_OURS = (
    *("training_accuracy", "validation_accuracy", "training_loss", "validation_loss"),
    *("validation_auc", "validation_auc_low", "validation_auc_high"),
    *("test_accuracy", "test_auc", "test_auc_low", "test_auc_high"),
)


def read(path):
    """The sections of ``resources/published/xmm.yaml``; see `skyloom.comparable.read`."""
    return comparable.read(path, _NEED)


def reasons_not_comparable(choices, summary, published):
    """Why no number of this run may stand beside the printed ones.

    Parameters
    ----------
    choices : dict
        Dotted names of the config and their values: the keys of ``comparable_when``.
    summary : Table
        As `skyloom.xmm.evaluation` makes it; it knows how many images there were and whether
        they are synthetic, which a folder of synthetic files read as a local one does not say.
    published : dict
        As `read` gives it.

    Returns
    -------
    list of str
        Empty when comparable.
    """
    made = {**choices, "xmm.images_used": int(summary.meta["images"])}
    if summary.meta["synthetic"]:
        made["xmm.source"] = "synthetic"
    return comparable.reasons(published["comparable_when"], made, prefix="xmm.")


def tables(summary, mistakes, experiments, published, reasons, *, final):
    """Tables 3 to 8 with our numbers beside the printed ones.

    Parameters
    ----------
    summary, mistakes : Table
        As `skyloom.xmm.evaluation` makes them, of the experiments that were trained.
    experiments : dict of str to dict
        All of ``xmm.experiments``.
    published : dict
    reasons : list of str
        Why nothing of this run is comparable.
    final : str
        The experiment that table 8 is about.

    Returns
    -------
    dict of str to Table
        By name, `TABLES`.
    """
    options = (experiments, published, list(reasons))
    made = {
        name: _accuracies(summary, content, *options)
        for name, content in published["tables"].items()
    }
    made["table_8"] = _wrong(mistakes, final, *options)
    for name, table in made.items():
        table.meta.update(
            name=name,
            synthetic=bool(summary.meta["synthetic"]),
            level=float(summary.meta["level"]),
            not_comparable=list(reasons),
        )
    return made


def _accuracies(summary, content, experiments, published, reasons):
    """One of tables 3 to 7: a row of the document is a row here, trained or not."""
    rows = content["rows"]
    found = {str(row["experiment"]): row for row in summary}
    trained = [row["experiment"] in found for row in rows]
    table = Table()
    table["label"] = [row["label"] for row in rows]
    table["experiment"] = [row["experiment"] for row in rows]
    table["status"] = ["trained" if was else "not trained" for was in trained]
    for name in _OURS:
        values = [
            found[row["experiment"]][name] if was else np.nan
            for row, was in zip(rows, trained, strict=True)
        ]
        table[name] = masked([np.nan if np.ma.is_masked(value) else value for value in values])
    for index, name in enumerate(published["columns"]):
        table[f"published_{name}"] = masked([row["printed"][index] for row in rows])
    if any("seconds_per_epoch" in row for row in rows):
        table["published_seconds_per_epoch"] = masked([row["seconds_per_epoch"] for row in rows])
    why = [_why(row["experiment"], row["made_with"], experiments, published) for row in rows]
    table["comparable"] = [
        bool(was and not reasons and not own) for was, own in zip(trained, why, strict=True)
    ]
    table["reason"] = ["; ".join(reasons + own) for own in why]
    table.meta.update(title=content["title"], note=content.get("note", ""))
    return table


def _why(name, made_with, experiments, published):
    """How an experiment differs from the one that the document printed."""
    entry = experiments.get(name)
    if entry is None:
        return [f"experiments.{name} is not in the config"]
    wanted = {**published["defaults"], **made_with}
    rules = [{"key": f"experiments.{name}.{key}", "equals": wanted[key]} for key in wanted]
    choices = {f"experiments.{name}.{k}": v for k, v in {**published["defaults"], **entry}.items()}
    return comparable.reasons(rules, choices)


def _wrong(mistakes, final, experiments, published, reasons):
    """Table 8: ours of the test side, then of the side that the document used."""
    content = published["table_8"]
    rows = content["rows"]
    table = Table()
    table["obs_class"] = [row["obs_class"] for row in rows]
    ours = mistakes[np.asarray(mistakes["experiment"]).astype(str) == final]
    table["status"] = ["trained" if len(ours) else "not trained"] * len(rows)
    for side in ("test", content["side"]):
        here = ours[np.asarray(ours["side"]).astype(str) == side]
        by_class = {int(row["obs_class"]): row for row in here}
        for name in ("images", "wrong"):
            values = [by_class[row["obs_class"]][name] if by_class else np.nan for row in rows]
            table[f"{side}_{name}"] = masked(values)
        table[f"{side}_ratio"] = ratio(
            table[f"{side}_wrong"].filled(np.nan), table[f"{side}_images"].filled(np.nan)
        )
    for name in ("images", "wrong"):
        table[f"published_{name}"] = [row[name] for row in rows]
    table["published_ratio"] = masked([row["as_printed"] for row in rows])
    table["corrected_ratio"] = ratio(table["published_wrong"], table["published_images"])
    for name in table.colnames:
        if name.endswith("_ratio"):
            table[name].unit = "%"
    if final != content["experiment"]:
        own = [f"experiment is {final} (published: {content['experiment']})"]
    else:
        row = next(
            row
            for one in published["tables"].values()
            for row in one["rows"]
            if row["experiment"] == final
        )
        own = _why(final, row["made_with"], experiments, published)
    table["comparable"] = bool(len(ours) and not reasons and not own)
    table["reason"] = "; ".join(reasons + own)
    table.meta.update(title=content["title"], experiment=final, note="")
    return table
