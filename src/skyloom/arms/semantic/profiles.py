"""Physical models that turn a handful of parameters into an image: the decoders.

A model is one class. Its formula is written once, with operations that numpy and keras.ops name
alike, so that data, classical fits and networks share it; see docs/decoders.md for adding one.
"""

from __future__ import annotations

import abc
import dataclasses
import math
from types import ModuleType

import numpy as np

from skyloom.arms.semantic import sampling
from skyloom.errors import InputError, nearest
from skyloom.registries import Registry

#: Models by name; `register` adds one.
DECODERS = Registry("decoder")

#: Smallest r'^2: keeps the derivative of the root finite at the centre of a profile.
_SMALLEST = 1e-12

#: Unit of a length on an image whose half-width is 1.
LENGTH = "half-width"


@dataclasses.dataclass(frozen=True)
class Parameter:
    """One parameter of a model.

    Attributes
    ----------
    name, units : str
        Units are empty for pure numbers.
    default : float
        The value where a configuration does not name the parameter.
    minimum, maximum : float
        Within which the model means something.
    """

    name: str
    units: str
    default: float
    minimum: float
    maximum: float

    @property
    def is_length(self):
        """Whether it is measured along the image."""
        return self.units.endswith(LENGTH)

    def on(self, half_width):
        """The same parameter where an image has so large a half-width.

        The unit is then that of the coordinates: of an image of half-width 0.0625 it is 16
        half-widths.
        """
        if not self.is_length or half_width == 1:
            return self
        values = (getattr(self, name) * half_width for name in ("default", "minimum", "maximum"))
        return Parameter(self.name, f"{1 / half_width:.6g} {LENGTH}", *values)


def register(name):
    """Make a model known under a name, as a decorator of its class."""

    def add(kind):
        kind.name = name
        DECODERS[name] = kind
        return kind

    return add


class Profile(abc.ABC):
    """A model of an image.

    Attributes
    ----------
    name : str
        Given by `register`.
    parameters : tuple of Parameter
        In the order in which datasets and networks hold them.
    """

    name: str | None = None
    parameters: tuple[Parameter, ...] = ()

    @abc.abstractmethod
    def intensity(self, ops: ModuleType, p: dict, x: np.ndarray, y: np.ndarray):
        """Intensity at points of the plane.

        Parameters
        ----------
        ops : module
            numpy or keras.ops: use only what both have.
        p : dict
            Every parameter, (n, 1, 1) each.
        x, y : array
            Coordinates, which broadcast with the parameters.

        Returns
        -------
        (n, H, W) array or tensor
        """

    def integrated(self, ops, p, grid, dtype):
        """Mean intensity of each pixel; quadrature in two dimensions unless a model knows better.

        Returns
        -------
        (n, pixels, pixels) array or tensor
        """
        return sampling.subpixels(ops, lambda x, y: self.intensity(ops, p, x, y), grid, dtype)


#: What every model on ellipses has: I0, A, e, theta and the centre, of which a model names those
#: that lead. Lengths are of an image of half-width 1.
ELLIPSE = (
    Parameter("scale", "half-width", 0.3, 1e-4, 10.0),
    Parameter("ellipticity", "", 0.5, 0.0, 0.999),
    Parameter("angle", "deg", 0.0, 0.0, 180.0),
    Parameter("intensity", "", 1.0, 0.0, math.inf),
    Parameter("centre_x", "half-width", 0.0, -1.0, 1.0),
    Parameter("centre_y", "half-width", 0.0, -1.0, 1.0),
)


