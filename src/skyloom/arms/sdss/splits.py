"""Divisions of the sample into training, validation and test, alike in class.

All splits of one seed come from one order of the objects: the test part is its beginning, the
validation part its end, so that the test part of 80/20 lies in that of 70/30, and that in 60/40.
"""

from __future__ import annotations

import zlib

import numpy as np
from astropy.table import Table

from skyloom.errors import InputError
from skyloom.splits import apportion, assign, in_order

#: What `split` can keep together.
BY = ("object", "spectrum")


def sizes(counts: np.ndarray, *, test: float, validation: float) -> tuple[np.ndarray, np.ndarray]:
    """How many spectra of each class the test and the validation part get.

    Parameters
    ----------
    counts : (C,) int array
        Sizes of the classes.
    test : float
        Share of all.
    validation : float
        Share of what is not test; 0 for no validation part.

    Returns
    -------
    test, validation : (C,) int arrays
        Their totals are the shares, rounded, where each class still has one spectrum in each part;
        else the small classes' parts are raised to one.
    """
    counts = np.asarray(counts, np.int64)
    of_test = _shared(counts, test)
    rest = counts - of_test
    of_validation = _shared(rest, validation) if validation else np.zeros_like(counts)
    return of_test, of_validation


def _shared(counts, share):
    total = int(counts.sum())
    found = apportion(counts.tolist(), min(total, max(len(counts), round(share * total))))
    # A class whose quota is rounded to nothing takes one from the class with the most.
    while (found == 0).any() and found.max() > 1:
        found[np.argmax(found)] -= 1
        found[np.argmin(found)] += 1
    return found


def _cut(counts, wanted, most):
    """How many groups, at least one and at most `most`, hold nearly `wanted` spectra."""
    filled = np.cumsum(counts[:most])
    return int(np.argmin(abs(filled - wanted))) + 1


def _parts(group_sizes, of_test, of_validation):
    """The part of each group of one class, in their random order."""
    groups, parts = len(group_sizes), 2 + bool(of_validation)
    part = np.full(groups, "train", dtype="U10")
    first = _cut(group_sizes, of_test, groups - parts + 1)
    part[:first] = "test"
    if of_validation:
        last = _cut(group_sizes[::-1], of_validation, groups - first - 1)
        part[groups - last :] = "validation"
    return part


def _groups(sample, by):
    """The group of each spectrum, (N,) ints, and the class of each group, by its first spectrum."""
    if by not in BY:
        raise InputError(f"sdss.split.by is {by!r}: set it to {' or '.join(BY)}.")
    label = np.asarray(sample["class"], str)
    if by == "spectrum":
        return np.arange(len(sample)), label
    names = np.asarray(sample["object"], str)
    _, first, member = np.unique(names, return_index=True, return_inverse=True)
    # Objects in the order of their first spectra, as by spectrum.
    rank = np.argsort(np.argsort(first))
    return rank[member.reshape(-1)], label[np.sort(first)]


def _check_enough(groups, kind, by, validation):
    if groups < 2 + bool(validation):
        raise InputError(
            f"The class {kind} has {groups} {by}{'s' * (groups != 1)} in the sample, too few for "
            f"training{', validation' * bool(validation)} and test: raise sdss.sample.size, or set "
            "the class's share to 0."
        )


def split(sample, *, test, by, validation, seed):
    """Split table of a sample.

    Parameters
    ----------
    sample : astropy.table.Table
        id, class, object.
    test : float
        Share of the test part: 0.2 for the split called 80/20.
    by : 'object' or 'spectrum'
        What stays on one side: all spectra of an object, or each for itself. By object the numbers
        are exact up to the size of one object's group in each class; an object whose spectra
        differ in class counts with that of the first.
    validation : float
        Share of the training side; 0 for none.
    seed : int

    Returns
    -------
    astropy.table.Table
        id, part (train, validation, test), sorted by id. Depends on the seed and the spectra, not
        on their order.

    Raises
    ------
    InputError
        If a share is not possible, a class has too few objects to be in each part, or an id occurs
        twice.
    """
    if not (0 < test < 1 and 0 <= validation < 1):
        raise InputError(
            f"A test share of {test:g} and a validation share of {validation:g} are not possible: "
            "set sdss.split to shares between 0 and 1."
        )
    sample, names = in_order(sample, source="sample")
    member, label = _groups(sample, by)
    group_sizes = np.bincount(member, minlength=len(label))
    kinds = np.unique(label)
    for kind in kinds:
        _check_enough(int((label == kind).sum()), kind, by, validation)
    counts = [group_sizes[label == kind].sum() for kind in kinds]
    numbers = sizes(counts, test=test, validation=validation)
    of_test, of_validation = (dict(zip(kinds, part, strict=True)) for part in numbers)

    def share(kind, own):
        return _parts(own, of_test[kind], max(1, of_validation[kind]) if validation else 0)

    part = assign(member, label, share, lambda kind: [seed, zlib.crc32(str(kind).encode())])
    table = Table({"id": names, "part": part})
    table.meta = {
        "by": by,
        "test": float(test),
        "validation": float(validation),
        "seed": int(seed),
        "synthetic": bool(sample.meta["synthetic"]),
    }
    return table
