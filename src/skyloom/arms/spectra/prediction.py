"""What trained networks say of observed stars, and whether they can know such spectra."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from astropy.table import Table

from skyloom.arms.spectra import ensemble, training
from skyloom.arms.spectra.labels import Scaling
from skyloom.arms.spectra.out_of_distribution import MOST_TRAINING, MOST_VALIDATION, Coverage
from skyloom.errors import InputError
from skyloom.io.columns import masked
from skyloom.io.files import open_hdf5
from skyloom.learn import batches, regression
from skyloom.progress import track

if TYPE_CHECKING:
    from skyloom.arms.spectra.experiments import Sample


#: What is said of a star whose file does not state the medium of its wavelengths.
ASSUMED = (
    "its wavelengths are assumed to be in air, for the file does not say, and in vacuum every line "
    "would be 84 km/s off: state it in the file or in observation.medium"
)


@dataclasses.dataclass
class Model:
    """The members of one trained model, with what their numbers mean.

    Attributes
    ----------
    name, network, uncertainty : str
    networks : list of keras.Model
    labels, units : list of str
    scaling : `skyloom.arms.spectra.labels.Scaling`
    factors : (labels,) array
        By which stated uncertainties are multiplied: `skyloom.arms.spectra.evaluation.factors`.
    """

    name: str
    network: str
    uncertainty: str
    networks: list
    labels: list
    units: list
    scaling: Scaling
    factors: np.ndarray

    @classmethod
    def load(cls, folder: str | Path, metrics: dict, factors: float | np.ndarray = 1.0):
        """Load a folder of members.

        Parameters
        ----------
        folder : path
            With ``1.keras``, ``2.keras`` and so on.
        metrics : dict
            Of the model: says how many there are, their labels and their scaling.
        factors : float or (labels,) array

        Raises
        ------
        InputError
            If a member is missing or cannot be loaded.
        """
        paths = [Path(folder) / f"{number}.keras" for number in range(1, metrics["members"] + 1)]
        networks = [regression.load(path) for path in paths]
        return cls(
            metrics["model"],
            metrics["network"],
            metrics["uncertainty"],
            networks,
            list(metrics["labels"]),
            list(metrics["units"]),
            Scaling.from_dict(metrics["scaling"]),
            np.broadcast_to(factors, len(metrics["labels"])),
        )

    def predict(self, flux: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Labels of spectra.

        Parameters
        ----------
        flux : (k, L) array

        Returns
        -------
        value : (k, labels) float64 array
            In the labels' units.
        uncertainty : (k, labels) float64 array or None
            As the members state it, times `factors`.

        Raises
        ------
        InputError
            If the spectra have another length than those the networks learnt from.
        """
        spectra = batches.from_array(np.asarray(flux, dtype=np.float32), "spectra")
        pixels = self.networks[0].input_shape[1]
        if spectra.shape[0] != pixels:
            raise InputError(
                f"observed spectra have {spectra.shape[0]} pixels, {self.name} wants {pixels}: "
                "prepare them again for the dataset of observation.dataset."
            )
        rows = np.arange(len(spectra))
        made = [training.outputs(one, spectra, rows, batch_size=64) for one in self.networks]
        mean, deviation = ensemble.combine(np.stack(made), self.uncertainty)
        if deviation is None:
            return self.scaling.invert(mean), None
        return self.scaling.invert(mean), self.scaling.invert_spread(deviation) * self.factors


@dataclasses.dataclass
class Training:
    """What the networks have seen: the region of spectra, and the range of every label."""

    coverage: Coverage
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def of(cls, dataset: str | Path, sample: Sample):
        """Read as many spectra of a dataset as the region needs.

        Parameters
        ----------
        dataset : path
        sample : `skyloom.arms.spectra.experiments.Sample`
            Of that dataset.
        """
        train = sample.rows("train")
        with open_hdf5(dataset, need=["spectra"]) as file:
            sides = [
                np.stack([file["spectra"][row] for row in _evenly(rows, most)])
                for rows, most in (
                    (train, MOST_TRAINING),
                    (sample.rows("validation"), MOST_VALIDATION),
                )
            ]
        labels = sample.labels[train]
        return cls(Coverage.fit(*sides), labels.min(axis=0), labels.max(axis=0))


