"""The article's numbers beside ours, and when the two may be compared."""

import numpy as np
from astropy.table import Table

from skyloom import comparable
from skyloom.sdss.evaluation import masked

_NEED = ("networks", "rows", "notes", "comparable_when")


def read(path):
    """The sections of ``resources/published/sdss.yaml``; see `skyloom.comparable.read`."""
    return comparable.read(path, _NEED)


def reasons_not_comparable(choices, summary, published):
    """Why no number of this run may stand beside the printed ones.

    Parameters
    ----------
    choices : dict
        Dotted names of the config and their values: the keys of ``comparable_when``.
    summary : Table
        As `skyloom.sdss.evaluation.summarise` makes it; it knows how many spectra there were and
        whether they are synthetic, which a folder of synthetic files read as a local one does not
        say in the config.
    published : dict
        As `read` gives it.

    Returns
    -------
    list of str
        Empty when comparable.
    """
    made = {**choices, "sdss.spectra_used": int(summary.meta["spectra"])}
    if summary.meta["synthetic"]:
        made["sdss.source"] = "synthetic"
    return comparable.reasons(published["comparable_when"], made, prefix="sdss.")


def compare(summary, networks, published, choices):
    """Every printed number with ours, where there is one.

    Parameters
    ----------
    summary : Table
    networks : dict of str to dict
        All of ``sdss.networks``.
    published : dict
    choices : dict
        As `reasons_not_comparable` has it.

    Returns
    -------
    Table
        network, split, class, metric, ours, ours_low, ours_high, published, difference (masked
        without ours), as_printed (the class that was printed where another is meant), comparable,
        reason. ``meta["notes"]``: what the article leaves open or says twice.
    """
    common = reasons_not_comparable(choices, summary, published)
    found = {tuple(str(row[k]) for k in ("network", "split", "class")): row for row in summary}
    rows = published["rows"]
    ours, reasons, trained = [], [], []
    for row in rows:
        own = found.get((row["network"], row["split"], row["class"]))
        values = [np.nan] * 3
        if own is not None:
            values = [own[f"{row['metric']}{end}"] for end in ("", "_low", "_high")]
        ours.append([np.nan if np.ma.is_masked(value) else float(value) for value in values])
        trained.append(own is not None)
        reasons.append([*common, *_why(row, networks, published, own)])
    table = Table()
    for name in ("network", "split", "class", "metric"):
        table[name] = [row[name] for row in rows]
    for name, values in zip(("ours", "ours_low", "ours_high"), np.transpose(ours), strict=True):
        table[name] = masked(values)
    table["published"] = [row["printed"] for row in rows]
    table["difference"] = masked(np.array(ours)[:, 0] - np.asarray(table["published"]))
    table["as_printed"] = [row.get("as_printed", "") for row in rows]
    table["comparable"] = [was and not why for was, why in zip(trained, reasons, strict=True)]
    table["reason"] = np.array(["; ".join(why) for why in reasons], dtype=str)
    table.meta.update(
        synthetic=bool(summary.meta["synthetic"]),
        level=float(summary.meta["level"]),
        not_comparable=list(common),
        notes=list(published["notes"]),
    )
    return table


def _why(row, networks, published, own):
    """How a network differs from the one that the article printed."""
    name = row["network"]
    if name not in networks:
        return [f"networks.{name} is not in the config"]
    if own is None:
        return [f"{name} was not trained on {row['split']}"]
    wanted = published["networks"][name]["made_with"]
    entry = {"train_from": None, **networks[name]}
    if "weights" in wanted:
        entry.setdefault("weights", "imagenet")
    rules = [{"key": f"networks.{name}.{key}", "equals": wanted[key]} for key in wanted]
    rules += [
        {"key": f"networks.{name}.{key}", "equals": None}
        for key in ("epochs",)
        if entry.get(key) is not None
    ]
    return comparable.reasons(rules, {f"networks.{name}.{key}": entry[key] for key in entry})
