"""Whether a spectrum looks like those that a network was trained on.

A network answers whatever it is shown. Spectra of the training side span few dimensions, found by
principal components. Three measures say how far off a spectrum is: what it leaves beside the
subspace, its Mahalanobis distance from the mean within it, and the distance to the nearest training
spectrum there (labels fill a grid, not a Gaussian cloud: a spectrum without any line may be near
the mean and yet unlike all). Each is taken relative to the quantile of the validation side, and the
largest is the distance; a spectrum is outside when it exceeds the same quantile of distances.

Noise is part of the question. Training spectra without noise lie on their subspace to a thousandth;
an observed spectrum, however ordinary, lies off it by its noise. So the distance weighs each
direction by the spread of the training side plus the noise of the spectrum in question, and the
limit is the quantile of validation spectra to which that same noise has been added (less what the
training side already has). Noise alone makes no spectrum an outsider, and what a noisy spectrum
may hide shows as a limit that fewer departures exceed.
"""

from __future__ import annotations

import numpy as np
from scipy import linalg
from scipy.spatial.distance import cdist

from skyloom.arms.spectra import noise as photon_noise

#: Spectra from which the subspace is found, and that tell the limit.
MOST_TRAINING, MOST_VALIDATION = 2048, 512
#: Share of the training side's variance that the subspace holds, and its greatest dimension.
VARIANCE, MOST_COMPONENTS = 0.9995, 40
#: To what fraction the noise of an observed spectrum is known: 200 pixels tell it to a tenth.
NOISE_KNOWN_TO = 0.1


def _evenly(count, most):
    """At most `most` of `count` rows, evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int))


class Coverage:
    """The region of spectra that a training side covers; made by `fit`.

    Attributes
    ----------
    limit : float
        Distance that a share `quantile` of validation spectra stay within, without further noise.
    """

    def __init__(self, mean, axes, variances, scores, validation, quantile, seed) -> None:
        self._mean, self._axes, self._variances = mean, axes, variances
        self._scores, self._validation = scores, validation
        self.quantile, self._seed = quantile, seed
        # Off the subspace, the spread that spectra not seen in the fit have: it is larger.
        rest = validation - mean
        rest -= (rest @ axes.T) @ axes
        square = np.mean(rest**2, axis=0)
        self._residual = np.maximum(square, 0.1 * square.mean()) + 1e-14
        self._noise = float(np.median(photon_noise.estimate(validation)))
        self.limit = self._scale(np.zeros(len(mean)), 1.0)[1]

    @classmethod
    def fit(
        cls, spectra: np.ndarray, validation: np.ndarray, *, quantile: float = 0.99, seed: int = 0
    ) -> Coverage:
        """Find the region.

        Parameters
        ----------
        spectra : (n, L) array
            Of the training side; 2,048 evenly spread ones are used where there are more.
        validation : (m, L) array
            Other spectra of the same kind, at least two; 512 evenly spread ones are used.
        quantile : float
            The share of validation spectra that the limit calls inside.
        seed : int
            Of the noise that is added to validation spectra.

        Returns
        -------
        Coverage

        Raises
        ------
        ValueError
            If there are fewer than two spectra on a side, or they have NaN.
        """
        spectra, validation = (np.asarray(side) for side in (spectra, validation))
        if min(len(spectra), len(validation)) < 2:
            raise ValueError("coverage needs two spectra or more of each side")
        spectra = np.asarray(spectra[_evenly(len(spectra), MOST_TRAINING)], np.float64)
        validation = validation[_evenly(len(validation), MOST_VALIDATION)].astype(np.float64)
        if not (np.isfinite(spectra).all() and np.isfinite(validation).all()):
            raise ValueError("a spectrum of the training or validation side has NaN")
        mean = spectra.mean(axis=0)
        axes, variances = _components(spectra - mean)
        scores = (spectra - mean) @ axes.T
        return cls(mean, axes, variances, scores, validation, quantile, seed)

    def state(self) -> dict[str, np.ndarray]:
        """All that `of` needs to make the same region, as arrays."""
        names = ("mean", "axes", "variances", "scores", "validation", "seed")
        return {name: getattr(self, f"_{name}") for name in names} | {"quantile": self.quantile}

    @classmethod
    def of(cls, state: dict[str, np.ndarray]) -> Coverage:
        """The region whose `state` this is.

        Parameters
        ----------
        state : dict of array
            May hold more.
        """
        return cls(
            state["mean"],
            state["axes"],
            state["variances"],
            state["scores"],
            state["validation"],
            quantile=float(state["quantile"]),
            seed=int(state["seed"]),
        )

    def _excess(self, noise):
        """Variance of a spectrum's noise beyond that of the training side, (L,)."""
        noise = np.broadcast_to(np.asarray(noise, np.float64), len(self._mean))
        if not np.all((noise >= 0) & np.isfinite(noise)):
            raise ValueError("the noise of a spectrum must be 0 or more")
        return np.maximum(noise**2 - self._noise**2, 0)

    def _measures(self, flux, variance):
        """Off the subspace, from the mean, from the nearest: (n, 3), for one noise variance."""
        offset = flux - self._mean
        scores = offset @ self._axes.T
        off = np.mean((offset - scores @ self._axes) ** 2 / (self._residual + variance), axis=1)
        spread = np.sqrt(self._variances + self._axes**2 @ variance)
        scores /= spread
        nearest = cdist(scores, self._scores / spread).min(axis=1)
        return np.stack([np.sqrt(off), np.linalg.norm(scores, axis=1), nearest], axis=1)

    def _scale(self, variance, correlation):
        """The measures' quantiles (3,), and that of distances, with noise of a variance added."""
        spectra = self._validation
        if variance.any():
            spectra = spectra + _noise_like(spectra.shape, variance, correlation, self._seed)
        measures = self._measures(spectra, variance)
        unit = np.quantile(measures, self.quantile, axis=0)
        # A validation spectrum that is in the training side too is at no distance from it.
        unit = np.maximum(unit, 1e-9)
        return unit, float(np.quantile((measures / unit).max(axis=1), self.quantile))

    def judge(
        self,
        flux: np.ndarray,
        *,
        noise: np.ndarray | None = None,
        correlation: float | np.ndarray = 1.0,
    ) -> tuple[np.ndarray, np.ndarray]:
        """How far spectra are from the training side, and how far they may be.

        Parameters
        ----------
        flux : (k, L) array
        noise : (k, L) or (k,) array, optional
            Standard deviation of a pixel; estimated from each spectrum's own changes from pixel to
            pixel (`skyloom.arms.spectra.noise.estimate`) unless told.
        correlation : float or (k,) array
            Pixels over which noise is the same, where a spectrum has been interpolated from
            coarser pixels.

        Returns
        -------
        distance, limit : (k,) array
            A spectrum is outside where its distance is above its limit.

        Raises
        ------
        ValueError
            If a spectrum has NaN or another length, or noise is negative.
        """
        flux = np.atleast_2d(np.asarray(flux, np.float64))
        if flux.shape[1] != len(self._mean) or not np.isfinite(flux).all():
            raise ValueError(f"coverage judges spectra of {len(self._mean)} pixels without NaN")
        noise = photon_noise.estimate(flux) if noise is None else noise
        noise = np.broadcast_to(np.asarray(noise, np.float64).reshape(len(flux), -1), flux.shape)
        correlation = np.broadcast_to(correlation, len(flux))
        distance, limit = np.empty(len(flux)), np.empty(len(flux))
        scales = {}
        for row in range(len(flux)):
            variance = self._excess(noise[row])
            key = variance.tobytes(), float(correlation[row])
            if key not in scales:
                scales[key] = self._scale(variance, key[1])
            unit, limit[row] = scales[key]
            distance[row] = (self._measures(flux[row : row + 1], variance) / unit).max()
        return distance, limit

    def distance(self, flux, *, noise=None, correlation=1.0):
        """Distances of spectra (k, L) as `judge` gives: (k,) array."""
        return self.judge(flux, noise=noise, correlation=correlation)[0]

    def outside(self, flux, *, noise=None, correlation=1.0):
        """Whether spectra (k, L) lie outside, as `judge` says: (k,) array of bool."""
        distance, limit = self.judge(flux, noise=noise, correlation=correlation)
        return distance > limit


