"""Labels of spectra without a network: what a network has to beat.

The nearest training spectrum; a polynomial of principal components; and the field's own way, a fit
of interpolated model spectra with radial velocity and continuum free.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations_with_replacement
from typing import NamedTuple

import numpy as np
from scipy.interpolate import RBFInterpolator
from scipy.optimize import least_squares
from scipy.spatial.distance import cdist

from skyloom.learn import baselines

#: Principal components of the polynomial, and its degree.
COMPONENTS, DEGREE = 8, 3
#: Of spectra that are interpolated, the share of variance that is kept, and the most components.
KEPT, MOST = 1 - 1e-7, 40
#: Training spectra that an interpolated one is made of, where there are more.
NEIGHBOURS = 200
#: How far an interpolation may pass by its spectra; see SciPy's `RBFInterpolator`.
_SMOOTHING = (1e-8, 1e-5, 1e-3, 1e-1, 10.0)
#: Largest radial velocity of a fit, km/s.
VELOCITY = 300.0
_LIGHT = 299792.458
#: Methods by the name that tables have, as a reader says them.
METHODS = {
    "nearest": "nearest training spectrum",
    "components": "polynomial of principal components",
    "chi_squared": "least-squares fit of the grid",
}


def nearest(train: np.ndarray, labels: np.ndarray, flux: np.ndarray) -> np.ndarray:
    """Labels of the training spectrum that differs least.

    Parameters
    ----------
    train : (n, L) array
    labels : (n, K) array
    flux : (m, L) array

    Returns
    -------
    (m, K) array
    """
    return labels[np.argmin(cdist(flux, train), axis=1)]


def _axes(train, kept, most):
    """Mean and principal axes (q, L) of training spectra."""
    mean = train.mean(axis=0)
    _, s, vt = np.linalg.svd(train - mean, full_matrices=False)
    share = np.cumsum(s**2) / max(float((s**2).sum()), 1e-300)
    count = min(int(np.searchsorted(share, kept)) + 1, most, len(vt))
    return mean, vt[:count]


def components(
    flux: np.ndarray, labels: np.ndarray, train: np.ndarray, groups: np.ndarray, *, seed: int
) -> np.ndarray:
    """Ridge regression on all products of up to three principal components.

    Parameters
    ----------
    flux : (N, L) array
    labels : (N, K) array
    train : (n,) int array
    groups : (N,) array
        Of spectra that are not independent; see `skyloom.learn.baselines.ridge`.
    seed : int

    Returns
    -------
    (N, K) array
        Of all spectra.
    """
    mean, axes = _axes(flux[train], 1.0, COMPONENTS)
    scores = (flux - mean) @ axes.T
    scores /= scores[train].std(axis=0)
    powers = [
        np.prod(scores[:, list(chosen)], axis=1)
        for degree in range(1, DEGREE + 1)
        for chosen in combinations_with_replacement(range(scores.shape[1]), degree)
    ]
    values = np.stack(powers, axis=1)
    found = [baselines.ridge(values, label, train, groups, seed=seed) for label in labels.T]
    return np.stack(found, axis=1)


class Grid:
    """Model spectra between those of a training side: cubic radial functions of the labels.

    Parameters
    ----------
    flux : (n, L) array
        Of the training side.
    labels : (n, K) array
    wavelength : (L,) array
        Å.
    check : tuple of (m, L) and (m, K) array
        Other spectra, and their labels: they decide how closely noisy training spectra are
        followed.
    """

    def __init__(
        self,
        flux: np.ndarray,
        labels: np.ndarray,
        wavelength: np.ndarray,
        check: tuple[np.ndarray, np.ndarray],
    ) -> None:
        self.low, self.high = labels.min(axis=0), labels.max(axis=0)
        self._span = np.where(self.high > self.low, self.high - self.low, 1.0)
        self._mean, self._vectors = _axes(flux, KEPT, MOST)
        self.wavelength = np.asarray(wavelength, dtype=float)
        few = None if len(flux) <= 4 * NEIGHBOURS else NEIGHBOURS
        places, index = np.unique(self.scaled(labels), axis=0, return_inverse=True)
        scores = (flux - self._mean) @ self._vectors.T
        # Spectra of the same labels, with other noise, are one point.
        count = np.bincount(index)[:, None]
        scores = np.stack([np.bincount(index, one) for one in scores.T], axis=1) / count
        best = np.inf
        for smoothing in _SMOOTHING:
            options = {"neighbors": few, "kernel": "cubic", "smoothing": smoothing}
            made = RBFInterpolator(places, scores, **options)
            off = self._mean + made(self.scaled(check[1])) @ self._vectors - check[0]
            if (error := float(np.mean(off**2))) < best:
                best, self._of = error, made

    def scaled(self, labels):
        """Labels from 0 to 1 over the grid."""
        return (labels - self.low) / self._span

    def unscaled(self, places):
        """Labels of places from 0 to 1."""
        return self.low + places * self._span

    def at(self, places: np.ndarray) -> np.ndarray:
        """Spectra (m, L) at scaled labels (m, K)."""
        return self._mean + self._of(np.atleast_2d(places)) @ self._vectors

    def bound(self, labels: np.ndarray, sigma: np.ndarray, *, step: float = 0.01) -> np.ndarray:
        """Least standard deviation that any unbiased estimate can have (Cramér 1946, Rao 1945).

        Parameters
        ----------
        labels : (m, K) array
        sigma : (m, L) array
            Noise of each pixel.
        step : float
            Of the derivatives, of the grid's span.

        Returns
        -------
        (m, K) array
            With velocity and continuum unknown, as in the fit.
        """
        places, found = self.scaled(labels), []
        x = np.linspace(-1, 1, len(self.wavelength))
        for place, noise in zip(places, sigma, strict=True):
            moved = np.repeat(place[None], 2 * len(place), axis=0)
            # Inside the grid, where there is no model beyond its edge.
            ends = np.clip([place - step, place + step], 0, 1)
            for axis in range(len(place)):
                moved[2 * axis : 2 * axis + 2, axis] = ends[:, axis]
            spectra = self.at(moved)
            slopes = [
                (spectra[2 * k + 1] - spectra[2 * k]) / (ends[1, k] - ends[0, k])
                for k in range(len(place))
            ]
            here = self.at(place[None])[0]
            shift = np.gradient(here, self.wavelength) * self.wavelength / _LIGHT
            jacobian = np.stack([*slopes, shift, here, here * x], axis=1) / noise[:, None]
            covariance = np.linalg.pinv(jacobian.T @ jacobian)
            found.append(np.sqrt(np.diag(covariance)[: len(place)]) * self._span)
        return np.array(found)


class Fit(NamedTuple):
    """What a least-squares fit of one spectrum gives."""

    labels: np.ndarray  # (K,)
    velocity: float  # km/s
    chi_squared: float  # per degree of freedom


def fit(grid: Grid, flux: np.ndarray, sigma: np.ndarray, starts: np.ndarray) -> Fit:
    """Fit a spectrum by those of a grid, with radial velocity and a straight continuum free.

    Parameters
    ----------
    grid : Grid
    flux, sigma : (L,) array
    starts : (S, K) array
        Labels to begin with, one after the other.

    Returns
    -------
    Fit
        The best of them; labels within the grid.

    Notes
    -----
    The continuum enters linearly, and is solved for each trial of the others (variable projection,
    Golub & Pereyra 1973).
    """
    x = np.linspace(-1, 1, len(flux))
    design = np.stack([np.ones_like(x), x], axis=1)

    def misfit(trial):
        seen = grid.at(trial[None, :-1])[0]
        moved = grid.wavelength * (1 + trial[-1] * VELOCITY / _LIGHT)
        shifted = np.interp(grid.wavelength, moved, seen)
        columns = design * shifted[:, None] / sigma[:, None]
        solution = np.linalg.lstsq(columns, flux / sigma, rcond=None)[0]
        return flux / sigma - columns @ solution

    # The axis of a label that the grid has once does not move.
    free = np.append(grid.high > grid.low, True)
    high = np.ones(len(free))
    low = np.append(np.zeros(len(free) - 1), -1.0)
    found = []
    for start in starts:
        begun = np.append(np.clip(grid.scaled(start), 0.001, 0.999), 0.0)
        done = least_squares(
            lambda some, begun=begun: misfit(_filled(begun, free, some)),
            begun[free],
            bounds=(low[free], high[free]),
            diff_step=1e-3,
            xtol=1e-6,
            max_nfev=60,
        )
        found.append((done.cost, _filled(begun, free, done.x)))
    cost, place = min(found, key=lambda one: one[0])
    freedom = max(len(flux) - int(free.sum()) - 2, 1)
    labels = grid.unscaled(place[:-1])
    return Fit(labels, float(place[-1] * VELOCITY), float(2 * cost / freedom))


def _filled(first, free, some):
    """All parameters, where some of them are free."""
    made = first.copy()
    made[free] = some
    return made


def fits(grid, flux, sigma, starts) -> Iterator[Fit]:
    """`fit` of spectra (m, L), one after the other, from starts (S, m, K)."""
    for one, noise, some in zip(flux, sigma, np.moveaxis(starts, 1, 0), strict=True):
        yield fit(grid, one, noise, some)


def noise_of(flux: np.ndarray, snr: float | None) -> np.ndarray:
    """Noise of every pixel of spectra at a signal to noise; the same for all without noise."""
    if snr is None:
        return np.full(flux.shape, 1e-3)
    return np.sqrt(np.maximum(flux, 0.05)) / snr
