"""One division of the observations into training, validation and test, alike in OBS_CLASS."""

from __future__ import annotations

import numpy as np
from astropy.table import Table

from skyloom.errors import InputError
from skyloom.splits import apportion, assign, in_order, parts

#: Shares of the 11,204 images of the degree project (its table 2).
VALIDATION, TEST = 2161 / 11204, 400 / 11204


def sizes(counts: np.ndarray, *, validation: float, test: float) -> dict[str, np.ndarray]:
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


def split(
    inventory: Table, *, validation: float = VALIDATION, test: float = TEST, seed: int
) -> Table:
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
    inventory, names = in_order(inventory, key="obs_id", what="observation ")
    classes = np.asarray(inventory["obs_class"], np.int64)
    kinds, counts = np.unique(classes, return_counts=True)
    numbers = sizes(counts, validation=validation, test=test)

    def share(kind, own):
        place = np.searchsorted(kinds, kind)
        of = {name: numbers[name][place] for name in ("test", "validation")}
        return parts(len(own), **of)

    part = assign(np.arange(len(names)), classes, share, lambda kind: [seed, int(kind)])
    table = Table({"id": names, "obs_class": classes, "part": part})
    table.meta = {
        "validation": float(validation),
        "test": float(test),
        "seed": int(seed),
        "synthetic": bool(inventory.meta.get("synthetic", False)),
    }
    return table
