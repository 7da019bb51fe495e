"""A training that can be killed at any time and goes on from its last state to the same bits."""

from __future__ import annotations

import abc
import dataclasses
import hashlib
import json
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from skyloom.errors import InputError, check_one_of
from skyloom.io.files import atomic_hdf5, create_dataset, open_hdf5
from skyloom.progress import track

if TYPE_CHECKING:
    import keras


@dataclasses.dataclass(frozen=True)
class Limits:
    """How long and how fast to train; a trainer adds what else its configuration says.

    Attributes
    ----------
    epochs : int
        Most passes over the training side.
    batch_size : int
    learning_rate : float
        Explicit, because defaults move: Adadelta's was 1.0 and is 0.001 in Keras 3.
    restore : {'best', 'last'}
        Which weights predict: those of the lowest loss that is watched, or the latest.
    patience : number
        Training stops after so many epochs without a lower one.
    readout_epochs : tuple of int
        Epochs after which all is predicted as if the training had ended there.
    optimizer : str
    """

    epochs: int
    batch_size: int = 64
    learning_rate: float = 0.001
    restore: str = "best"

    #: Where the configuration has them, and what some of them may be.
    section: ClassVar = "training"
    choices: ClassVar[dict] = {"restore": ("best", "last")}
    #: A trainer whose configuration has these makes fields of them.
    patience: ClassVar = math.inf
    readout_epochs: ClassVar = ()
    optimizer: ClassVar = "adam"

    def __post_init__(self):
        """Refuse what cannot be trained with; names the key and what is allowed."""
        for key, allowed in self.choices.items():
            check_one_of(f"{self.section}.{key}", getattr(self, key), allowed)
        for key in ("epochs", "batch_size", "patience", "learning_rate"):
            if not getattr(self, key) > 0:
                raise InputError(
                    f"{self.section}.{key} is {getattr(self, key)}: it must be positive."
                )


@dataclasses.dataclass
class Result:
    """What a training gives.

    Attributes
    ----------
    history : (epochs, columns) float64 array
        The loss of the training side first: a mean over the epoch while it is learning, with
        dropout, as Keras records it. What is judged is judged after the epoch.
    seconds : (epochs,) array
        That each epoch took, its judging included.
    best_epoch : int
        Epoch of the lowest loss that is watched.
    chosen_epoch : int
        Epoch whose weights the network has.
    outputs : array or None
        What the network says with these weights of all rows that are asked about.
    readouts : dict
        Epoch -> such outputs of a training of so many epochs.
    """

    history: np.ndarray
    seconds: np.ndarray
    best_epoch: int
    chosen_epoch: int
    outputs: np.ndarray | None
    readouts: dict


