"""Dividing what there is into training, validation and test: groups stay whole, kinds are alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from skyloom.errors import InputError

if TYPE_CHECKING:
    from astropy.table import Table


def apportion(weights: Sequence[float | Fraction] | np.ndarray, total: int) -> np.ndarray:
    """Share out `total` in proportion to weights, by largest remainder.

    Parameters
    ----------
    weights : sequence of int, float or Fraction
        Not negative, one above 0. A float counts as the decimal number that it prints as.
    total : int

    Returns
    -------
    (C,) int array
        Adds up to `total`; each share is its quota rounded down or up. Equal remainders go to the
        larger weight first, then to the earlier one.
    """
    weights = [Fraction(str(weight)) for weight in weights]
    # Whole numbers throughout: no remainder is decided by rounding.
    quotas = [weight * int(total) / sum(weights) for weight in weights]
    shares = [int(quota) for quota in quotas]
    order = sorted(range(len(weights)), key=lambda k: (shares[k] - quotas[k], -weights[k], k))
    for place in order[: int(total) - sum(shares)]:
        shares[place] += 1
    return np.array(shares, np.int64)


def in_order(
    rows: Table, *, key: str = "id", what: str = "", source: str = "inventory"
) -> tuple[Table, np.ndarray]:
    """Rows by their id, so that a split does not depend on the order in which they were found.

    Parameters
    ----------
    rows : Table
    key : str
        The column of ids.
    what, source : str
        What an id is of, and the table's name, for the message.

    Returns
    -------
    Table, (N,) str array
        The rows, and their ids.

    Raises
    ------
    InputError
        If an id occurs twice.
    """
    names = np.asarray(rows[key]).astype(str)
    order = np.argsort(names, kind="stable")
    names = names[order]
    twice = names[:-1][names[1:] == names[:-1]]
    if len(twice):
        raise InputError(
            f"The {source} lists {what}{twice[0]} twice, which could put it on two sides of the "
            f"split: remove {source}.ecsv and run again."
        )
    return rows[order], names


def assign(groups: np.ndarray, strata: np.ndarray, share: Callable, seed: Callable) -> np.ndarray:
    """The part of each row.

    Parameters
    ----------
    groups : (N,) int array
        The group of each row, numbered from 0; a group is in one part.
    strata : (G,) array
        The stratum of each group.
    share : callable
        ``share(stratum, sizes) -> (n,)``: the parts of a stratum's groups in their random order,
        which have these numbers of rows.
    seed : callable
        ``seed(stratum)``: a stream a stratum, so that its groups are drawn alike whatever the
        others hold.

    Returns
    -------
    (N,) str array
    """
    sizes, part = np.bincount(groups, minlength=len(strata)), np.empty(len(strata), "U10")
    for stratum in np.unique(strata):
        own = np.flatnonzero(strata == stratum)
        own = own[np.random.default_rng(seed(stratum)).permutation(len(own))]
        part[own] = share(stratum, sizes[own])
    return part[groups]


def parts(count: int, *, test: int, validation: int) -> np.ndarray:
    """Parts of `count` groups: first those of the test, then the validation, then the rest."""
    return np.repeat(["test", "validation", "train"], [test, validation, count - test - validation])