def _components(centred):
    """Directions (q, L) that hold `VARIANCE` of the spread, and the variances along them."""
    count, pixels = centred.shape
    # The smaller of two matrices that have the same eigenvalues: of pixels or of spectra.
    narrow = pixels <= count
    matrix = (centred.T @ centred if narrow else centred @ centred.T) / max(count - 1, 1)
    total = np.trace(matrix)
    if total <= 0:
        raise ValueError("all spectra of the training side are the same")
    size = len(matrix)
    most = min(MOST_COMPONENTS, size)
    variances, vectors = linalg.eigh(matrix, subset_by_index=[size - most, size - 1])
    variances, vectors = variances[::-1], vectors[:, ::-1]
    needed = int(np.searchsorted(np.cumsum(variances) / total, VARIANCE)) + 1
    axes = (vectors if narrow else centred.T @ vectors)[:, :needed].T
    axes = axes / np.linalg.norm(axes, axis=1, keepdims=True)
    return axes, np.maximum(variances[:needed], 1e-12 * total)


def _noise_like(shape, variance, correlation, seed):
    """Noise of about a variance (L,); with a correlation above 1, drawn through coarser pixels."""
    draws = np.random.default_rng([seed, 1])
    count, pixels = shape
    sigma = np.sqrt(variance) * np.exp(NOISE_KNOWN_TO * draws.standard_normal((count, 1)))
    if correlation <= 1.5:
        return draws.standard_normal(shape) * sigma
    # Points as far apart as the coarse pixels were, and straight lines between them.
    nodes = draws.standard_normal((count, int(np.ceil(pixels / correlation)) + 2))
    position = np.arange(pixels) / correlation
    left = position.astype(int)
    share = position - left
    drawn = nodes[:, left] * (1 - share) + nodes[:, left + 1] * share
    return drawn / np.sqrt((1 - share) ** 2 + share**2) * sigma
