"""Classes of spectra without a network, on the test sides of the networks' own splits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from astropy.table import Table
from scipy.spatial.distance import cdist

from skyloom.arms.sdss.classes import CLASSES
from skyloom.arms.sdss.evaluation import labels
from skyloom.io.columns import masked, numbers
from skyloom.io.files import open_hdf5
from skyloom.judge import bootstrap
from skyloom.learn import baselines

#: Methods by the name that tables have, as a reader says them.
METHODS = {
    "nearest": "nearest training spectrum",
    "bands": "flux in three bands",
    "noise": "signal to noise alone",
}
#: Bands of the grid, equally wide in log wavelength.
BANDS = 3


def bands(spectra: np.ndarray) -> np.ndarray:
    """Mean flux in each band over that in all, of what was observed.

    Parameters
    ----------
    spectra : (N, L) array
        0 where nothing was observed.

    Returns
    -------
    (N, 3) float64 array
        0 for a band without a pixel.
    """
    parts = np.array_split(np.asarray(spectra, dtype=np.float64), BANDS, axis=1)
    seen = [np.maximum(np.count_nonzero(part, axis=1), 1) for part in parts]
    means = np.stack([part.sum(axis=1) / n for part, n in zip(parts, seen, strict=True)], axis=1)
    total = np.abs(means).sum(axis=1, keepdims=True)
    return np.divide(means, total, out=np.zeros_like(means), where=total > 0)


def nearest(train: np.ndarray, classes: np.ndarray, spectra: np.ndarray) -> np.ndarray:
    """Class of the training spectrum that differs least, each scaled to one brightness.

    Parameters
    ----------
    train : (n, L) array
    classes : (n,) int array
    spectra : (m, L) array

    Returns
    -------
    (m,) int array
    """
    scaled = []
    for side in (spectra, train):
        values = np.asarray(side, dtype=np.float64)
        norm = np.linalg.norm(values, axis=1, keepdims=True)
        scaled.append(values / np.where(norm > 0, norm, 1.0))
    return np.asarray(classes)[np.argmin(cdist(*scaled), axis=1)]


def measure(
    dataset: str | Path,
    signal_to_noise: dict[str, float],
    predictions: dict[str, Table],
    *,
    samples: int,
    level: float,
    seed: int,
) -> Table:
    """Right answers of networks and of what needs none, a row a method and split.

    Parameters
    ----------
    dataset : path
        Of spectra: `spectra` and `id`.
    signal_to_noise : dict of float
        By id.
    predictions : dict of Table
        Of the networks, by ``<network>_<split>``: id, part, object, class and predicted.
    samples, level, seed
        Of the intervals; objects are drawn.

    Returns
    -------
    Table
        split, method, spectra (of the test side), accuracy with its interval, and against: the
        accuracy less that of the split's best network, with the paired interval.
    """
    with open_hdf5(dataset, need=("spectra", "id")) as file:
        place = {name: row for row, name in enumerate(file["id"].asstr()[:])}
        spectra = file["spectra"][()]
    splits: dict[str, dict[str, Table]] = {}
    for model, table in predictions.items():
        network, *split = model.rsplit("_", 2)
        splits.setdefault("_".join(split), {})[network] = table
    rows = []
    for split, tables in splits.items():
        table = next(iter(tables.values()))
        ids = np.asarray(table["id"]).astype(str)
        flux = spectra[[place[name] for name in ids]]
        sn = np.array([signal_to_noise[name] for name in ids])
        part = np.asarray(table["part"]).astype(str)
        # What a network's validation side decided, nothing decides here.
        train, test = np.flatnonzero(part != "test"), np.flatnonzero(part == "test")
        true = labels(table["class"])
        answers = {name: _of_network(one, ids) for name, one in tables.items()}
        answers["nearest"] = np.empty(len(ids), int)
        answers["nearest"][test] = nearest(flux[train], true[train], flux[test])
        for name, values in (("bands", bands(flux)), ("noise", np.log10(np.maximum(sn, 1e-3)))):
            chances = baselines.softmax_fit(values.reshape(len(ids), -1), true, train, len(CLASSES))
            answers[name] = chances.argmax(axis=1)
        objects = np.asarray(table["object" if "object" in table.colnames else "id"])[test]
        right = {name: (made == true)[test].astype(float) for name, made in answers.items()}
        best = max(tables, key=lambda name, right=right: right[name].mean())
        for name, hits in right.items():
            against = (np.nan,) * 3
            if name != best:
                ends = _interval(right[best], hits, objects, samples, level, seed)
                against = (float((hits - right[best]).mean()), *ends)
            own = _interval(np.zeros(len(test)), hits, objects, samples, level, seed)
            rows.append((split, name, len(test), hits.mean(), *own, *against))
    names = "split method spectra accuracy accuracy_low accuracy_high"
    names += " against against_low against_high"
    made = Table(rows=rows, names=names.split())
    for name in names.split()[4:]:
        made[name] = masked(numbers(made[name]))
    made.meta.update(level=float(level), samples=int(samples))
    return made


def _of_network(table, ids):
    """Classes that a network answers, of these ids."""
    place = {name: row for row, name in enumerate(np.asarray(table["id"]).astype(str))}
    return labels(table["predicted"])[[place[name] for name in ids]]


def _interval(first, second, groups, samples, level, seed):
    """Of the mean of second minus first."""
    return bootstrap.interval(
        first,
        second,
        groups,
        samples=samples,
        level=level,
        seed=seed,
        statistic=bootstrap.BIAS,
    )
