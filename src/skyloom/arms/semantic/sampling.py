"""From a profile, a function of the plane, to the pixels of an image.

Images are centred on the origin; axis 0 is y, axis 1 is x, both rising with the index.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from skyloom.errors import InputError, nearest

if TYPE_CHECKING:
    import numpy.typing as npt

#: The value at a pixel's centre, with the image's ends between pixels or on the outermost ones (as
#: published), or the mean over the pixel.
SAMPLINGS = ("centre", "endpoints", "integrated")

#: Floor of the width that nodes along an edge gather to, in pixels: an edge through the profile's
#: centre has none. Any floor is right; this one keeps single precision far from overflow.
_NARROWEST = 0.01


@dataclasses.dataclass(frozen=True)
class Grid:
    """Equal square pixels about the origin of the plane that a profile is drawn on.

    Attributes
    ----------
    pixels : int
        Along a side of the image.
    sampling : {'centre', 'endpoints', 'integrated'}
        A pixel holds the profile at its centre or its mean over the pixel. ``endpoints``: at
        ``linspace(-half_width, half_width, pixels)``, so that the centres of the outermost pixels
        lie where else the image ends (the article's code: miguel-aragon/Semantic-Autoencoder-Paper
        at dcd1d2e, cells 5, 6 and 15).
    subpixels : int
        Gauss-Legendre nodes along a side of a pixel, for integrated sampling.
    half_width : float
        Coordinate where the image ends, or its last point with ``endpoints``: lengths are in
        units of which it has so many.
    """

    pixels: int = 64
    sampling: str = "centre"
    subpixels: int = 8
    half_width: float = 1.0

    def __post_init__(self):
        if self.sampling not in SAMPLINGS:
            raise InputError(
                f"semantic.grid.sampling is {self.sampling!r}: "
                f"set it to {nearest(self.sampling, SAMPLINGS) or ' or '.join(SAMPLINGS)}."
            )
        for name in ("pixels", "subpixels"):
            if not getattr(self, name) >= 1:
                raise InputError(
                    f"semantic.grid.{name} is {getattr(self, name)!r}: set it to 1 or more."
                )
        if self.sampling == "endpoints" and self.pixels < 2:
            raise InputError(
                "semantic.grid.pixels is 1: a profile sampled at both end points of its image "
                "(sampling: endpoints) needs 2 or more."
            )
        if not 0 < self.half_width < math.inf:
            raise InputError(
                f"half_width of a semantic profile is {self.half_width!r}: set it to a positive "
                "number."
            )

    @property
    def width(self):
        """Width of a pixel."""
        steps = self.pixels - 1 if self.sampling == "endpoints" else self.pixels
        return 2 * self.half_width / steps

    @property
    def side(self):
        """Width of the image, from the first pixel's outer edge to the last one's."""
        return self.pixels * self.width

    @property
    def resolution(self):
        """Pixels in a half-width."""
        return self.half_width / self.width

    @property
    def edges(self):
        """Where pixels begin and end: (pixels + 1,) array."""
        end = self.side / 2
        return np.linspace(-end, end, self.pixels + 1)

    @property
    def centres(self):
        """Centres of pixels: (pixels,) array."""
        if self.sampling == "endpoints":
            return np.linspace(-self.half_width, self.half_width, self.pixels)
        return (np.arange(self.pixels) + 0.5) * self.width - self.half_width


@functools.cache
def nodes(count):
    """Gauss-Legendre nodes on (-1, 1) and weights that add up to 1: two (count,) arrays."""
    found, weights = np.polynomial.legendre.leggauss(count)
    return found, weights / 2


def centre(ops: ModuleType, intensity: Callable, grid: Grid, dtype: npt.DTypeLike):
    """Intensity at the centres of pixels.

    Parameters
    ----------
    ops : module
        numpy or keras.ops.
    intensity : callable
        ``intensity(x, y)``, of arrays that broadcast to (n, H, W).
    grid : Grid
    dtype : dtype
        Of coordinates.

    Returns
    -------
    (n, pixels, pixels) array or tensor
    """
    x = grid.centres.astype(dtype)
    return intensity(x[None, None, :], x[None, :, None])


def subpixels(ops, intensity, grid, dtype):
    """Mean intensity of pixels by Gauss-Legendre quadrature in two dimensions.

    Good for any profile that is smooth on the scale of a pixel; see `centre` for the arguments.
    """
    place, weight = nodes(grid.subpixels)
    x = (grid.centres[:, None] + place * grid.width / 2).reshape(-1).astype(dtype)
    fine = intensity(x[None, None, :], x[None, :, None])
    fine = ops.reshape(fine, (-1, grid.pixels, grid.subpixels, grid.pixels, grid.subpixels))
    weight = weight.astype(dtype)
    weight = weight[:, None, None] * weight
    return ops.sum(fine * weight, axis=(2, 4))


def edges(ops: ModuleType, interior: Callable, shape: tuple, grid: Grid, dtype: npt.DTypeLike):
    """Mean of a profile of elliptical symmetry over pixels, by integrals along their edges.

    Parameters
    ----------
    ops : module
        numpy or keras.ops.
    interior : callable
        g(r') = 1 / r'^2 times the integral of F(s) s from 0 to r', for the profile F(r').
    shape : tuple
        ``(x0, y0, a, b, c)``, (n, 1, 1) each, of r'^2 = a u^2 + 2 b u v + c v^2 with u = x - x0
        and v = y - y0.
    grid : Grid
    dtype : dtype

    Returns
    -------
    (n, pixels, pixels) array or tensor

    Notes
    -----
    F is the divergence of g(r') (u, v), so its integral over a pixel is the flux of that vector
    through the four edges (Gauss), where the cusp at the centre is gone. Along the line u = U,
    r'^2 has its minimum at v = -b U / c and doubles within w = |U| sqrt(a c - b^2) / c of it:
    nodes are spread evenly in arcsinh((v + b U / c) / w), on which scale the integrand is smooth
    however thin the profile is against a pixel.
    """
    x0, y0, a, b, c = shape
    line = grid.edges.astype(dtype)
    u, v = line - x0, line - y0
    root = ops.sqrt(a * c - b * b)
    right = _flux(ops, interior, u, v, (b, c, root), grid, dtype)
    up = _flux(ops, interior, v, u, (b, a, root), grid, dtype)
    # `right` is (n, line of constant x, pixel along y), `up` (n, line of constant y, pixel along x)
    across = ops.transpose(right[:, 1:] - right[:, :-1], (0, 2, 1))
    return (across + up[:, 1:] - up[:, :-1]) / grid.width**2


def _flux(ops, interior, line, ends, coefficients, grid, dtype):
    """Flux through each pixel's edge on each line: (n, lines, pixels).

    `line` (n, 1, lines) is the coordinate across the lines, `ends` (n, 1, pixels + 1) where pixels
    end along them.
    """
    b, c, root = coefficients
    place, weight = (values.astype(dtype) for values in nodes(grid.subpixels))
    line = ops.transpose(line, (0, 2, 1))
    nearest_point = -b / c * line
    width = ops.sqrt(ops.square(root / c * line) + (_NARROWEST * grid.width) ** 2)
    scaled = ops.arcsinh((ends - nearest_point) / width)
    half = (scaled[:, :, 1:] - scaled[:, :, :-1])[..., None] / 2
    middle = (scaled[:, :, 1:] + scaled[:, :, :-1])[..., None] / 2
    along = ops.sinh(middle + half * place)
    line, width, root, c = (value[..., None] for value in (line, width, root, c))
    squared = c * ops.square(width * along) + ops.square(root * line) / c
    integrand = interior(squared) * width * ops.sqrt(1 + ops.square(along))
    return ops.sum(integrand * weight * (2 * half), axis=-1) * line[..., 0]
