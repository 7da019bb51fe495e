"""How well any unbiased method can measure the parameters of an image: Cramér-Rao bounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from skyloom.arms.semantic import profiles
from skyloom.errors import InputError

if TYPE_CHECKING:
    from skyloom.arms.semantic.profiles import Profile
    from skyloom.arms.semantic.sampling import Grid

#: Step of a derivative, relative to the parameter or to the width of its allowed range. With
#: differences of fourth order, rounding and truncation are both near 1e-11 of the image.
_STEP = 1e-4

#: Differences below this part of the image are rounding: the parameter does nothing.
_NOTHING = 1e-12

#: Reciprocal condition of the scaled Fisher matrix below which a parameter is not determined.
_ILL_POSED = 1e-10

#: Images whose derivatives are taken at once: their arrays stay in the processor's cache.
_AT_ONCE = 2


def jacobian(decoder: Profile | str, values: dict, names: Sequence[str], grid: Grid) -> np.ndarray:
    """Derivatives of images with respect to parameters.

    Parameters
    ----------
    decoder : skyloom.arms.semantic.profiles.Profile or str
    values : dict
        (n,) array or number of every parameter that is not at its default.
    names : sequence of str
        Parameters to derive by, of `values`.
    grid : skyloom.arms.semantic.sampling.Grid

    Returns
    -------
    (n, P, pixels * pixels) array
        Of intensity, by the unit of each parameter (degrees for the angle).

    Notes
    -----
    Central differences of fourth order: they need no more of a decoder than its formula.
    """
    decoder = profiles.create(decoder) if isinstance(decoder, str) else decoder
    known = profiles.parameters(decoder, grid.half_width)
    columns = []
    for name in names:
        value = np.asarray(values[name], np.float64)
        step = _STEP * _size(known[name], value, grid.half_width)

        def image(shift, name=name, value=value, step=step):
            moved = profiles.evaluate(decoder, {**values, name: value + shift * step}, grid)
            return moved.reshape(len(moved), -1)

        difference = 8 * (image(1) - image(-1)) - (image(2) - image(-2))
        nothing = _NOTHING * np.linalg.norm(image(0), axis=1)
        difference[np.linalg.norm(difference, axis=1) <= nothing] = 0
        columns.append(difference / (12 * step[:, None]))
    return np.stack(columns, axis=1)


def _size(parameter, value, half_width):
    """What a parameter's step is measured by: its own value, or where that may be 0 the image.

    For what is no length, 1 (57 deg).
    """
    if parameter.units == "deg":
        return np.full(value.shape, np.rad2deg(1))
    if parameter.minimum > 0:
        return np.abs(value)
    return np.full(value.shape, half_width if parameter.is_length else 1.0)


def cramer_rao(profile: dict, values: dict, grid: Grid, noise: float) -> np.ndarray:
    """Smallest standard deviation of an unbiased estimate of each free parameter.

    Parameters
    ----------
    profile : dict
        See `skyloom.arms.semantic.profiles.resolve`; gives the fixed parameters.
    values : dict
        (n,) array of each free parameter.
    grid : skyloom.arms.semantic.sampling.Grid
    noise : float
        Standard deviation of the white Gaussian noise of a pixel.

    Returns
    -------
    (n, P) array
        In the order and units of the free parameters; inf where an image does not determine them
        (a circle has no position angle), else 0 without noise.

    Raises
    ------
    InputError
        If the noise is negative.

    Notes
    -----
    sigma_i^2 = noise^2 (F^-1)_ii with F = J J^T, J the derivatives of the pixels (Kay 1993,
    Fundamentals of statistical signal processing I, section 3.9: the general Gaussian case).
    All free parameters are unknown at once. The bound is local: for an angle it may exceed the 52
    deg (180 / sqrt 12) of a guess, and then says only that the image does not tell.
    """
    if not noise >= 0:
        raise InputError(f"noise is {noise}: set it to 0 or more.")
    names, fixed = list(profiles.free(profile)), profiles.fixed(profile)
    count = len(values[names[0]])
    found = np.empty((count, len(names)))
    for start in range(0, count, _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        chosen = {name: np.asarray(values[name], np.float64)[some] for name in names}
        derivatives = jacobian(profile["decoder"], {**fixed, **chosen}, names, grid)
        found[some] = spread(derivatives)
    # What an image does not tell stays unknown without noise: inf, not inf times 0.
    found[np.isfinite(found)] *= noise
    return found


def spread(derivatives: np.ndarray) -> np.ndarray:
    """Square roots of the diagonal of each inverse Fisher matrix at unit noise.

    Parameters
    ----------
    derivatives : (n, P, M) array

    Returns
    -------
    (n, P) array
        inf where the matrix is singular, for the parameters that take part in that.
    """
    # Rows of unit length: the condition is then of geometry, not of units.
    length = np.linalg.norm(derivatives, axis=2)
    unit = derivatives / np.where(length > 0, length, 1)[:, :, None]
    values, vectors = np.linalg.eigh(unit @ unit.transpose(0, 2, 1))
    # No row, and no direction: an empty image has eigenvalue 0 for that parameter.
    poor = values <= _ILL_POSED
    variance = np.sum(vectors**2 / np.where(poor, 1, values)[:, None, :], axis=2)
    lost = np.any((vectors**2 > 1e-6) & poor[:, None, :], axis=2)
    with np.errstate(divide="ignore"):
        return np.where(lost | (length == 0), np.inf, np.sqrt(variance) / length)
