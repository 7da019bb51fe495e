"""Where an image's pixels lie on the sky: their size, and whether two images have the same ones.

Keywords are those of the FITS papers on world coordinates (Greisen & Calabretta 2002, A&A 395,
1061; Calabretta & Greisen 2002, A&A 395, 1077): CTYPE, CUNIT, CRPIX, CRVAL, and CD, PC or CROTA2
with CDELT. What a header leaves out, or writes as no number, it does not state.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

_DEGREES = {"deg": 1.0, "degree": 1.0, "degrees": 1.0, "arcmin": 1 / 60, "arcsec": 1 / 3600}
_SKY = ("RA", "DEC", "GLON", "GLAT", "ELON", "ELAT")
# Without CTYPE a step that is no plausible one in degrees is in units of something else.
_MOST_DEGREES = 0.1
#: Pixel sizes that differ by less than this share are one: headers round them to three digits,
#: and EPIC's own pixels of 4.1 arcsec are by 2.5 % no sky pixels of 4.
SAME_SCALE = 0.005


@dataclass(frozen=True)
class Grid:
    """The pixels that a header states; fields are None, or ``""``, where it does not."""

    axis: str  # of CTYPE1 without its projection, such as RA or DETX
    matrix: tuple | None  # ((a, b), (c, d)): degrees a pixel on the sky, else the axis's own unit
    reference: tuple  # (x, y) in pixels, from 1; None in it where one is not stated
    value: tuple | None  # coordinates of that pixel, units as in `matrix`

    @property
    def kind(self):
        """``sky``, the name of another axis such as DETX, or ``""``."""
        return "sky" if self.axis in _SKY else self.axis

    @property
    def on_sky(self):
        """Whether lengths are degrees: on the sky, or where no axis is named."""
        return self.kind in ("sky", "")

    @property
    def scale(self):
        """Size of a pixel, the side of a square of its area: arcsec on the sky; or None."""
        if self.matrix is None:
            return None
        (a, b), (c, d) = self.matrix
        side = math.sqrt(abs(a * d - b * c))
        return side * 3600 if self.on_sky else side


def size(grid):
    """A grid's scale for a sentence, such as ``4 arcsec``."""
    return f"{grid.scale:.4g} {'arcsec' if grid.on_sky else f'in {grid.axis}'}"


def same_scale(one, other):
    """Whether two pixel sizes are one, but for rounding."""
    return abs(one - other) <= SAME_SCALE * min(one, other)


def number(value):
    """A keyword's value as a finite float, or None where it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def _matrix(keyword):
    """The linear part: CD, else CDELT with PC or CROTA2."""
    names = ("1_1", "1_2", "2_1", "2_2")
    stated = [number(keyword(f"CD{name}")) for name in names]
    if any(stated):
        # A header with CD states its whole matrix by it: what is missing is 0, CDELT is ignored.
        a, b, c, d = (value or 0.0 for value in stated)
    else:
        steps = [number(keyword(f"CDELT{axis}")) for axis in (1, 2)]
        if None in steps:
            return None
        turns = [number(keyword(f"PC{name}")) for name in names]
        if any(value is not None for value in turns):
            kept = zip(turns, (1.0, 0.0, 0.0, 1.0), strict=True)
            a, b, c, d = (own if value is None else value for value, own in kept)
            a, b, c, d = a * steps[0], b * steps[0], c * steps[1], d * steps[1]
        else:
            angle = math.radians(number(keyword("CROTA2")) or 0.0)
            cos, sin = math.cos(angle), math.sin(angle)
            a, b, c, d = steps[0] * cos, -steps[1] * sin, steps[0] * sin, steps[1] * cos
    return None if a * d == b * c else ((a, b), (c, d))


def read_grid(keyword: Callable) -> Grid:
    """The grid that a header states.

    Parameters
    ----------
    keyword : callable
        Value of a keyword by its name, None where there is none.

    Returns
    -------
    Grid
    """
    stated = keyword("CTYPE1")
    kind = stated.strip().upper().split("-")[0] if isinstance(stated, str) else ""
    matrix = _matrix(keyword)
    value = tuple(number(keyword(f"CRVAL{axis}")) for axis in (1, 2))
    reference = tuple(number(keyword(f"CRPIX{axis}")) for axis in (1, 2))
    if kind in _SKY or not kind:
        unit = keyword("CUNIT1")
        degrees = _DEGREES.get(str(unit).strip().lower(), 1.0) if unit else 1.0
        if matrix is not None:
            matrix = tuple(tuple(step * degrees for step in row) for row in matrix)
            if not kind and max(abs(step) for row in matrix for step in row) > _MOST_DEGREES:
                matrix = None
        value = tuple(None if part is None else part * degrees for part in value)
    return Grid(kind, matrix, reference, None if None in value else value)


def comparable(one, other):
    """Whether two grids state enough to say how far their pixels lie apart."""
    axes = one.axis == other.axis or not (one.axis and other.axis)
    stated = one.matrix and other.matrix and one.value and other.value
    references = zip(one.reference, other.reference, strict=True)
    both = all((mine is None) == (its is None) for mine, its in references)
    return bool(axes and stated and both and one.on_sky == other.on_sky)


def apart(one, other, shape):
    """How far the same pixel of two images lies apart, at most.

    Parameters
    ----------
    one, other : Grid
        Of which `comparable` holds.
    shape : (int, int)
        Height and width of the images.

    Returns
    -------
    float
        Pixels of `other`, the largest of the four corners.

    Notes
    -----
    The two tangent planes are taken for parallel, which is exact where they have one reference
    and good to far below a pixel where their references are less than a pixel apart: a pair.
    """
    shift = [mine - its for mine, its in zip(one.value, other.value, strict=True)]
    if one.on_sky:
        shift[0] = (shift[0] + 180) % 360 - 180
        shift[0] *= math.cos(math.radians(one.value[1]))
    (a, b), (c, d) = one.matrix
    (e, f), (g, h) = other.matrix
    determinant = e * h - f * g
    # Where neither states a reference it is 0 for both, the standard's own default.
    (left, low), (other_left, other_low) = (
        [part or 0.0 for part in grid.reference] for grid in (one, other)
    )
    most = 0.0
    for x in (1, shape[1]):
        for y in (1, shape[0]):
            u, v = x - left, y - low
            across, along = a * u + b * v + shift[0], c * u + d * v + shift[1]
            there = (h * across - f * along) / determinant, (e * along - g * across) / determinant
            most = max(most, math.hypot(there[0] + other_left - x, there[1] + other_low - y))
    return most
