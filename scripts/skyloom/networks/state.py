"""A training that can be killed at any time and goes on from its last state to the same bits."""

import abc
import dataclasses
import hashlib
import json
import time
from pathlib import Path

import numpy as np

from skyloom.errors import InputError
from skyloom.io import atomic_hdf5, create_dataset, open_hdf5
from skyloom.progress import track


@dataclasses.dataclass(frozen=True)
class Schedule:
    """How long and how fast to train; a trainer adds what else it needs.

    Attributes
    ----------
    epochs : int
        Most passes over the training side.
    batch_size : int
    patience : int
        Training stops after so many epochs without a lower validation loss.
    learning_rate : float
        Of Adam.
    restore : {'best', 'last'}
        Which weights predict: those of the lowest validation loss, or the latest.
    """

    epochs: int
    batch_size: int = 64
    patience: int = 50
    learning_rate: float = 0.001
    restore: str = "best"

    def __post_init__(self):
        """Refuse what cannot be trained with; names the key and what is allowed."""
        if self.restore not in ("best", "last"):
            raise InputError(f"training.restore is {self.restore!r}: choose best or last.")
        for key in ("epochs", "batch_size", "patience", "learning_rate"):
            if not getattr(self, key) > 0:
                raise InputError(f"training.{key} is {getattr(self, key)}: it must be positive.")


class Resumable(abc.ABC):
    """What changes from epoch to epoch, kept in a file; a trainer adds how an epoch is learnt.

    Parameters
    ----------
    network : keras.Model
        With its first weights.
    optimizer : keras.optimizers.Optimizer
        Built for that network.
    facts : list
        All that the training depends on besides the network, as JSON can hold it.
    arrays : sequence of array
        The same of what JSON cannot hold.

    Attributes
    ----------
    epoch : int
        Epochs done.
    history : list of tuple
        One an epoch.
    best, best_loss, best_epoch
        Weights of the lowest loss that is watched, and where they were found.
    finished : bool
        Whether to stop before the last epoch.
    """

    finished = False

    def __init__(self, network, optimizer, facts, arrays):
        self.network, self.optimizer = network, optimizer
        layers = [layer.get_config() for layer in network.layers]
        digest = hashlib.sha256(json.dumps([*facts, layers], default=str).encode())
        for array in (*arrays, *network.get_weights()):
            digest.update(np.ascontiguousarray(array))
        self.fingerprint = digest.hexdigest()
        self.epoch, self.history = 0, []
        self.best, self.best_loss, self.best_epoch = network.get_weights(), np.inf, 0

    @abc.abstractmethod
    def advance(self, epoch):
        """Learn from every training row once, then judge: calls `end_epoch`."""

    def shown(self):
        """What stands behind the progress bar after an epoch: name -> text or number."""
        return {}

    # Most trainers keep nothing besides: these two need not be written.
    def save_more(self, file):  # noqa: B027
        """Write what a trainer keeps besides."""

    def load_more(self, file):  # noqa: B027
        """Read what `save_more` wrote."""

    def run(self, epochs, *, state_path, save_every, label):
        """Go on from a state of this very training, if there is one, to the last epoch.

        Parameters
        ----------
        epochs : int
        state_path : path or None
        save_every : float
            Seconds between savings.
        label : str
            For the progress bar.
        """
        self.resume(state_path)
        saved = time.monotonic()
        bar = track(range(self.epoch + 1, epochs + 1), label=label, unit="epoch")
        for epoch in bar:
            if self.finished:
                break
            self.advance(epoch)
            bar.set_postfix(self.shown(), refresh=False)
            if state_path and time.monotonic() - saved >= save_every:
                self.save(state_path)
                saved = time.monotonic()
        bar.close()

    def end_epoch(self, epoch, row, loss):
        """Note an epoch and keep its weights where `loss`, which is watched, is the lowest."""
        self.epoch = epoch
        self.history.append(row)
        if loss < self.best_loss:
            self.best, self.best_loss, self.best_epoch = self.network.get_weights(), loss, epoch

    def chosen(self, which):
        """The weights that predict: those of the 'best' epoch or the 'last' ones."""
        return self.best if which == "best" else self.network.get_weights()

    def _variables(self):
        """All that changes: weights, statistics, generators, the optimizer's memory."""
        return [*self.network.variables, *self.optimizer.variables]

    def save(self, path):
        """Write the state, complete or not at all."""
        with atomic_hdf5(path) as file:
            for key in ("fingerprint", "epoch", "best_epoch", "best_loss"):
                file.attrs[key] = getattr(self, key)
            create_dataset(file, "history", np.array(self.history))
            for index, variable in enumerate(self._variables()):
                create_dataset(file, f"variables/{index:03d}", np.asarray(variable))
            for index, array in enumerate(self.best):
                create_dataset(file, f"best/{index:03d}", array)
            self.save_more(file)

    def resume(self, path):
        """Take up the state in `path`, if it is there and of this very training."""
        if not path or not Path(path).exists():
            return
        try:
            with open_hdf5(path, need=["variables", "best", "history"]) as file:
                if file.attrs["fingerprint"] != self.fingerprint:
                    return
                kept = {"epoch": int, "best_epoch": int, "best_loss": float}
                found = {name: kind(file.attrs[name]) for name, kind in kept.items()}
                found["history"] = [tuple(row) for row in file["history"][()]]
                found["best"] = [item[()] for _, item in sorted(file["best"].items())]
                values = self._read_variables(file)
                self.load_more(file)
        except (InputError, TypeError, ValueError):
            # Not a state of ours, or a damaged one, of which nothing is taken: begin anew.
            return
        for name, value in found.items():
            setattr(self, name, value)
        for variable, value in zip(self._variables(), values, strict=True):
            variable.assign(value)

    def _read_variables(self, file):
        """Stored values of all variables, each of its shape; a ValueError where one differs."""
        values = []
        for index, variable in enumerate(self._variables()):
            values.append(file[f"variables/{index:03d}"][()])
            if np.shape(values[-1]) != np.shape(variable):
                raise ValueError(f"variable {index} has another shape")
        return values
