"""How much better a network seems when it has learnt from the very galaxies it is tested on.

A galaxy is in the sample once a snapshot. A random split puts some of its images on the training
side and others on the test side (leakage; Kapoor & Narayanan 2023, Patterns 4, 100804); the split
by lineage does not. Two comparisons, with the same seeds:

``own_test``: each split judged on its own test side, as a study that uses it would be. The test
sides differ, so chance in who is tested is part of the difference, and of its interval.

``same_test``: on the SAME test images, once without and once with other images of the same galaxies
among the training images, of which there are as many in both. Nothing else differs.
"""

from __future__ import annotations

import numpy as np
from astropy.table import Table

from skyloom.arms.tng import ensemble
from skyloom.errors import InputError
from skyloom.io.columns import masked, numbers, of_rows
from skyloom.judge import bootstrap, metrics, resampling

#: Parts that the images of galaxies seen several times are dealt out to.
FOLDS = 2
#: Ways to train, in the order of the tables.
TRAININGS = ("lineage", "random", *(f"siblings_{fold}" for fold in range(FOLDS)))


def siblings_split(split: Table, fold: int, *, seed: int) -> Table:
    """A split with the test galaxies' siblings on the training side.

    Parameters
    ----------
    split : Table
        By lineage: id, lineage_id, component, part and more.
    fold : int
        Below `FOLDS`. Of the images of each galaxy that the test side of `split` has several times,
        every `FOLDS`-th is tested, and the others are learnt from; over all folds each of them is
        tested once.
    seed : int

    Returns
    -------
    Table
        As `split`, with part ``test``, ``train`` (as many as `split` has: training images, drawn
        at random, make room for the siblings) or ``unused``.

    Raises
    ------
    InputError
        If no lineage is known, no galaxy of the test side is there twice, or siblings leave no
        room.
    """
    part = np.asarray(split["part"]).astype(str)
    lineage = np.asarray(split["lineage_id"])
    rng = np.random.default_rng([seed, len(split)])
    new = np.where(part == "train", "train", "unused").astype("<U6")
    for name in np.unique(lineage[(part == "test") & (lineage >= 0)]):
        rows = np.flatnonzero((lineage == name) & (part == "test"))
        # Drawn for single ones too, so that a galaxy's place does not depend on the others.
        place = (np.arange(len(rows)) + rng.integers(FOLDS)) % FOLDS
        if len(rows) > 1:
            new[rows] = np.where(place == fold, "test", "train")
    if not np.any(lineage >= 0):
        raise InputError(
            "No galaxy has a known lineage, so which images are of the same galaxy cannot be said: "
            "put the SubLink merger trees beside the simulation, or take leakage out of tng.beyond."
        )
    if not np.any(new == "test"):
        raise InputError(
            "No galaxy of the test side is there in two snapshots, so none can leak: give more "
            "tng.snapshots, or take leakage out of tng.beyond."
        )
    old = np.flatnonzero(part == "train")
    siblings = np.count_nonzero(new == "train") - len(old)
    if siblings >= len(old):
        raise InputError(
            f"The {siblings} siblings of test galaxies are as many as the {len(old)} training "
            "images that make room for them: lower tng.split.test_fraction."
        )
    new[rng.permutation(old)[:siblings]] = "unused"
    changed = split.copy()
    changed["part"] = new
    changed.meta = {**split.meta, "by": f"siblings_{fold}"}
    return changed


def siblings(split: Table) -> tuple[np.ndarray, np.ndarray]:
    """Which images have another of the same lineage, and of the same group, that is learnt from.

    Parameters
    ----------
    split : Table

    Returns
    -------
    lineage, component : (N,) bool array
    """
    train = np.asarray(split["part"]).astype(str) == "train"
    lineage, component = np.asarray(split["lineage_id"]), np.asarray(split["component"])
    own = np.isin(lineage, lineage[train & (lineage >= 0)]) & (lineage >= 0)
    return own, np.isin(component, component[train])


def measure(
    case: str, predictions: dict, splits: dict, *, samples, level, seed
) -> tuple[Table, Table]:
    """Both comparisons of one case.

    Parameters
    ----------
    case : str
    predictions, splits : dict
        Members' predictions and the split, by name of `TRAININGS`; those of siblings may be absent.
    samples, level, seed
        Draws, coverage of intervals, seed.

    Returns
    -------
    comparisons : Table
        One row a comparison: case, comparison, n_clean, n_leaky (test images), siblings_clean,
        siblings_leaky (those with an image of the same galaxy on the training side); r_clean,
        r_leaky, r_difference (leaky less clean) and error_clean, error_leaky, error_difference
        (root mean square, dex), each with its interval; probability (share of draws in which
        leakage raises r). A correlation is the mean over seeds by way of Fisher's z, an error the
        geometric mean.
    members : Table
        One row a training and test side: case, training, tested, member, seed, n_train, n_test,
        siblings, linked (test images with a training image of the same lineage, or of the same
        independent group), r, error.

    Raises
    ------
    InputError
        If the tables do not belong to each other.
    """
    tests = {name: _test(name, predictions[name], splits[name]) for name in predictions}
    options = {"samples": samples, "level": level, "seed": seed}
    rows = [_compare("own_test", [tests["lineage"]], [tests["random"]], options)]
    folds = [tests[name] for name in TRAININGS if name.startswith("siblings") and name in tests]
    if folds:
        clean = [_only(tests["lineage"], fold) for fold in folds]
        rows.append(_compare("same_test", clean, folds, options))
    comparisons = of_rows([{"case": case, **row} for row in rows])
    for name in comparisons.colnames:
        if name.startswith("error"):
            comparisons[name].unit = "dex"
    members = _members(case, tests, predictions, splits)
    for table in (comparisons, members):
        table.meta["synthetic"] = bool(predictions["lineage"].meta.get("synthetic", False))
        table.meta.update(level=float(level), samples=int(samples))
    return comparisons, members


