"""Which sample of a dataset is on which side of a split."""

import numpy as np

from skyloom.errors import InputError

#: Sides of a split with a validation part.
PARTS = ("train", "validation", "test")


def of(ids, split, *, dataset, split_name="the split"):
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
    sides = dict(zip(np.asarray(split["id"]).astype(str), split["part"], strict=True))
    if len(set(ids)) != len(ids) or len(sides) != len(split) or set(ids) != set(sides):
        raise InputError(
            f"{dataset} and {split_name} do not have the same ids, once each: "
            "they were made from different inventories; make both again."
        )
    part = np.array([str(sides[name]) for name in ids])
    if not np.isin(part, PARTS).all():
        raise InputError(f"{split_name}: part must be one of {', '.join(PARTS)}: make it again.")
    return part
