"""The classical way: a profile is fitted to each image by least squares.

Bounded nonlinear least squares (`scipy.optimize.least_squares`, a trust region reflective method:
Branch, Coleman & Li 1999) with analytic derivatives, started from the moments of the image and,
where that did not reach the noise, from the nearest of a bank of templates.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import multiprocessing
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from astropy.table import Table
from scipy.optimize import least_squares

from skyloom import split_tables
from skyloom.arms.semantic import bounds, derivatives, profiles, sampling
from skyloom.arms.semantic import initial_guesses as starting
from skyloom.arms.semantic.evaluation import ANGLE
from skyloom.errors import InputError
from skyloom.io.files import open_hdf5
from skyloom.prefetch import Pool, in_order

#: Starts tried on one image: its moments, then templates.
STARTS = 5
#: Root mean square of the residual, in the image's brightest pixel, below which an image without
#: noise is fitted: pixels in float32 are right to 6e-8.
_EXACT = 1e-6
#: Standard deviations of chi square above its mean that are still noise.
_TOLERATED = 5.0
_PRECISION = 1e-12


class Fit(NamedTuple):
    """A fit of one image.

    Attributes
    ----------
    values : (P,) float64 array
        In the order of `Problem.names`.
    cost : float
        Half the sum of squared residuals.
    converged : bool
        Whether the method ended in a minimum that is no more than noise.
    starts : int
        How many were tried.
    """

    values: np.ndarray
    cost: float
    converged: bool
    starts: int


@dataclasses.dataclass(frozen=True)
class Problem:
    """What is fitted: a decoder's free parameters, within limits wider than those drawn from.

    Attributes
    ----------
    decoder : `skyloom.arms.semantic.profiles.Profile`
    grid : `skyloom.arms.semantic.sampling.Grid`
    ranges : dict of str to (low, high)
        Of the free parameters, as drawn.
    fixed : dict of str to float
        Every other parameter.
    """

    decoder: profiles.Profile
    grid: sampling.Grid
    ranges: dict
    fixed: dict

    @classmethod
    def of(cls, profile, grid):
        """The problem of a configured profile and grid, both dicts."""
        return cls(
            profiles.create(profile["decoder"]),
            sampling.Grid(**grid),
            profiles.free(profile),
            profiles.fixed(profile),
        )

    @property
    def names(self):
        """Free parameters, in the decoder's order."""
        return list(self.ranges)

    @functools.cached_property
    def limits(self):
        """Lower and upper limits of the free parameters: (2, P).

        The range and its width on either side, but down to no less than a quarter of a positive
        lower end, and no further than the decoder allows; an axis has no limits.
        """
        known = profiles.parameters(self.decoder, self.grid.half_width)
        pairs = []
        for name, (low, high) in self.ranges.items():
            if name == ANGLE:
                pairs.append((-np.inf, np.inf))
                continue
            width, one = high - low, known[name]
            below = low - width if low <= 0 else max(low - width, low / 4)
            pairs.append((max(one.minimum, below), min(one.maximum, high + width)))
        return np.array(pairs).T

    @functools.cached_property
    def widths(self):
        """Widths of the ranges, (P,): the scale on which a step is large."""
        return np.array([high - low for low, high in self.ranges.values()])

    @functools.cached_property
    def bank(self):
        """`skyloom.arms.semantic.initial_guesses.bank`, made once."""
        return starting.bank(self)

    def parameters(self, values):
        """Every parameter by name, from free ones in order."""
        return {**self.fixed, **dict(zip(self.names, values, strict=True))}

    def image(self, values):
        """(pixels, pixels) image of free parameters (P,)."""
        return profiles.evaluate(self.decoder, self.parameters(values), self.grid)[0]

    def jacobian(self, values):
        """(pixels * pixels, P) derivatives of the image by the free parameters (P,)."""
        return (
            derivatives.on_ellipses(self, values) if self.written_out else self.differences(values)
        )

    @functools.cached_property
    def written_out(self):
        """Whether the derivatives of profiles on ellipses are this model's too.

        They are not those of pixel means, of a subclass that has its own idea of r', or of one
        whose `radial` does not take complex numbers: asked once, in the middle of the ranges.
        """
        if self.grid.sampling == "integrated" or not isinstance(self.decoder, profiles.Elliptical):
            return False
        middle = np.array([(low + high) / 2 for low, high in self.ranges.values()])
        truth = self.differences(middle) * self.widths
        error = derivatives.on_ellipses(self, middle) * self.widths - truth
        return bool(np.max(np.abs(error)) <= 1e-6 * np.max(np.abs(truth)))

    def differences(self, values):
        """`jacobian` of any model, by differences."""
        named = {name: np.atleast_1d(value) for name, value in self.parameters(values).items()}
        return bounds.jacobian(self.decoder, named, self.names, self.grid)[0].T


