"""How well predictions follow the truth; how sure that is, see `skyloom.judge.bootstrap`."""

from __future__ import annotations

import numpy as np


def pearson_r(true: np.ndarray, predicted: np.ndarray) -> float:
    """Pearson's correlation coefficient.

    Parameters
    ----------
    true, predicted : (N,) array

    Returns
    -------
    float
        NaN when either is constant, not finite, or shorter than two values.

    Raises
    ------
    ValueError
        If the arrays differ in shape.
    """
    x, y = pair(true, predicted)
    if x.size < 2 or not (np.all(np.isfinite(x)) and np.all(np.isfinite(y))):
        return float("nan")
    if is_constant(x) or is_constant(y):
        return float("nan")
    # Scaled before the products, so that neither very large nor very small values overflow.
    x, y = standardised(x), standardised(y)
    return float(np.clip(x @ y / np.sqrt((x @ x) * (y @ y)), -1.0, 1.0))


def bias(true, predicted):
    """Mean of predicted minus true, in the units of the arrays."""
    x, y = pair(true, predicted)
    return float(np.mean(y - x)) if x.size else float("nan")


def mean_absolute_error(true, predicted):
    """Mean of |predicted - true|, in the units of the arrays."""
    x, y = pair(true, predicted)
    return float(np.mean(np.abs(y - x))) if x.size else float("nan")


def root_mean_square_error(true, predicted):
    """Square root of the mean of (predicted - true)^2, in the units of the arrays."""
    x, y = pair(true, predicted)
    return float(np.sqrt(np.mean((y - x) ** 2))) if x.size else float("nan")


def difference_std(true, predicted):
    """Standard deviation of predicted minus true about its mean (one degree of freedom taken)."""
    x, y = pair(true, predicted)
    return float(np.std(y - x, ddof=1)) if x.size > 1 else float("nan")


def pair(true, predicted):
    """Both as equally long vectors of floats, checked."""
    x, y = np.asarray(true, dtype=float), np.asarray(predicted, dtype=float)
    if x.ndim != 1 or x.shape != y.shape:
        raise ValueError(f"true and predicted must be equally long vectors: {x.shape}, {y.shape}")
    return x, y


def is_constant(values):
    """Whether values differ by no more than the rounding of their mean."""
    return np.ptp(values) <= 1e-13 * np.max(np.abs(values))


def standardised(values):
    """Values about their mean, scaled to [-1, 1]; zeros where they are constant."""
    if is_constant(values):
        return np.zeros_like(values)
    centred = values - values.mean()
    return centred / np.max(np.abs(centred))
