"""One division of the observations into training, validation and test, alike in OBS_CLASS."""

import numpy as np
from astropy.table import Table

from skyloom.errors import InputError

#: Shares of the 11,204 images of the degree project (its table 2).
VALIDATION, TEST = 2161 / 11204, 400 / 11204


def apportion(counts, total):
    """Share out `total` among classes in proportion to their sizes, by largest remainder.

    Parameters
    ----------
    counts : (C,) int array
        Sizes of the classes.
    total : int
        At most their sum.

    Returns
    -------
    (C,) int array
        Adds up to `total`; each share is its quota rounded down or up. Equal remainders go to the
        larger class first, then to the lower number.
    """
    counts = np.asarray(counts, np.int64)
    # Whole numbers throughout: no remainder is decided by rounding.
    floor, remainder = np.divmod(counts * total, max(1, int(counts.sum())))
    order = np.lexsort((np.arange(len(counts)), -counts, -remainder))
    floor[order[: total - int(floor.sum())]] += 1
    return floor


def sizes(counts, *, validation, test):
    """How many images of each class each part gets.

    Parameters
    ----------
    counts : (C,) int array
    validation, test : float
        Shares of all images.

    Returns
    -------
    dict of (C,) int array
        ``train``, ``validation``, ``test``. The parts' totals are the shares of all, rounded, at
        least 1 where the share is not 0.

    Raises
    ------
    InputError
        If no image is left for training.
    """
    counts = np.asarray(counts, np.int64)
    n = int(counts.sum())
    wanted = [max(1, round(share * n)) if share > 0 else 0 for share in (validation, test)]
    if sum(wanted) >= n:
        raise InputError(
            f"{n} images leave none to train on beside validation ({validation:.3g} of them) and "
            f"test ({test:.3g}): point xmm.images to more, or lower the shares in xmm.split."
        )
    # The test side first; validation is drawn from what is left, so no class is overdrawn.
    of_test = apportion(counts, wanted[1])
    held = apportion(counts, sum(wanted))
    of_validation = np.maximum(held - of_test, 0)
    # Rounding can leave a class one below its test share: validation then takes elsewhere.
    surplus = int(of_validation.sum()) - wanted[0]
    for place in np.argsort(-of_validation, kind="stable")[:surplus]:
        of_validation[place] -= 1
    return {"train": counts - of_test - of_validation, "validation": of_validation, "test": of_test}


def split(inventory, *, validation=VALIDATION, test=TEST, seed):
    """Split table of all observations.

    Parameters
    ----------
    inventory : astropy.table.Table
        ``obs_id`` and ``obs_class``, an observation a row.
    validation, test : float
        See `sizes`.
    seed : int

    Returns
    -------
    astropy.table.Table
        id, obs_class, part (train, validation, test), sorted by id. Depends on the seed and the
        observations, not on their order.

    Raises
    ------
    InputError
        If an observation occurs twice, which could put it on two sides.
    """
    names = np.asarray(inventory["obs_id"]).astype(str)
    order = np.argsort(names, kind="stable")
    names, classes = names[order], np.asarray(inventory["obs_class"], np.int64)[order]
    twice = names[:-1][names[1:] == names[:-1]]
    if len(twice):
        raise InputError(
            f"The inventory lists observation {twice[0]} twice, which could put it on two sides "
            "of the split: remove inventory.ecsv and run again."
        )
    kinds, counts = np.unique(classes, return_counts=True)
    numbers = sizes(counts, validation=validation, test=test)
    part = np.full(len(names), "train", dtype="U10")
    for place, kind in enumerate(kinds):
        rows = np.flatnonzero(classes == kind)
        # A stream a class: its members are drawn alike whatever the other classes hold.
        rows = rows[np.random.default_rng([seed, int(kind)]).permutation(len(rows))]
        of_test, of_validation = numbers["test"][place], numbers["validation"][place]
        part[rows[:of_test]] = "test"
        part[rows[of_test : of_test + of_validation]] = "validation"
    table = Table({"id": names, "obs_class": classes, "part": part})
    table.meta = {
        "validation": float(validation),
        "test": float(test),
        "seed": int(seed),
        "synthetic": bool(inventory.meta.get("synthetic", False)),
    }
    return table