def fit_image(problem, image, *, noise=0.0, speckle=0.0, starts=STARTS):
    """Fit one image.

    Parameters
    ----------
    problem : Problem
    image : (pixels, pixels) array
    noise, speckle : float
        Standard deviation of its pixels, everywhere, and where the intensity is 1 if it goes as
        the root of the intensity; they decide only whether a fit has reached the noise.
    starts : int
        At most so many.

    Returns
    -------
    Fit
        The lowest of the minima found; an angle in [0, 180).
    """
    image = np.asarray(image, dtype=np.float64)
    bright = float(np.max(np.abs(image))) or 1.0
    enough = _reached(image, noise, speckle) / bright**2
    best, tried = None, 0
    for start in starting.starting_points(problem, image, starts):
        tried += 1
        found = least_squares(
            lambda values: (problem.image(values) - image).ravel() / bright,
            start,
            lambda values: problem.jacobian(values) / bright,
            bounds=problem.limits,
            x_scale=problem.widths,
            **{"ftol": _PRECISION, "xtol": _PRECISION, "gtol": _PRECISION},
            max_nfev=200,
        )
        if best is None or found.cost < best.cost:
            best = found
        if found.success and 2 * found.cost <= enough:
            break
    values = np.array(best.x)
    if ANGLE in problem.names:
        place = problem.names.index(ANGLE)
        # The remainder of a tiny negative number by 180 is 180.
        values[place] = values[place] % 180.0 % 180.0
    reached = best.success and 2 * best.cost <= enough
    return Fit(values, float(best.cost) * bright**2, bool(reached), tried)


def _reached(image, noise, speckle):
    """The sum of squared residuals that is no more than noise."""
    variance = noise**2 + speckle**2 * np.maximum(image, 0.0)
    scatter = _TOLERATED * np.sqrt(2 * np.sum(variance**2))
    return image.size * (_EXACT * np.max(np.abs(image))) ** 2 + np.sum(variance) + scatter


def fit_all(problem, images, *, noise=0.0, speckle=0.0, threads=1):
    """Fit many images.

    Parameters
    ----------
    problem : Problem
    images : (n, pixels, pixels) array
    noise, speckle : float
    threads : int
        Processes on Linux, where forking is safe; threads elsewhere. The fits are the same.

    Yields
    ------
    Fit
        In order.
    """
    work = functools.partial(fit_image, problem, noise=noise, speckle=speckle)
    # Made before the processes are, so that they have it too.
    _ = problem.bank
    if threads == 1:
        yield from map(work, images)
    elif sys.platform == "linux":
        with _Processes(threads, work) as pool:
            yield from in_order(pool, _shared_work, images)
    else:
        with Pool(threads) as pool:
            yield from in_order(pool, work, images)


class _Processes(ProcessPoolExecutor):
    """Processes that are forked: a spawned one would run the step's own script again."""

    def __init__(self, threads, work):
        # Handed over by the fork itself: pickled with every image, the templates would cost more
        # than the fit.
        context = multiprocessing.get_context("fork")
        super().__init__(threads, context, initializer=_share, initargs=(work,))
        self.threads = threads


def _share(work):
    global _shared
    _shared = work
    # The step's own answer to the end of the job is its parent's to give.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _shared_work(image):
    return _shared(image)


