"""Networks of spectra beside methods that need none: the same test spectra, one table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.table import Table

from skyloom.arms.spectra import classical, variants, wavelengths
from skyloom.arms.spectra.classical import METHODS
from skyloom.errors import InputError
from skyloom.io.columns import masked, numbers
from skyloom.io.files import open_hdf5
from skyloom.judge import bootstrap
from skyloom.judge import metrics as statistics
from skyloom.progress import track

if TYPE_CHECKING:
    from skyloom.arms.spectra.experiments import Sample


def chosen(sample: Sample, most: int | None) -> np.ndarray:
    """Rows of the test side that are fitted: evenly spread, at most so many."""
    rows = sample.rows("test")
    count = len(rows) if most is None else min(most, len(rows))
    return rows[np.unique(np.linspace(0, len(rows) - 1, count).round().astype(int))]


def compare(
    answers: dict[str, np.ndarray],
    true: np.ndarray,
    groups: np.ndarray,
    names: list[str],
    units: list[str],
    *,
    bound: np.ndarray | None = None,
    best: str | None = None,
    samples: int,
    level: float,
    seed: int,
) -> Table:
    """Errors of networks and of what needs none, on the same spectra.

    Parameters
    ----------
    answers : dict of (m, K) array
        By method or network.
    true : (m, K) array
    groups : (m,) array
        Of spectra that are not independent: the bootstrap draws these.
    names, units : list of str
        Of the labels.
    bound : (m, K) array, optional
        As `skyloom.arms.spectra.classical.Grid.bound` gives.
    best : str, optional
        The network that the others are compared with; the best by its errors unless told.
    samples, level, seed
        Of the intervals.

    Returns
    -------
    Table
        method, label, unit, mae with its interval, rmse, against (mae minus that of the network,
        below 0 where the method is better, with its paired interval), and bound: the mean absolute
        error of a Gaussian estimate at the Cramér–Rao bound.
    """
    rows = []
    options: dict[str, Any] = {"samples": samples, "level": level, "seed": seed}
    options["statistic"] = bootstrap.BIAS
    for column, (name, unit) in enumerate(zip(names, units, strict=True)):
        errors = {key: np.abs(made[:, column] - true[:, column]) for key, made in answers.items()}
        networks = [key for key in answers if key not in METHODS]
        own = best or min(networks, key=lambda key: errors[key].mean(), default=None)
        least = np.nan if bound is None else float(np.median(bound[:, column]) * np.sqrt(2 / np.pi))
        nothing = np.zeros(len(true))
        for key, error in errors.items():
            low, high = bootstrap.interval(nothing, error, groups, **options)
            against = (np.nan,) * 3
            if own and key != own:
                ends = bootstrap.interval(errors[own], error, groups, **options)
                against = (float(error.mean() - errors[own].mean()), *ends)
            rmse = statistics.root_mean_square_error(true[:, column], answers[key][:, column])
            rows.append((key, name, unit, error.mean(), low, high, rmse, *against, least))
    columns = "method label unit mae mae_low mae_high rmse against against_low against_high bound"
    table = Table(rows=rows, names=columns.split())
    for name in ("mae_low", "mae_high", "against", "against_low", "against_high", "bound"):
        table[name] = masked(numbers(table[name]))
    table.meta.update(level=float(level), samples=int(samples), spectra=len(true))
    return table


def noiseless(dataset: str | Path, blocks: Sequence[str | Path]) -> np.ndarray:
    """All spectra of a dataset as they were before noise was added.

    Parameters
    ----------
    dataset : path
    blocks : sequence of path
        The grid's spectra; see `skyloom.arms.spectra.variants.without_noise`.

    Returns
    -------
    (N, L) float64 array

    Raises
    ------
    InputError
        If the blocks lack a spectrum.
    """
    with open_hdf5(dataset, need=("spectra", "id")) as file:
        parameters = json.loads(file.attrs["parameters"])
        if parameters.get("snr") is None:
            return file["spectra"][()].astype(float)
        ids = file["id"][()]
    found = {}
    for path in blocks:
        with open_hdf5(path, need=("spectra", "wavelength", "id")) as file:
            names, clean = file["id"][()], {**parameters, "snr": None}
            some = [(file["spectra"][()], np.arange(len(names)))]
            flux = next(variants.render(some, file["wavelength"][:], clean, seed=0))
            # A second one of the same id was rejected.
            for name, one in zip(names, flux, strict=True):
                found.setdefault(name, one)
    missing = [name for name in ids if name not in found]
    if missing:
        raise InputError(
            f"The grid's spectra lack {missing[0].decode()}, which the dataset {dataset} has: make "
            "both again."
        )
    return np.stack([found[name] for name in ids]).astype(float)


def measure(
    dataset: str | Path,
    blocks: Sequence[str | Path],
    sample: Sample,
    models: dict[str, Table],
    *,
    most: int | None,
    samples: int,
    level: float,
    seed: int,
    label: str,
) -> Table:
    """All methods on one dataset beside its networks, as `compare` has it.

    Parameters
    ----------
    dataset : path
    blocks : sequence of path
        The grid's spectra without noise, between which the fit interpolates.
    sample : `skyloom.arms.spectra.experiments.Sample`
        Of the dataset.
    models : dict of Table
        Predictions of the networks trained on it, by name.
    most : int or None
        Spectra of the test side that are fitted at most; None: all.
    samples, level, seed
        Of the intervals; the seed also of the folds.
    label : str
        Of the progress bar.

    Returns
    -------
    Table
        With ``chi_squared``, the median of the fits' per degree of freedom, masked for others.
    """
    with open_hdf5(dataset, need=("spectra",)) as file:
        flux = file["spectra"][()].astype(float)
        wavelength = wavelengths.grid(file.attrs, file["spectra"].shape[1])
        snr = json.loads(file.attrs["parameters"]).get("snr")
    models_flux = noiseless(dataset, blocks)
    train, check = sample.rows("train"), sample.rows("validation")
    rows = chosen(sample, most)
    groups = stars(sample.labels, sample.names)
    seen = [models_flux[some] for some in (train, check)]
    grid = classical.Grid(
        seen[0], sample.labels[train], wavelength, (seen[1], sample.labels[check])
    )
    first = classical.nearest(flux[train], sample.labels[train], flux[rows])
    smooth = classical.components(flux, sample.labels, train, groups, seed=seed)[rows]
    sigma = classical.noise_of(flux[rows], snr)
    found = list(
        track(
            classical.fits(grid, flux[rows], sigma, np.stack([first, smooth])),
            label=label,
            total=len(rows),
            unit="spectrum",
        )
    )
    answers = {name: _answers(table, sample, rows) for name, table in models.items()}
    answers |= {"nearest": first, "components": smooth}
    answers["chi_squared"] = np.array([one.labels for one in found])
    bound = None if snr is None else grid.bound(sample.labels[rows], sigma)
    options: dict[str, Any] = {"samples": samples, "level": level, "seed": seed}
    true = sample.labels[rows]
    table = compare(answers, true, groups[rows], sample.names, sample.units, bound=bound, **options)
    # Without noise, how well a model fits has no scale.
    quality = np.median([one.chi_squared for one in found]) if snr is not None else np.nan
    fitted = np.asarray(table["method"]) == "chi_squared"
    table["chi_squared"] = masked(np.where(fitted, quality, np.nan))
    return table


def stars(labels: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """A number for every star: the same one with another rotation is not another."""
    own = [k for k, name in enumerate(names) if name not in ("v_rot", "v_sin_i")]
    own = own or list(range(len(names)))
    return np.unique(labels[:, own], axis=0, return_inverse=True)[1].ravel()


def _answers(table, sample, rows):
    """A network's labels of some rows of a dataset."""
    place = {name: row for row, name in enumerate(np.asarray(table["id"]).astype(str))}
    order = [place[name] for name in sample.id[rows]]
    return np.stack([numbers(table[f"{name}_predicted"])[order] for name in sample.names], axis=1)