def _test(name, predictions, split):
    """The test side of one training, with which of its images have a sibling."""
    test = ensemble.read_test(predictions, f"members trained on the split {name}")
    ids = np.asarray(split["id"]).astype(str)
    wanted = ids[np.asarray(split["part"]).astype(str) == "test"]
    if not np.array_equal(np.sort(wanted), np.sort(test.id)):
        raise InputError(
            f"members trained on {name} have other test images than that split: train again."
        )
    order = np.argsort(ids)
    rows = order[np.searchsorted(ids, test.id, sorter=order)]
    return test, *(which[rows] for which in siblings(split))


def _only(clean, leaky):
    """The images of one test side that another has too, in its order."""
    place = {value: row for row, value in enumerate(clean[0].id)}
    rows = [place[value] for value in leaky[0].id]
    test = clean[0]
    chosen = resampling.Test(
        test.id[rows], test.true[rows], test.predicted[:, rows], test.groups[rows]
    )
    return chosen, clean[1][rows], clean[2][rows]


def _compare(comparison, clean, leaky, options):
    """One row: leaky less clean, of arms that are one test side or several."""
    row = {"comparison": comparison}
    for side, tests in (("clean", clean), ("leaky", leaky)):
        row[f"n_{side}"] = sum(len(test.id) for test, _, _ in tests)
        row[f"siblings_{side}"] = sum(int(np.sum(own)) for _, own, _ in tests)
    arms = [[test for test, _, _ in tests] for tests in (clean, leaky)]
    level = options["level"]
    drawing = {"samples": options["samples"], "seed": options["seed"]}
    for name, score, back in (
        ("r", resampling.FISHER_Z, np.tanh),
        ("error", resampling.LOG_ERROR, np.exp),
    ):
        drawn = resampling.draw(arms, **drawing, score=score)
        values, spread = back(drawn.value), back(drawn.mean)
        spread = np.column_stack([spread, spread[:, 1] - spread[:, 0]])
        low, high = bootstrap.percentiles(spread, level)
        for number, side in enumerate(("clean", "leaky", "difference")):
            row[f"{name}_{side}"] = [*values, values[1] - values[0]][number]
            row[f"{name}_{side}_low"], row[f"{name}_{side}_high"] = low[number], high[number]
        if name == "r":
            row["probability"] = ensemble.share_above(spread[:, 1], spread[:, 0])
    return row


def _members(case, tests, predictions, splits):
    """One row a training and test side: its own, and for the clean one that of every fold too."""
    sides = [(name, name, tests[name]) for name in tests]
    sides += [
        ("lineage", name, _only(tests["lineage"], tests[name]))
        for name in tests
        if name.startswith("siblings")
    ]
    rows = []
    for training, tested, (test, own, linked) in sides:
        part = np.asarray(splits[training]["part"]).astype(str)
        for number, seed in enumerate(predictions[training].meta["seeds"]):
            predicted = test.predicted[number]
            rows.append(
                {
                    "case": case,
                    "training": training,
                    "tested": tested,
                    "member": number + 1,
                    "seed": int(seed),
                    "n_train": int(np.sum(part == "train")),
                    "n_test": len(test.id),
                    "siblings": int(own.sum()),
                    "linked": int(linked.sum()),
                    "r": metrics.pearson_r(test.true, predicted),
                    "error": metrics.root_mean_square_error(test.true, predicted),
                }
            )
    table = Table({name: [row[name] for row in rows] for name in rows[0]})
    table["r"] = masked(table["r"])
    table["error"].unit = "dex"
    return table


def per_seed(members: Table, comparison: str):
    """Correlation of every seed in one comparison, folds averaged by way of Fisher's z.

    Parameters
    ----------
    members : Table
        Of one case, as `measure` makes it.
    comparison : {'own_test', 'same_test'}

    Returns
    -------
    clean, leaky : (M,) array
    """
    training = np.asarray(members["training"]).astype(str)
    tested = np.asarray(members["tested"]).astype(str)
    if comparison == "own_test":
        chosen = [(training == name) & (tested == name) for name in ("lineage", "random")]
    else:
        folds = np.char.startswith(tested, "siblings")
        chosen = [folds & (training == "lineage"), folds & (training == tested)]
    r = numbers(members["r"])
    number = np.asarray(members["member"])
    z = np.arctanh(np.clip(r, -1 + 1e-12, 1 - 1e-12))
    return tuple(
        np.tanh([z[rows & (number == member)].mean() for member in np.unique(number[rows])])
        for rows in chosen
    )