def fit_dataset(
    dataset: str | Path,
    split: Table,
    *,
    fitted: int | None = None,
    threads: int = 1,
    split_name: str | Path = "the split",
    track: Callable = iter,
) -> Table:
    """Fit the test images of a dataset and say how well that can be done.

    Parameters
    ----------
    dataset : path
        See `skyloom.arms.semantic.generation`.
    split : Table
        Columns id and part.
    fitted : int, optional
        Only the first so many of the test images.
    threads : int
    split_name : path
        What to call the split in an error.
    track : callable, optional
        Wraps the iterator of fits, to report progress.

    Returns
    -------
    Table
        id; of each free parameter its true value, ``<name>_predicted`` and ``bound_<name>`` (the
        Cramér-Rao bound at the true values; NaN without noise and with speckle); cost (half the
        sum of squared residuals), converged, starts.

    Raises
    ------
    InputError
        If the dataset and the split do not fit or there is no test image.
    """
    known = _read(dataset, split, fitted, split_name)
    problem = Problem.of(known["profile"], known["grid"])
    noise, speckle = known["noise"], known["speckle"]
    fits = fit_all(problem, known["images"], noise=noise, speckle=speckle, threads=threads)
    fits = list(track(fits))
    true = known["true"]
    limits = np.full(true.shape, np.nan)
    if noise > 0 and not speckle:
        values = dict(zip(problem.names, true.T, strict=True))
        limits = bounds.cramer_rao(known["profile"], values, problem.grid, noise)
    table = Table({"id": known["id"]})
    for number, name in enumerate(problem.names):
        table[name] = true[:, number]
        table[f"{name}_predicted"] = [fit.values[number] for fit in fits]
        table[f"bound_{name}"] = limits[:, number]
        if name == ANGLE:
            for column in (name, f"{name}_predicted", f"bound_{name}"):
                table[column].unit = "deg"
    table["cost"] = [fit.cost for fit in fits]
    table["converged"] = [fit.converged for fit in fits]
    table["starts"] = [fit.starts for fit in fits]
    table.meta.update(
        dataset=known["name"],
        noise=float(noise),
        half_width=float(problem.grid.half_width),
        decoder=problem.decoder.name,
        ranges={name: [float(low), float(high)] for name, (low, high) in problem.ranges.items()},
        method="scipy.optimize.least_squares (trf), analytic derivatives",
        synthetic=known["synthetic"],
    )
    return table


def read_images(dataset: str | Path, count: int) -> tuple[np.ndarray, Problem, dict]:
    """The last images of a dataset and the problem of fitting them.

    Parameters
    ----------
    dataset : path
    count : int
        At most so many.

    Returns
    -------
    images : (n, pixels, pixels) float64 array
    problem : Problem
    noise : dict
        ``noise`` and ``speckle``, as `fit_image` takes them.
    """
    with open_hdf5(dataset, need=["images"]) as file:
        made = json.loads(file.attrs["parameters"])
        images = file["images"][-count:][..., 0].astype(np.float64)
    return images, Problem.of(made["profile"], made["grid"]), _noise(made)


def _noise(made):
    return {name: float(made.get(name) or 0.0) for name in ("noise", "speckle")}


def _read(dataset, split, fitted, split_name):
    """The test images that are to be fitted, their true values and how they were made."""
    with open_hdf5(dataset, need=["images", "target", "id"]) as file:
        ids = file["id"][()].astype(str)
        rows = np.flatnonzero(
            split_tables.parts_of(ids, split, dataset=dataset, split_name=split_name) == "test"
        )
        rows = rows[: len(rows) if fitted is None else fitted]
        if not len(rows):
            raise InputError(
                f"{dataset} has no test image to fit: raise images.test of its dataset, or "
                "semantic.evaluation.fitted."
            )
        made = json.loads(file.attrs["parameters"])
        return {
            "id": ids[rows],
            "images": file["images"][rows][..., 0].astype(np.float64),
            "true": np.asarray(file["target"][()], dtype=np.float64).reshape(len(ids), -1)[rows],
            "name": str(file.attrs["variant"]),
            "synthetic": bool(file.attrs.get("synthetic", False)),
            **{name: made[name] for name in ("profile", "grid")},
            **_noise(made),
        }
