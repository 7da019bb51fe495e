"""One experiment of any arm: a dataset and a split in; a trained network, its tables, its metrics.

What an arm adds is its task (`skyloom.learn.training.Task`), its labels and what it measures.
"""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from astropy.table import Table

from skyloom import split_tables
from skyloom.io.files import open_hdf5, write_json, write_table
from skyloom.learn import regression
from skyloom.learn.backend import keras

if TYPE_CHECKING:
    from skyloom.learn.checkpoints import Result


@dataclasses.dataclass(kw_only=True)
class Sample:
    """Samples of a dataset and their sides, row by row; an arm adds its labels.

    Attributes
    ----------
    id, part : (N,) str array
    synthetic : bool
    """

    id: np.ndarray
    part: np.ndarray
    synthetic: bool

    def rows(self, *parts):
        """Rows of these sides."""
        return np.flatnonzero(np.isin(self.part, parts))


@dataclasses.dataclass(kw_only=True)
class Fitted:
    """A trained network with its tables; an arm may add tables."""

    network: keras.Model
    history: Table
    predictions: Table
    metrics: dict


def read_sample(
    kind,
    dataset: str | Path,
    split: Table,
    labels: Callable,
    *,
    need: Sequence[str] = ("target",),
    split_name: str = "the split",
):
    """A dataset's samples with their labels and sides.

    Parameters
    ----------
    kind : subclass of Sample
    dataset : path
    split : Table
        Columns id and part.
    labels : callable
        From the open file and its ids to a dict of what `kind` has beside `Sample`.
    need : sequence of str
        Datasets that the file must have, beside `id`.
    split_name : str
        What to call the split in an error.

    Raises
    ------
    InputError
        If the two do not have the same ids, once each, a part is none, or `labels` says so.
    """
    with open_hdf5(dataset, need=[*need, "id"]) as file:
        ids = file["id"][()].astype(str)
        own = labels(file, ids)
        synthetic = bool(file.attrs.get("synthetic", False))
    part = split_tables.parts_of(ids, split, dataset=dataset, split_name=split_name)
    return kind(id=ids, part=part, synthetic=synthetic, **own)


def history(result: Result, names: Sequence[str], meta: dict | None = None):
    """What was recorded of each epoch, as a table.

    Parameters
    ----------
    result : `skyloom.learn.checkpoints.Result`
    names : sequence of str
        Of the columns of its history.
    meta : dict, optional
    """
    table = Table(result.history, names=names, meta=meta)
    table.add_column(np.arange(1, len(table) + 1), name="epoch", index=0)
    return table


def epochs(result, names):
    """The documents' columns: of the epoch with the lowest validation loss, and of the last."""
    best, last = result.history[result.best_epoch - 1], result.history[-1]
    return {
        "epochs": len(result.history),
        "best_epoch": result.best_epoch,
        "best": dict(zip(names, map(float, best), strict=True)),
        "last": dict(zip(names, map(float, last), strict=True)),
    }


def state(made):
    """Folder where an unfinished training is kept, beside the model that is to be `made`."""
    return Path(made["model"]).parent / ".state"


def write(fitted: Fitted, made: Mapping) -> None:
    """Write the network, its tables and its metrics; what was kept to go on with is not needed.

    Parameters
    ----------
    fitted : Fitted
    made : mapping
        Paths of ``model``, ``metrics`` and, by its name, of every table.
    """
    regression.save(fitted.network, made["model"])
    for field in dataclasses.fields(fitted):
        if isinstance(table := getattr(fitted, field.name), Table):
            write_table(table, made[field.name])
    write_json(fitted.metrics, made["metrics"])
    shutil.rmtree(state(made), ignore_errors=True)