class Resumable(abc.ABC):
    """What changes from epoch to epoch, kept in a file; a trainer adds how an epoch is learnt.

    Parameters
    ----------
    network : keras.Model
        With its first weights.
    optimizer : keras.optimizers.Optimizer
        Built for that network.
    limits : Limits
    facts : list
        All that the training depends on besides the network and its limits: arrays, or what JSON
        can hold.

    Attributes
    ----------
    epoch : int
        Epochs done.
    history : list of tuple
        One an epoch.
    best, best_loss, best_epoch
        Weights of the lowest loss that is watched, and where they were found.
    """

    #: Of the file that keeps an unfinished training; another is not taken up.
    FORMAT = 5

    def __init__(self, network: keras.Model, optimizer, limits: Limits, facts: list) -> None:
        self.network, self.optimizer, self.limits = network, optimizer, limits
        layers = [layer.get_config() for layer in network.layers]
        facts = [self.FORMAT, dataclasses.asdict(limits), *facts, layers, network.get_weights()]
        said = json.dumps(facts, default=_said)
        self.fingerprint = hashlib.sha256(said.encode()).hexdigest()
        self.epoch, self.history, self.seconds, self.readouts = 0, [], [], {}
        self.best, self.best_loss, self.best_epoch = network.get_weights(), np.inf, 0

    @abc.abstractmethod
    def advance(self, epoch):
        """Learn from every training row once, then judge.

        Returns
        -------
        row : tuple of float
            Of the history.
        watched : float
            The loss that chooses the epoch.
        """

    @abc.abstractmethod
    def outputs(self):
        """What the network says of all rows that are asked about, or None."""

    def shown(self):
        """What stands behind the progress bar after an epoch: name -> text or number."""
        return {}

    @property
    def finished(self):
        """Whether the loss that is watched has not fallen for too long."""
        return self.epoch - self.best_epoch >= self.limits.patience

    def run(
        self,
        *,
        state_path: str | Path | None = None,
        save_every: float = 60.0,
        label: str = "training",
    ) -> Result:
        """Go on from a state of this very training, if there is one, to the last epoch.

        Parameters
        ----------
        state_path : path, optional
            The whole state is kept there at intervals and at the end; a training that was killed
            goes on from it and ends with the same bits. The caller removes it when its own outputs
            are safe.
        save_every : float
            Seconds between savings.
        label : str
            For the progress bar.

        Returns
        -------
        Result
            The network has the weights that `limits.restore` chose.

        Raises
        ------
        InputError
            If the loss stops being finite.
        """
        self.resume(state_path)
        saved = time.monotonic()
        bar = track(range(self.epoch + 1, self.limits.epochs + 1), label=label, unit="epoch")
        for epoch in bar:
            if self.finished:
                break
            begun = time.monotonic()
            self.end_epoch(epoch, *self.advance(epoch))
            self.seconds.append(time.monotonic() - begun)
            bar.set_postfix(self.shown(), refresh=False)
            if state_path and time.monotonic() - saved >= save_every:
                self.save(state_path)
                saved = time.monotonic()
        bar.close()
        if state_path:
            self.save(state_path)
        return self._result()

    def check(self, loss, epoch) -> None:
        """Refuse a training loss that is not finite."""
        if not np.isfinite(loss):
            limits = self.limits
            raise InputError(
                f"the training loss is {loss} in epoch {epoch} with {limits.section}.learning_rate "
                f"{limits.learning_rate} and {limits.optimizer}: choose a smaller learning rate."
            )

    def end_epoch(self, epoch, row, watched) -> None:
        """Note an epoch and keep its weights where the loss that is watched is the lowest."""
        self.epoch = epoch
        self.history.append(row)
        if watched < self.best_loss:
            self.best, self.best_loss, self.best_epoch = self.network.get_weights(), watched, epoch
        if epoch in self.limits.readout_epochs:
            latest = self.network.get_weights()
            self.network.set_weights(self._chosen())
            self.readouts[epoch] = self.outputs()
            self.network.set_weights(latest)

    def _chosen(self):
        return self.best if self.limits.restore == "best" else self.network.get_weights()

    def _result(self):
        self.network.set_weights(self._chosen())
        read = self.readouts.get(self.epoch)
        outputs = self.outputs() if read is None else read
        return Result(
            history=np.array(self.history),
            seconds=np.array(self.seconds),
            best_epoch=self.best_epoch,
            chosen_epoch=self.best_epoch if self.limits.restore == "best" else self.epoch,
            outputs=outputs,
            # A training that stopped before an epoch would have stopped there with more, too.
            readouts={e: self.readouts.get(e, outputs) for e in self.limits.readout_epochs},
        )

    def _variables(self):
        """All that changes: weights, statistics, generators, the optimizer's memory."""
        return [*self.network.variables, *self.optimizer.variables]

    def save(self, path) -> None:
        """Write the state, complete or not at all."""
        with atomic_hdf5(path) as file:
            for key in ("fingerprint", "epoch", "best_epoch", "best_loss"):
                file.attrs[key] = getattr(self, key)
            create_dataset(file, "history", np.array(self.history))
            create_dataset(file, "seconds", np.array(self.seconds))
            for index, variable in enumerate(self._variables()):
                create_dataset(file, f"variables/{index:03d}", np.asarray(variable))
            for index, array in enumerate(self.best):
                create_dataset(file, f"best/{index:03d}", array)
            for epoch, outputs in self.readouts.items():
                create_dataset(file, f"readouts/{epoch}", outputs)

    def resume(self, path) -> None:
        """Take up the state in `path`, if it is there and of this very training."""
        if not path or not Path(path).exists():
            return
        try:
            with open_hdf5(path, need=["variables", "best", "history", "seconds"]) as file:
                if file.attrs["fingerprint"] != self.fingerprint:
                    return
                kept = {"epoch": int, "best_epoch": int, "best_loss": float}
                found = {name: kind(file.attrs[name]) for name, kind in kept.items()}
                found["history"] = [tuple(row) for row in file["history"][()]]
                found["seconds"] = file["seconds"][()].tolist()
                found["best"] = [item[()] for _, item in sorted(file["best"].items())]
                read = file.get("readouts", {})
                found["readouts"] = {int(epoch): item[()] for epoch, item in read.items()}
                values = self._read_variables(file)
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


def _said(value):
    """An array as the hash of what is in it; what else JSON does not know as text."""
    if not isinstance(value, np.ndarray):
        return str(value)
    digest = hashlib.sha256(repr((value.shape, value.dtype.str)).encode())
    digest.update(np.ascontiguousarray(value))
    return digest.hexdigest()