class Elliptical(Profile):
    """A model whose isophotes are similar ellipses: I0 F(r').

    A subclass says F in `radial`.

    Notes
    -----
    r' = sqrt((x'/A)^2 + (y'/B)^2) with x' = cos(theta) (x - x0) - sin(theta) (y - y0),
    y' = sin(theta) (x - x0) + cos(theta) (y - y0) and B = A (1 - e): the semantic autoencoder
    paper, equations 4 to 7. Rows run upward in y: the major axis is turned by -theta from the x
    axis, towards the first row.
    """

    parameters: tuple[Parameter, ...] = ELLIPSE

    @abc.abstractmethod
    def radial(self, ops, p, r):
        """F(r'), 1 at the centre."""

    def form(self, ops, p):
        """Coefficients a, b, c of r'^2 = a u^2 + 2 b u v + c v^2, u = x - x0, v = y - y0."""
        angle = p["angle"] * (math.pi / 180)
        cosine, sine = ops.cos(angle), ops.sin(angle)
        major = 1 / ops.square(p["scale"])
        minor = 1 / ops.square(p["scale"] * (1 - p["ellipticity"]))
        a = ops.square(cosine) * major + ops.square(sine) * minor
        c = ops.square(sine) * major + ops.square(cosine) * minor
        return a, cosine * sine * (minor - major), c

    def radius(self, ops, p, x, y):
        """Radius r' of points, with a derivative of zero at the centre, where it has none."""
        angle = p["angle"] * (math.pi / 180)
        cosine, sine = ops.cos(angle), ops.sin(angle)
        u, v = x - p["centre_x"], y - p["centre_y"]
        along = (cosine * u - sine * v) / p["scale"]
        across = (sine * u + cosine * v) / (p["scale"] * (1 - p["ellipticity"]))
        return ops.sqrt(ops.maximum(ops.square(along) + ops.square(across), _SMALLEST))

    def intensity(self, ops, p, x, y):
        """I0 F(r')."""
        return p["intensity"] * self.radial(ops, p, self.radius(ops, p, x, y))


@register("exponential")
class Exponential(Elliptical):
    """An exponential disc, I0 exp(-r')."""

    def radial(self, ops, p, r):
        """exp(-r')."""
        return ops.exp(-r)

    def integrated(self, ops, p, grid, dtype):
        """Mean of each pixel by integrals along its edges, right for discs thinner than a pixel."""
        shape = (p["centre_x"], p["centre_y"], *self.form(ops, p))
        mean = sampling.edges(ops, lambda q: _interior(ops, q), shape, grid, dtype)
        return p["intensity"] * mean


@register("sersic")
class Sersic(Elliptical):
    """A Sérsic profile, I0 exp(-r'^(1/n)); n = 1 is the exponential disc, n = 4 de Vaucouleurs'."""

    parameters = (*ELLIPSE, Parameter("sersic_index", "", 1.0, 0.1, 10.0))

    def radial(self, ops, p, r):
        """exp(-r'^(1/n))."""
        return ops.exp(-ops.power(r, 1 / p["sersic_index"]))


def _interior(ops, squared):
    """(1 - (1 + r) exp(-r)) / r^2 from r^2, by its series where the difference loses digits.

    Ten terms of the series are right to 2e-11 at r = 0.5.
    """
    r = ops.sqrt(ops.maximum(squared, _SMALLEST))
    far = ops.maximum(r, 0.5)
    closed = (1 - (1 + far) * ops.exp(-far)) / ops.square(far)
    close = ops.minimum(r, 0.5)
    series = 0.0
    for power in reversed(range(10)):
        series = (power + 1) / math.factorial(power + 2) - close * series
    return ops.where(r < 0.5, series, closed)


def create(name):
    """The model of a name.

    Raises
    ------
    InputError
        If there is none.
    """
    if name not in DECODERS:
        near = nearest(name, DECODERS)
        raise InputError(
            f"decoder is {name!r}: choose one of {', '.join(sorted(DECODERS))}"
            + (f" (did you mean {near}?)." if near else ".")
        )
    return DECODERS[name]()


def parameters(decoder, half_width=1.0):
    """The parameters of a model on an image of this half-width: a dict of name -> Parameter."""
    decoder = create(decoder) if isinstance(decoder, str) else decoder
    return {one.name: one.on(half_width) for one in decoder.parameters}


def known(profile):
    """The parameters of a profile's model on its own images: a dict of name -> Parameter."""
    return parameters(profile["decoder"], profile.get("half_width", 1.0))


def on_grid(profile: dict, grid: dict) -> dict:
    """How the images of a profile are sampled.

    Parameters
    ----------
    profile : dict
        ``half_width`` (1 where absent) and, if it differs from the others', ``sampling``.
    grid : dict
        Of all profiles; see `skyloom.arms.semantic.sampling.Grid`.

    Returns
    -------
    dict
        Fields of a `skyloom.arms.semantic.sampling.Grid`.
    """
    own = {key: profile[key] for key in ("sampling", "half_width") if key in profile}
    return {**grid, **own, "half_width": float(own.get("half_width", 1.0))}


