"""One inventory of an arm's spectra from those of its blocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from skyloom.errors import InputError
from skyloom.io import inventory

if TYPE_CHECKING:
    from astropy.table import Table


def merge(tables: Sequence[Table], rejects: Sequence[Table]) -> tuple[Table, Table]:
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
    keys = {"folder": "the arm's spectra key", "keys": "the arm's spectra and window keys"}
    table, lost = inventory.merge(tables, rejects, again=_again, nothing={"of": "spectra", **keys})
    synthetic = table.meta["synthetic"]
    table.meta = {"labels": labels[0], "synthetic": synthetic}
    return table, inventory.rejects(sorted(lost), synthetic=synthetic)


def _again(file, earlier, _):
    return f"{file} has the labels of {earlier}, which is used: keep one."
