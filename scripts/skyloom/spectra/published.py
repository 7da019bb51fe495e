"""The documents' numbers beside ours, and when the two may be compared."""

import numpy as np
from astropy.table import MaskedColumn, Table

from skyloom import comparable

_NEED = {
    "helium": ("table_4", "ratio", "table_5", "dataset", "comparable_when"),
    "stellar": ("table", "dataset", "comparable_when"),
}
#: Sections of a document's numbers whose rows are columns of the table of members.
_TABLES = ("table_4", "table")


def read(path, arm):
    """The sections of ``resources/published/<arm>.yaml``; see `skyloom.comparable.read`."""
    return comparable.read(path, _NEED[arm])


def compare(members, content, choices, *, arm, observed=None):
    """The printed numbers, one row each, with ours where there are any.

    Parameters
    ----------
    members : Table
        As `skyloom.spectra.evaluation.members` makes it; each of ours is the mean over the members
        of what one network gives, as the documents had one.
    content : dict
        As `read` gives it.
    choices : dict
        Dotted names of the config and their values: the keys of ``comparable_when``.
    arm : {'helium', 'stellar'}
    observed : Table, optional
        Predictions of observed stars: for the star of the document's table 5.

    Returns
    -------
    Table
        quantity, network, ours, published, difference (both masked where there is none of ours),
        comparable, reason.
    """
    dataset = content["dataset"]
    reasons = _reasons(members, content, choices, arm)
    of_dataset = members[np.asarray(members["dataset"]).astype(str) == dataset]
    rows = []
    for network in content["networks"]:
        own = of_dataset[np.asarray(of_dataset["network"]).astype(str) == network]
        why = [] if len(own) else [f"{network} was not trained on {dataset}"]
        for name in _TABLES:
            for row in content.get(name, []):
                ours = _mean(own, row["part"], row["ours"])
                rows.append((row["quantity"], network, ours, row["printed"][network], why))
        if "ratio" in content:
            printed = content["ratio"]["mae_of_the_mean"] / content["ratio"]["mae"][network]
            name = "ratio to always predicting the mean"
            rows.append((name, network, _mean(own, "test", "ratio"), printed, why))
        rows += _star(content.get("table_5"), network, observed, dataset)
    table = Table()
    table["quantity"] = np.array([row[0] for row in rows], dtype=str)
    table["network"] = np.array([row[1] for row in rows], dtype=str)
    table["ours"] = _masked([row[2] for row in rows])
    table["published"] = _masked([row[3] for row in rows])
    table["difference"] = _masked([row[2] - row[3] for row in rows])
    table["comparable"] = [not reasons and not row[4] for row in rows]
    table["reason"] = np.array(["; ".join([*reasons, *row[4]]) for row in rows], dtype=str)
    synthetic = bool(members.meta["synthetic"])
    table.meta.update(synthetic=synthetic, arm=arm, not_comparable=list(reasons))
    return table


def _reasons(members, content, choices, arm):
    """Why no number of this run may stand beside the printed ones."""
    made = {**choices, f"{arm}.spectra_used": int(members.meta["spectra"])}
    train = np.asarray(members["part"]).astype(str) == "train"
    if train.any():
        made[f"{arm}.training_spectra"] = int(np.max(members["spectra"][train]))
    # A folder of synthetic files read as a local one does not say so in the config.
    if members.meta["synthetic"]:
        made[f"{arm}.source"] = "synthetic"
    return comparable.reasons(content["comparable_when"], made, prefix=f"{arm}.")


def _mean(own, part, column):
    here = own[np.asarray(own["part"]).astype(str) == part]
    return float(np.ma.mean(here[column])) if len(here) else np.nan


def _star(section, network, observed, dataset):
    """Rows of the observed star; without ours unless a file of its name was predicted."""
    if not section:
        return []
    found = {}
    if observed is not None and len(observed):
        names = np.asarray(observed["name"]).astype(str)
        own = [section["star"] in name.lower() for name in names]
        own &= np.asarray(observed["model"]).astype(str) == f"{dataset}_{network}"
        found = {str(row["label"]): float(row["value"]) for row in observed[own]}
    star = section["star"].upper().replace("HD", "HD ")
    why = [] if found else [f"{star} is not among the observed"]
    return [
        (
            f"{star}: {row['label']}",
            network,
            found.get(row["label"], np.nan),
            row["printed"][network],
            why,
        )
        for row in section["rows"]
    ]


def _masked(values):
    values = np.array(values, dtype=float)
    return MaskedColumn(values, mask=~np.isfinite(values), fill_value=np.nan)