def length_words(half_width):
    """What a table says of a column of lengths, for which astropy has no unit."""
    if half_width == 1:
        return "in half-widths of the image"
    return f"in the unit in which the image's half-width is {half_width:.6g}"


def resolve(profile: dict) -> dict:
    """A configured profile with every parameter of its decoder, in the decoder's order.

    Parameters
    ----------
    profile : dict
        ``decoder`` and ``parameters``: a pair of limits is drawn from, a number is fixed, what is
        absent has the decoder's default. ``half_width``: the image's, in the unit of lengths (1
        where absent). What else it says is of `on_grid`.

    Returns
    -------
    dict
        ``decoder``, ``half_width`` and ``parameters``, each a [low, high] list or a float.

    Raises
    ------
    InputError
        If the decoder or a parameter is unknown, limits are reversed, a value has no meaning, or
        nothing is free.
    """
    decoder = create(profile["decoder"])
    given, half_width = dict(profile.get("parameters") or {}), profile.get("half_width", 1.0)
    names = [one.name for one in decoder.parameters]
    for name in given:
        if name not in names:
            near = nearest(name, names)
            raise InputError(
                f"profile parameter {name} is unknown to decoder {decoder.name}: it has "
                f"{', '.join(names)}" + (f" (did you mean {near}?)." if near else ".")
            )
    found = {
        name: _checked(one, given.get(name, one.default))
        for name, one in parameters(decoder, half_width).items()
    }
    if not any(isinstance(value, list) for value in found.values()):
        raise InputError(
            f"profile of decoder {decoder.name} has no free parameter: give at least one of "
            f"{', '.join(names)} a pair of limits."
        )
    return {"decoder": decoder.name, "half_width": float(half_width), "parameters": found}


def _checked(parameter, value):
    pair = isinstance(value, list | tuple)
    limits = [float(one) for one in (value if pair else (value, value))]
    if pair and not (len(limits) == 2 and limits[0] < limits[1]):
        raise InputError(
            f"profile parameter {parameter.name} is {value}: give two limits, the lower first."
        )
    if not parameter.minimum <= limits[0] <= limits[1] <= parameter.maximum:
        raise InputError(
            f"profile parameter {parameter.name} is {value}: keep it between "
            f"{parameter.minimum:g} and {parameter.maximum:g}."
        )
    return limits if pair else limits[0]


def free(profile):
    """Parameters that are drawn: a dict of name -> (low, high), in the decoder's order."""
    parameters = resolve(profile)["parameters"]
    return {name: tuple(value) for name, value in parameters.items() if isinstance(value, list)}


def fixed(profile):
    """Parameters that are not drawn: a dict of name -> float, in the decoder's order."""
    parameters = resolve(profile)["parameters"]
    return {name: value for name, value in parameters.items() if not isinstance(value, list)}


def units(profile):
    """Units of the free parameters: a dict of name -> str."""
    own = known(profile)
    return {name: own[name].units for name in free(profile)}


def evaluate(decoder: Profile | str, values: dict, grid, ops: ModuleType = np):
    """Images of a model.

    Parameters
    ----------
    decoder : Profile or str
    values : dict
        (n,) arrays or tensors, or numbers, by parameter's name; what is absent has its default.
        Lengths are in the unit of the grid's coordinates.
    grid : Grid
    ops : module
        numpy (float64) or keras.ops (float32).

    Returns
    -------
    (n, pixels, pixels) array or tensor
    """
    decoder = create(decoder) if isinstance(decoder, str) else decoder
    dtype = np.float64 if ops is np else np.float32

    def given(one):
        name = one.name
        return values[name] if name in values else one.on(grid.half_width).default

    p = {one.name: _column(ops, given(one), dtype) for one in decoder.parameters}
    if grid.sampling == "integrated":
        return decoder.integrated(ops, p, grid, dtype)
    return sampling.centre(ops, lambda x, y: decoder.intensity(ops, p, x, y), grid, dtype)


def _column(ops, value, dtype):
    """A parameter as (n, 1, 1)."""
    if ops is np or isinstance(value, int | float):
        value = np.asarray(value)
        # Complex numbers pass, so that derivatives can be taken by a complex step.
        value = value if np.iscomplexobj(value) else value.astype(dtype)
        return value.reshape(-1, 1, 1)
    return ops.reshape(value, (-1, 1, 1))
