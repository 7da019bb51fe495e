"""Which of our numbers stands beside each that the article prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyloom.judge import published

if TYPE_CHECKING:
    from astropy.table import Table


NEED = {
    "document": ("networks", "rows", "notes", "comparable_when"),
    "summary": ("network", "split", "class", "recall"),
}


def compare(document: dict, choices: dict, *, summary: Table, networks: dict[str, dict]) -> Table:
    """Every printed number with ours, where there is one.

    Parameters
    ----------
    document : dict
        ``resources/published/sdss.yaml``.
    choices : dict
        Dotted names of the config and their values: the keys of ``comparable_when``.
    summary : Table
        As `skyloom.arms.sdss.evaluation.summarise` makes it.
    networks : dict of str to dict
        All of ``sdss.networks``.

    Returns
    -------
    Table
        As `skyloom.judge.published.table` makes it: a quantity is ``<metric> of <class>``.
    """
    meta = summary.meta
    counts = {"spectra_used": int(meta["spectra"])}
    found = {tuple(str(row[k]) for k in ("network", "split", "class")): row for row in summary}
    return published.table(
        (_row(row, found, networks, document["networks"]) for row in document["rows"]),
        document,
        synthetic=meta["synthetic"],
        common=published.of_run(document, choices, "sdss", synthetic=meta["synthetic"], **counts),
        level=float(meta["level"]),
        notes=list(document["notes"]),
    )


def _row(row, found, networks, printed):
    name, split, kind, metric = (row[key] for key in ("network", "split", "class", "metric"))
    own = found.get((name, split, kind))
    return {
        "group": f"training/test {split.replace('_', '/')}",
        "quantity": f"{metric} of {kind}",
        "model": f"{name}_{split}",
        "printed": row["printed"],
        "why": _why(name, split, networks, printed[name]["made_with"], own),
        **published.ours(own, metric),
    }


def _why(name, split, networks, wanted, own):
    """How a network differs from the one that the article printed."""
    if name not in networks:
        return [f"networks.{name} is not in the config"]
    if own is None:
        return [f"{name} was not trained on {split}"]
    entry = {"train_from": None, **networks[name]}
    if "weights" in wanted:
        entry.setdefault("weights", "imagenet")
    # Its own number of epochs would go before that of all.
    wanted = {**wanted, "epochs": None}
    entry.setdefault("epochs", None)
    rules = [{"key": f"networks.{name}.{key}", "equals": wanted[key]} for key in wanted]
    return published.reasons(rules, {f"networks.{name}.{key}": entry[key] for key in entry})
