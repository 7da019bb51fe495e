"""What a network has to beat: labels without meaning, and a straight line through intensities."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax


def shuffled(targets: np.ndarray, train: np.ndarray, *, seed: int) -> np.ndarray:
    """Labels in which those of the training rows have changed places.

    Parameters
    ----------
    targets : (N,) array
    train : (n,) int array
        Training rows; the others keep their labels.
    seed : int

    Returns
    -------
    (N,) array
    """
    mixed = np.array(targets)
    # A stream of its own: the training's order is drawn from [seed, epoch].
    mixed[train] = mixed[np.random.default_rng([seed, 0, 1]).permutation(train)]
    return mixed


def total_intensities(images, *, block: int = 256) -> np.ndarray:
    """Sum of each channel of each image.

    Parameters
    ----------
    images : (N, H, W, C) array or HDF5 dataset
        Read in blocks, so it may be larger than memory.
    block : int
        Images at once.

    Returns
    -------
    (N, C) float64 array
    """
    parts = [
        images[first : first + block].sum(axis=(1, 2), dtype=np.float64)
        for first in range(0, len(images), block)
    ]
    return np.concatenate(parts)


def logarithm(values: np.ndarray) -> np.ndarray:
    """log10 of totals; what is not positive takes the least positive value of its column.

    Parameters
    ----------
    values : (N, k) array

    Returns
    -------
    (N, k) float64 array
        Zeros in a column without a positive value.
    """
    values = np.asarray(values, dtype=np.float64)
    positive = values > 0
    least = np.where(positive, values, np.inf).min(axis=0)
    filled = np.where(positive, values, np.where(np.isfinite(least), least, 1.0))
    return np.log10(filled)


def ridge(
    values: np.ndarray,
    targets: np.ndarray,
    train: np.ndarray,
    groups: np.ndarray,
    *,
    seed: int,
    folds: int = 5,
) -> np.ndarray:
    """Ridge regression on standardised values, its penalty chosen by training groups left out.

    Parameters
    ----------
    values : (N, k) array
        A column that is constant on the training rows is left out.
    targets : (N,) array
    train : (n,) int array
    groups : (N,) array
        Independent group of each row: a fold has whole groups.
    seed : int
        Of the folds.
    folds : int
        Fewer where there are fewer groups; of fewer than two groups the penalty is the largest.

    Returns
    -------
    (N,) float64 array
        Predictions of all rows.

    Notes
    -----
    Hoerl & Kennard 1970, Technometrics 12, 55, equation 2.1, for all penalties at once from one
    singular value decomposition a fold.
    """
    values = np.asarray(values, dtype=np.float64)
    mean, spread = values[train].mean(axis=0), values[train].std(axis=0)
    used = spread > 1e-12 * np.maximum(np.abs(mean), 1e-300)
    scaled = (values[:, used] - mean[used]) / spread[used]
    names, index = np.unique(np.asarray(groups)[train], return_inverse=True)
    folds = min(folds, len(names))
    fold = np.random.default_rng([seed, 0, 2]).permutation(len(names))[index] % max(folds, 1)
    errors = np.zeros(len(_PENALTIES))
    for one in range(folds if folds > 1 else 0):
        learnt, left = train[fold != one], train[fold == one]
        predicted = _penalised(scaled, targets, learnt, left, _PENALTIES)
        errors += ((predicted - targets[left][:, None]) ** 2).sum(axis=0)
    # Of equal errors the stronger penalty: the last.
    best = len(errors) - 1 - int(np.argmin(errors[::-1]))
    return _penalised(scaled, targets, train, slice(None), _PENALTIES[best : best + 1])[:, 0]


#: Penalties a training row, of standardised values.
_PENALTIES = np.logspace(-5, 3, 17)


def _penalised(values, targets, learnt, asked, penalties):
    """Predictions (rows asked, penalties) of regressions fitted to the rows learnt."""
    offset, centre = targets[learnt].mean(), values[learnt].mean(axis=0)
    u, s, vt = np.linalg.svd(values[learnt] - centre, full_matrices=False)
    along = s * (u.T @ (targets[learnt] - offset))
    weights = along[:, None] / (s[:, None] ** 2 + len(learnt) * penalties)
    return offset + ((values[asked] - centre) @ vt.T) @ weights


def linear_fit(values: np.ndarray, targets: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Least squares on standardised values, fitted to the training rows.

    Parameters
    ----------
    values : (N, k) array
        They may be copies of each other: the solution of least norm is taken.
    targets : (N,) array
    train : (n,) int array

    Returns
    -------
    (N,) float64 array
        Predictions of all rows.
    """
    mean, spread = values[train].mean(axis=0), values[train].std(axis=0)
    scaled = (values - mean) / np.where(spread > 0, spread, 1.0)
    design = np.column_stack([np.ones(len(values)), scaled])
    solution, *_ = np.linalg.lstsq(design[train], targets[train], rcond=1e-10)
    return design @ solution


def softmax_fit(
    values: np.ndarray, classes: np.ndarray, train: np.ndarray, count: int, *, penalty: float = 1e-3
) -> np.ndarray:
    """Multinomial logistic regression on standardised values, fitted to the training rows.

    Parameters
    ----------
    values : (N, k) array
    classes : (N,) int array
        From 0 to `count` - 1.
    train : (n,) int array
    count : int
    penalty : float
        On the squares of the slopes, per training row: keeps them finite where classes do not
        overlap.

    Returns
    -------
    (N, count) float64 array
        Probabilities of all rows.
    """
    mean, spread = values[train].mean(axis=0), values[train].std(axis=0)
    scaled = (values - mean) / np.where(spread > 0, spread, 1.0)
    design = np.column_stack([np.ones(len(values)), scaled])
    x, wanted = design[train], np.eye(count)[np.asarray(classes)[train]]

    def loss(flat):
        weights = flat.reshape(design.shape[1], count)
        logits = x @ weights
        slopes = weights.copy()
        slopes[0] = 0
        value = -np.mean((wanted * log_softmax(logits, axis=1)).sum(axis=1))
        gradient = x.T @ (softmax(logits, axis=1) - wanted) / len(x) + 2 * penalty * slopes
        return value + penalty * (slopes**2).sum(), gradient.ravel()

    found = minimize(loss, np.zeros(design.shape[1] * count), jac=True, method="L-BFGS-B")
    return softmax(design @ found.x.reshape(design.shape[1], count), axis=1)
