"""One division of a grid's spectra into training, validation and test."""

from __future__ import annotations

import numpy as np
from astropy.table import Table

from skyloom.errors import InputError
from skyloom.splits import assign, in_order, parts

#: What `split` can divide by.
BY = ("random", "model")


def sizes(count: int, *, validation: float, test: float) -> dict:
    """How many of `count` each part gets.

    Parameters
    ----------
    count : int
    validation, test : float
        Shares of all.

    Returns
    -------
    dict
        ``train``: floor((1 - validation - test) count); the rest is parted in proportion,
        ``validation`` rounded down. 51,359 with 0.125 and 0.125 gives 38,519, 6,420 and 6,420.

    Raises
    ------
    InputError
        If a part would be empty.
    """
    # A hair more than the product, which may fall short of a whole number by rounding.
    train = int(np.floor((1 - validation - test) * count + 1e-9))
    held = count - train
    of_validation = int(np.floor(held * validation / (validation + test) + 1e-9))
    found = {"train": train, "validation": of_validation, "test": held - of_validation}
    empty = [part for part, number in found.items() if number <= 0]
    if empty:
        raise InputError(
            f"{count} spectra or models leave none for {' and '.join(empty)} with split.validation "
            f"{validation:g} and split.test {test:g}: use more spectra, or change the shares."
        )
    return found


def groups(inventory: Table, by: str):
    """Which spectra must stay together: (N,) int array.

    Parameters
    ----------
    inventory : astropy.table.Table
    by : 'random' or 'model'
        Every spectrum for itself, or all rotations of one model: all labels but those of a
        velocity, named v_ and so on.
    """
    if by not in BY:
        raise InputError(f"split.by is {by!r}: set it to one of {', '.join(BY)}.")
    if by == "random":
        return np.arange(len(inventory))
    names = [name for name in inventory.meta["labels"] if not name.startswith("v_")]
    rows = np.stack([np.asarray(inventory[name], np.float64) for name in names], axis=1)
    return np.unique(rows, axis=0, return_inverse=True)[1].reshape(-1)


def split(inventory: Table, *, by: str, validation: float, test: float, seed: int) -> Table:
    """Split table of all spectra.

    Parameters
    ----------
    inventory : astropy.table.Table
        id and the labels that ``meta["labels"]`` names.
    by : 'random' or 'model'
        See `groups`. By random the rotations of one model are on all sides, so that the test says
        how well the network interpolates in v; by model it has seen no rotation of a test model.
    validation, test : float
        Shares, of the spectra or of the models.
    seed : int

    Returns
    -------
    astropy.table.Table
        id, part (train, validation, test), sorted by id. Depends on the seed and the spectra, not
        on their order.

    Raises
    ------
    InputError
        If a part would be empty or an id occurs twice.
    """
    inventory, names = in_order(inventory)
    member = groups(inventory, by)
    count = int(member.max()) + 1 if len(member) else 0
    numbers = sizes(count, validation=validation, test=test)
    numbers.pop("train")
    part = assign(
        member, np.zeros(count), lambda _, sizes: parts(len(sizes), **numbers), lambda _: seed
    )
    return Table(
        {"id": names, "part": part},
        meta={
            "by": by,
            "validation": float(validation),
            "test": float(test),
            "seed": int(seed),
            "synthetic": bool(inventory.meta["synthetic"]),
        },
    )
