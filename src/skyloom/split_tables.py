"""Which sample of a dataset is on which side of a split."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skyloom.errors import InputError
from skyloom.io.columns import numbers, where

if TYPE_CHECKING:
    from astropy.table import Table

#: Sides of a split with a validation part.
PARTS = ("train", "validation", "test")


def parts_of(
    ids: np.ndarray, split: Table, *, dataset: str | Path, split_name: str | Path = "the split"
) -> np.ndarray:
    """The side of each sample.

    Parameters
    ----------
    ids : (N,) array of str
        Of the dataset.
    split : Table
        Columns id and part.
    dataset, split_name : str or path
        What to call them in an error.

    Returns
    -------
    (N,) array of str
        One of `PARTS` each.

    Raises
    ------
    InputError
        If the two do not have the same ids, once each, or a part is none.
    """
    rows = rows_of(ids, split["id"], dataset=dataset, name=split_name)
    part = np.asarray(split["part"]).astype(str)[rows]
    if not np.isin(part, PARTS).all():
        raise InputError(f"{split_name}: part must be one of {', '.join(PARTS)}: make it again.")
    return part


def rows_of(
    ids: np.ndarray, other: np.ndarray, *, dataset: str | Path, name: str | Path
) -> np.ndarray:
    """Rows of `other` in the order of `ids`.

    Parameters
    ----------
    ids, other : (N,) arrays of str
    dataset, name : str or path
        What to call what has the first and what has the second, in an error.

    Returns
    -------
    (N,) int array

    Raises
    ------
    InputError
        If the two are not the same ids, once each.
    """
    ids, other = (np.asarray(names).astype(str).tolist() for names in (ids, other))
    place, wrong = {value: row for row, value in enumerate(other)}, []
    if len(set(ids)) != len(ids) or len(place) != len(other):
        wrong = ["one of them names a sample twice"]
    for lacking, having, missing in (
        (name, dataset, sorted(set(ids) - set(other))),
        (dataset, name, sorted(set(other) - set(ids))),
    ):
        if missing:
            count = f"{len(missing)} of the ids of {having}, {missing[0]} first"
            wrong.append(f"{lacking} lacks {count}")
    if wrong:
        raise InputError(
            f"{dataset} and {name} do not have the same ids, once each ({'; '.join(wrong)}): they "
            "were made from different inputs; make both again."
        )
    return np.array([place[value] for value in ids], dtype=int)


def check_predictions(
    name: str,
    table: Table,
    *,
    remedy: str,
    rate: str,
    finite: Sequence[str] = (),
    probabilities: Sequence[str] = (),
) -> Table:
    """The rows of the test side; refuses predictions that cannot be judged.

    Parameters
    ----------
    name : str
        What was trained.
    table : Table
    remedy : str
        What to do where no row is of the test side.
    rate : str
        The key of the learning rate, for values that are none.
    finite, probabilities : sequence of str
        Columns of numbers, and of numbers from 0 to 1.

    Returns
    -------
    Table

    Raises
    ------
    InputError
    """
    test = where(table, part="test")
    if not len(test):
        raise InputError(f"{name} have no row with part = test: {remedy} and train again.")
    for column in (*finite, *probabilities):
        values = numbers(table[column])
        if column in probabilities and not ((values >= 0) & (values <= 1)).all():
            wrong = "is not a probability"
        elif not np.isfinite(values).all():
            wrong = "has values that are not finite"
        else:
            continue
        raise InputError(f"{name}: {column} {wrong}; train it again, with a smaller {rate}.")
    return test
