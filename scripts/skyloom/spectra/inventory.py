"""One inventory of an arm's spectra from those of its blocks."""

import numpy as np
from astropy.table import Table, vstack

from skyloom.errors import InputError


def merge(tables, rejects):
    """Put the blocks' tables together, each spectrum once.

    Parameters
    ----------
    tables : sequence of Table
        file, id and the labels of each block's good spectra; ``meta`` has labels and synthetic.
    rejects : sequence of Table
        file, reason of each block.

    Returns
    -------
    inventory : Table
        In the blocks' order. A spectrum whose id an earlier one has is left out.
    rejects : Table
        file, reason, sorted by file.

    Raises
    ------
    InputError
        If no spectrum is left, or blocks differ in their labels.
    """
    labels = [list(table.meta["labels"]) for table in tables]
    if any(own != labels[0] for own in labels):
        raise InputError("The blocks differ in their labels: remove them and run again.")
    synthetic = any(bool(table.meta["synthetic"]) for table in tables)
    lost = [(str(row["file"]), str(row["reason"])) for table in rejects for row in table]
    # Empty tables may have lost their columns' types on the way through a file.
    full = [table for table in tables if len(table)]
    if not full:
        raise InputError(_nothing_left(lost))
    inventory = vstack(full, metadata_conflicts="silent")
    names, files = (np.asarray(inventory[key]).astype(str) for key in ("id", "file"))
    first, keep = {}, np.ones(len(names), bool)
    for row, name in enumerate(names):
        if first.setdefault(name, row) != row:
            keep[row] = False
            reason = (
                f"{files[row]} has the labels of {files[first[name]]}, which is used: keep one."
            )
            lost.append((files[row], reason))
    inventory = inventory[keep]
    inventory.meta = {"labels": labels[0], "synthetic": synthetic}
    lost.sort()
    listed = Table(
        {
            "file": np.array([file for file, _ in lost], str),
            "reason": np.array([reason for _, reason in lost], str),
        },
        meta={"synthetic": synthetic},
    )
    return inventory, listed


def _nothing_left(lost):
    if not lost:
        return "There is no file in the folder of spectra: check the arm's spectra key."
    return (
        f"None of the {len(lost)} files can be used; the first: {lost[0][1]} "
        "Check the arm's spectra and window keys."
    )
