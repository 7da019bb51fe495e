"""Where a classical fit begins: the moments of the image, then the nearest of some templates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from skyloom.arms.semantic import profiles
from skyloom.arms.semantic.evaluation import ANGLE, folded

if TYPE_CHECKING:
    from skyloom.arms.semantic.least_squares import Problem

#: Templates along each parameter; one, in the middle, of any other.
_TEMPLATES = {"scale": 6, "ellipticity": 3, "angle": 12, "sersic_index": 3}
#: Second moment of an exponential disc along an axis: 3 times its squared scale (the integral of
#: r^3 exp(-r), 6, over that of r exp(-r), 1, half of it along each axis).
_SECOND_MOMENT = 3.0


def starting_points(problem: Problem, image: np.ndarray, count: int) -> Iterator[np.ndarray]:
    """Where to begin.

    Parameters
    ----------
    problem : `skyloom.arms.semantic.least_squares.Problem`
    image : (pixels, pixels) array
    count : int
        At most so many.

    Yields
    ------
    (P,) float64 array
        Free parameters inside the limits: from moments, then of templates, the most alike first,
        none near another in both angle and scale.
    """
    first = from_moments(problem, image)
    yield _inside(problem, first)
    bank, templates, norms = problem.bank
    products = templates @ image.ravel()
    free_intensity = "intensity" in problem.names
    cost = -(products**2) / norms if free_intensity else norms - 2 * products
    taken = []
    for place in np.argsort(cost, kind="stable"):
        if len(taken) >= count - 1:
            return
        start = bank[place].copy()
        # A start like one before would end where that did.
        if any(_alike(problem, start, other) for other in taken):
            continue
        taken.append(start.copy())
        for name, value in zip(problem.names, first, strict=True):
            if name.startswith("centre_"):
                start[problem.names.index(name)] = value
        if free_intensity:
            height = max(products[place] / norms[place], 0.0)
            start[problem.names.index("intensity")] *= height
        yield _inside(problem, start)


def _alike(problem, one, other):
    """Whether two templates are neighbours in angle and within a factor of two in scale."""
    if ANGLE in problem.names:
        place = problem.names.index(ANGLE)
        if abs(folded(one[place] - other[place])) > 31:
            return False
    if "scale" in problem.names:
        place = problem.names.index("scale")
        if not 0.5 < one[place] / other[place] < 2:
            return False
    return True


def _inside(problem, start):
    """A start strictly within the limits, as the method asks."""
    low, high = problem.limits
    edge = 1e-3 * problem.widths
    return np.clip(start, low + edge, high - edge)


def from_moments(problem: Problem, image: np.ndarray) -> np.ndarray:
    """Free parameters from the brightness-weighted moments of the clearly bright pixels.

    Parameters
    ----------
    problem : Problem
    image : (pixels, pixels) array

    Returns
    -------
    (P,) float64 array
        Of an exponential disc with these second moments; what moments do not tell is in the
        middle of its range.
    """
    middle = {name: (low + high) / 2 for name, (low, high) in problem.ranges.items()}
    weight = np.where(image > 0.2 * np.max(image), image, 0.0)
    total = weight.sum()
    if total > 0:
        x, y = problem.grid.centres, problem.grid.centres[:, None]
        centre = np.sum(weight * x) / total, np.sum(weight * y) / total
        u, v = x - centre[0], y - centre[1]
        xx, xy, yy = (np.sum(weight * form) / total for form in (u * u, u * v, v * v))
        (small, large), axes = np.linalg.eigh([[xx, xy], [xy, yy]])
        major = np.sqrt(max(large, 0.0) / _SECOND_MOMENT) or problem.grid.width / 4
        # The major axis lies at -angle from the x axis.
        angle = -np.rad2deg(np.arctan2(axes[1, 1], axes[0, 1])) % 180.0
        middle |= {
            "scale": major,
            "ellipticity": 1 - np.sqrt(max(small, 0.0) / large) if large > 0 else 0.5,
            "angle": angle,
            "intensity": float(np.max(image)),
            "centre_x": centre[0],
            "centre_y": centre[1],
        }
    return np.array([middle[name] for name in problem.names])


def bank(problem: Problem) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Templates of a problem, from all over its ranges.

    Parameters
    ----------
    problem : `skyloom.arms.semantic.least_squares.Problem`

    Returns
    -------
    values : (T, P) array
    images : (T, pixels * pixels) array
    norms : (T,) array
        Sums of squares of the images.
    """
    axes = []
    for name, (low, high) in problem.ranges.items():
        count = _TEMPLATES.get(name, 1)
        share = (np.arange(count) + 0.5) / count
        # Scales are spread evenly in their logarithm.
        even = name != "scale"
        axes.append(low + (high - low) * share if even else low * (high / low) ** share)
    mesh = np.meshgrid(*axes, indexing="ij")
    values = np.stack([axis.ravel() for axis in mesh], axis=1)
    images = profiles.evaluate(problem.decoder, problem.parameters(values.T), problem.grid)
    images = images.reshape(len(values), -1)
    return values, images, np.maximum(np.sum(images**2, axis=1), 1e-300)