def read_observed(path) -> dict:
    """Observed spectra on a dataset's wavelengths, as ``prepare_observed`` writes them.

    Returns
    -------
    dict
        names (k,) str, flux and noise (k, L), correlation (k,), synthetic.
    """
    with open_hdf5(path, need=["spectra", "name", "uncertainty", "correlation"]) as file:
        return {
            "names": file["name"][()].astype(str),
            "flux": file["spectra"][()],
            "noise": file["uncertainty"][()],
            "correlation": file["correlation"][()],
            "synthetic": bool(file.attrs.get("synthetic", False)),
        }


def predict(observed: dict, inventory: Table, models: list[Model], training: Training) -> Table:
    """One row a star, model and label.

    Parameters
    ----------
    observed : dict
        As `read_observed` gives it.
    inventory : Table
        name, file, medium and ``known_<label>`` of the same stars.
    models : list of Model
        Trained on one dataset.
    training : Training
        Of that dataset.

    Returns
    -------
    Table
        name, file, model, network, label, unit, value, uncertainty and known (masked where there
        is none), factor (which the uncertainty has in it), inside_labels (whether the value lies
        within the training labels), distance, limit and outside of the spectrum
        (`skyloom.arms.spectra.out_of_distribution`), medium (air or vacuum, and what says so),
        beyond (whether the star lies outside what the networks know, so that its answers mean
        nothing), and warning: one sentence a star, empty where there is nothing to say.
    """
    distance, limit = training.coverage.judge(
        observed["flux"], noise=observed["noise"], correlation=observed["correlation"]
    )
    answers = [
        (model, *model.predict(observed["flux"]))
        for model in track(models, label="observed spectra", unit="model")
    ]
    place = {name: row for row, name in enumerate(np.asarray(inventory["name"]).astype(str))}
    rows = []
    for star, name in enumerate(observed["names"]):
        entry = inventory[place[name]]
        far = float(distance[star]), float(limit[star])
        medium = str(entry["medium"]) if "medium" in entry.colnames else ""
        beyond = _beyond(entry, answers, star, far, training)
        said = [*beyond, *([ASSUMED] if medium.endswith("(assumed)") else [])]
        told = (medium, bool(beyond), f"{name}: {'; '.join(said)}." if said else "")
        for model, value, deviation in answers:
            for index, label in enumerate(model.labels):
                made = float(value[star, index])
                inside = bool(training.low[index] <= made <= training.high[index])
                spread = np.nan if deviation is None else float(deviation[star, index])
                row = (name, str(entry["file"]), model.name, model.network, label)
                row += (model.units[index], made, spread, float(model.factors[index]))
                row += (_known(entry, label), inside)
                rows.append((*row, *far, far[0] > far[1], *told))
    names = "name file model network label unit value uncertainty factor known inside_labels "
    names += "distance limit outside medium beyond warning"
    table = Table(rows=rows, names=names.split())
    for name in ("uncertainty", "known"):
        table[name] = masked(table[name])
    table.meta["synthetic"] = bool(observed["synthetic"])
    return table


def warnings(table):
    """The sentences of a table of predictions, one a star that has any."""
    return [text for text in dict.fromkeys(map(str, table["warning"])) if text]


def _beyond(entry, answers, star, far, training):
    """Everything about one star that forbids to trust the numbers, as parts of a sentence."""
    said = []
    if far[0] > far[1]:
        said.append(
            f"its spectrum is unlike those of the training side (distance {far[0]:.1f}, limit "
            f"{far[1]:.1f})"
        )
    labels, units = answers[0][0].labels, answers[0][0].units
    for index, (label, unit) in enumerate(zip(labels, units, strict=True)):
        low, high = training.low[index], training.high[index]
        beyond = f"beyond the training labels ({_number(low)} to {_number(high)} {_short(unit)})"
        known = _known(entry, label)
        if np.isfinite(known) and not low <= known <= high:
            said.append(f"its {label} is known as {_number(known)} {_short(unit)}, {beyond}")
        out = [
            f"{_number(value[star, index])} {_short(unit)} ({model.name})"
            for model, value, _ in answers
            if not low <= value[star, index] <= high
        ]
        if out:
            said.append(f"{label} is predicted as {', '.join(out)}, {beyond}")
    return said


def _known(entry, label):
    column = f"known_{label}"
    if column not in entry.colnames or np.ma.is_masked(entry[column]):
        return np.nan
    return float(entry[column])


def _number(value):
    """Three digits at least, and no exponents: 12000, 4.48."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _short(unit):
    return str(unit).replace(" ", "")


def _evenly(rows, most):
    """At most so many rows, evenly spread."""
    chosen = np.linspace(0, len(rows) - 1, min(len(rows), most)).round().astype(int)
    return np.asarray(rows)[np.unique(chosen)]
