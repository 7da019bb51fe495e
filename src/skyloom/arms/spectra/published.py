"""Which of our numbers stands beside each that the documents print."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from skyloom.io.columns import where
from skyloom.judge import published

if TYPE_CHECKING:
    from astropy.table import Table

NEED = {
    "document": ("networks", "dataset", "comparable_when"),
    "members": ("model", "member", "part", "mae_standardised"),
    "observed": ("name", "model", "label", "value"),
}
#: The quantity that a document prints, or that its numbers give, of a network as a whole.
RATIO = "ratio to always predicting the mean"
_GROUP = "Ours: the mean of what single networks give"
#: Sections of a document's numbers whose rows are columns of the table of members.
_TABLES = ("table_4", "table")


def compare(
    document: dict, choices: dict, *, arm: str, members: Table, observed: Sequence[Table] = ()
) -> Table:
    """Every printed number with ours, where there is one.

    Parameters
    ----------
    document : dict
        ``resources/published/<arm>.yaml``.
    choices : dict
        Dotted names of the config and their values: the keys of ``comparable_when``.
    arm : {'helium', 'stellar'}
    members : Table
        As `skyloom.arms.spectra.evaluation.members` makes it; each of ours is the mean over the
        members of what one network gives, as the documents had one.
    observed : sequence of Table, optional
        Predictions of observed stars: for the star of the document's table 5.

    Returns
    -------
    Table
        As `skyloom.judge.published.table` makes it.
    """
    counts, synthetic = {"spectra_used": int(members.meta["spectra"])}, members.meta["synthetic"]
    if len(train := where(members, part="train")):
        counts["training_spectra"] = int(np.max(train["spectra"]))
    rows = []
    for network in document["networks"]:
        model = f"{document['dataset']}_{network}"
        own = where(members, dataset=document["dataset"], network=network)
        why = [] if len(own) else [f"{network} was not trained on {document['dataset']}"]
        for quantity, part, column, printed in _printed(document, network):
            found = {"ours": _mean(own, part, column), "printed": printed}
            rows.append({"group": _GROUP, "quantity": quantity, "model": model, "why": why} | found)
        rows += _star(document.get("table_5"), network, observed, model)
    common = published.of_run(document, choices, arm, synthetic=synthetic, **counts)
    return published.table(rows, document, synthetic=synthetic, common=common)


def _printed(document, network):
    """Quantity, side, column of the members' table, and what is printed of a network."""
    for name in _TABLES:
        for row in document.get(name, []):
            yield row["quantity"], row["part"], row["ours"], row["printed"][network]
    if ratio := document.get("ratio"):
        yield RATIO, "test", "ratio", ratio["mae_of_the_mean"] / ratio["mae"][network]


def _mean(own, part, column):
    here = where(own, part=part)
    return float(np.ma.mean(here[column])) if len(here) else np.nan


def _star(section, network, observed, model):
    """Rows of the observed star; without ours unless a file of its name was predicted."""
    if not section:
        return
    found = {
        str(row["label"]): row["value"]
        for table in observed
        for row in table
        if section["star"] in str(row["name"]).lower() and str(row["model"]) == model
    }
    star = section["star"].upper().replace("HD", "HD ")
    for row in section["rows"]:
        yield {
            "group": "The observed star",
            "quantity": f"{star}: {row['label']}",
            "model": model,
            "ours": found.get(row["label"]),
            "printed": row["printed"][network],
            "why": [] if found else [f"{star} is not among the observed"],
        }
