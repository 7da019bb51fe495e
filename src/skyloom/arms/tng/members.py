"""One case trained several times, each with a seed of its own."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skyloom.arms.tng import experiments as cases
from skyloom.errors import InputError
from skyloom.io.files import read_json, write_json
from skyloom.split_tables import rows_of

if TYPE_CHECKING:
    from astropy.table import Table

    from skyloom.arms.tng.experiments import Case


def seeds(seed: int, members: int) -> list[int]:
    """Seeds of the members: the run's own first, then ones drawn from it.

    Parameters
    ----------
    seed : int
    members : int

    Returns
    -------
    list of int
        More members have the same first ones.
    """
    drawn = np.random.SeedSequence([seed, 1]).generate_state(members - 1)
    return [int(seed), *(int(value) for value in drawn)]


def fit(
    case: Case,
    *,
    options: dict,
    seed: int,
    members: int,
    first: Table | None = None,
    state_folder: str | Path | None = None,
    label: str = "network",
) -> Table:
    """Train the head on a case once a seed; no controls.

    Parameters
    ----------
    case : skyloom.arms.tng.experiments.Case
    options : dict
        The keys of ``tng.training``.
    seed, members : int
        See `seeds`.
    first : Table, optional
        Predictions of the first member, where it was trained already: id and predicted.
    state_folder : path, optional
        Members that are done and the one under way are kept there, to be gone on with after a
        kill. The caller removes it when its own outputs are safe.
    label : str
        For the progress bar.

    Returns
    -------
    Table
        id, part, component, true and member_1 and so on; the metadata have the seeds.

    Raises
    ------
    InputError
        If `first` is of other images.
    """
    own = seeds(seed, members)
    columns = {}
    for number, member_seed in enumerate(own, 1):
        name = f"member_{number}"
        if number == 1 and first is not None:
            columns[name] = _of_first(case, first)
            continue
        folder = Path(state_folder) / name if state_folder else None
        shown = f"{label}, seed {number} of {members}"
        columns[name] = _train(case, options, member_seed, folder, shown)
    table = cases.table(case, **columns)
    table.meta["seeds"] = own
    return table


def _of_first(case, first):
    """Predictions of a table in the order of the case's images."""
    name = f"predictions of {case.variant}"
    rows = rows_of(case.id, first["id"], dataset=f"the dataset {case.variant}", name=name)
    if not np.array_equal(np.asarray(first["part"]).astype(str)[rows], case.part):
        raise InputError(f"{name} were made on another split: train the case again.")
    return np.asarray(first["predicted"], dtype=np.float64)[rows]


def _train(case, options, seed, folder, label):
    """Predictions of one member, from `folder` where it was trained there in the same way."""
    done = folder / "done.json" if folder else None
    digest = _digest(case, options, seed)
    if done and done.exists():
        found = read_json(done)
        if found.get("digest") == digest:
            return np.array(found["predicted"])
    fitted = cases.fit(
        case, options=options, seed=seed, state_folder=folder, with_controls=False, label=label
    )
    predicted = np.asarray(fitted.predictions["predicted"])
    if done:
        # JSON keeps every digit of a double.
        write_json({"digest": digest, "predicted": predicted.tolist()}, done)
    return predicted


def _digest(case, options, seed):
    """A hash of everything that a member's predictions depend on."""
    digest = hashlib.sha256(json.dumps([options, seed], sort_keys=True).encode())
    for array in (case.features, case.target, case.rows("train"), case.rows("test")):
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()
