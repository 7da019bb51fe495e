"""What a network has to beat: labels without meaning, and a straight line through intensities."""

from __future__ import annotations

import numpy as np


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
