"""What the files of a folder are good for: each is listed as good, or as a reject with the reason.

Blocks of files are inspected one by one (`inspect`), each into two tables (`table`, `rejects`);
`merge` puts the blocks together and sees what no block can: what occurs twice.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from astropy.table import Table, vstack

from skyloom import prefetch
from skyloom.errors import InputError
from skyloom.io import file_names

if TYPE_CHECKING:
    from skyloom.prefetch import Pool


class Reject(NamedTuple):
    """A file that cannot be used, and why, as tables can hold them."""

    file: str
    reason: str


def inspect(
    read_one: Callable,
    files: Iterable[str],
    *,
    folder: str | Path | None = None,
    pool: Pool | None = None,
):
    """Look at files one by one.

    Parameters
    ----------
    read_one : callable
        From a file's name to what is kept of it; an InputError makes it a reject.
    files : iterable of str
    folder : str or Path, optional
        Taken out of the reasons: they stand beside the file's name, below the folder, in a table
        that may be read on another machine.
    pool : `skyloom.prefetch.Pool`, optional

    Yields
    ------
    What `read_one` gives, or a `Reject`, in the order of the files.
    """

    def look(file):
        try:
            file_names.check_name(file)
            return read_one(file)
        except InputError as error:
            reason = str(error)
            if folder is not None:
                inside = f"{folder}{'' if str(folder).endswith(os.sep) else os.sep}"
                reason = reason.replace(f"{Path(folder) / file}", file).replace(inside, "")
            return Reject(file_names.shown(file), file_names.shown(reason))

    return prefetch.in_order(pool, look, files)


def parted(answers):
    """What `inspect` gives as two lists: the good, and the rejects."""
    answers = list(answers)
    return (
        [one for one in answers if not isinstance(one, Reject)],
        [one for one in answers if isinstance(one, Reject)],
    )


def table(rows: list[Sequence], columns: dict):
    """A table of rows, also of none.

    Parameters
    ----------
    rows : list of sequence
    columns : dict
        A NumPy type by the name of each column.
    """
    parts = zip(*rows, strict=True) if rows else [()] * len(columns)
    return Table(
        {
            name: np.array(values, kind)
            for (name, kind), values in zip(columns.items(), parts, strict=True)
        }
    )


def rejects(lost, *, synthetic):
    """What cannot be used as a table: file, reason, in the order given."""
    listing = table(lost, {"file": str, "reason": str})
    listing.meta = {"synthetic": bool(synthetic)}
    return listing


def first_of_each(
    keys: Sequence[str], files: Sequence[str], again: Callable
) -> tuple[np.ndarray, list[Reject]]:
    """Which rows are the first of their key, and why the others are left out.

    Parameters
    ----------
    keys, files : sequence of str
        Of each row.
    again : callable
        ``again(file, earlier, key)``: the reason for a later row's file.

    Returns
    -------
    (N,) bool array, list of Reject
    """
    first, keep, lost = {}, np.ones(len(keys), bool), []
    for row, (key, file) in enumerate(zip(keys, files, strict=True)):
        earlier = first.setdefault(key, row)
        if earlier != row:
            keep[row] = False
            lost.append(Reject(file, again(file, files[earlier], key)))
    return keep, lost


def merge(tables: Sequence[Table], rejects: Sequence[Table], *, again: Callable, nothing: dict):
    """The blocks' tables as one, each ``id`` once.

    Parameters
    ----------
    tables : sequence of Table
        Of good files, with ``file`` and ``id``, in the order of the files.
    rejects : sequence of Table
    again : callable
        See `first_of_each`.
    nothing : dict
        Keyword arguments of `nothing_left`.

    Returns
    -------
    Table, list of (file, reason)

    Raises
    ------
    InputError
        If nothing is left.
    """
    lost = [(str(row["file"]), str(row["reason"])) for part in rejects for row in part]
    # Empty tables may have lost their columns' types on the way through a file.
    full = [part for part in tables if len(part)]
    if not full:
        raise nothing_left(lost, **nothing)
    merged = vstack(full, metadata_conflicts="silent")
    keys, files = (np.asarray(merged[name]).astype(str).tolist() for name in ("id", "file"))
    keep, twice = first_of_each(keys, files, again)
    merged = merged[keep]
    merged.meta = {"synthetic": any(bool(part.meta["synthetic"]) for part in tables)}
    return merged, [*lost, *twice]


def nothing_left(lost, *, of: str, folder: str, keys: str) -> InputError:
    """The error of a folder without a good file.

    Parameters
    ----------
    lost : list of (file, reason)
    of : str
        What its files are: spectra, images.
    folder, keys : str
        The key that names the folder, and all that decide what is good, as a sentence has them.

    Returns
    -------
    InputError
    """
    if not lost:
        return InputError(f"There is no file in the folder of {of}: check {folder}.")
    return InputError(
        f"None of the {len(lost):,} files can be used; the first: {lost[0][1]} Check {keys}."
    )
