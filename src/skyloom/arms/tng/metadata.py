"""What a dataset of galaxy images says of itself: scales, units, stretch, snapshots, galaxies."""

from __future__ import annotations

import json
from collections import ChainMap
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skyloom.arms.tng.controls import KINDS
from skyloom.arms.tng.gas_channels import CHANNELS
from skyloom.arms.tng.images import MID_GREY
from skyloom.arms.tng.quantities import pixels
from skyloom.arms.tng.runs import recognised
from skyloom.arms.tng.selection import MASS_UNIT
from skyloom.io.files import open_hdf5

if TYPE_CHECKING:
    from astropy.table import Table

#: What a byte that is 0 at mid-grey has on each side.
_HALF = 255 - MID_GREY
#: As astropy writes it, to whom h alone is the hour.
_READABLE = {"1e10 Msun/h": MASS_UNIT}
#: Columns of the galaxies' tables that datasets hold too.
_GALAXIES = ("sfr", "stellar_mass")
_FORMULA = (
    "byte = zero + scale v, rounded; v = {v}; n = (map - minimum) / (maximum - minimum), cut to "
    "its range; f(x) = asinh(x / beta) / asinh(1 / beta){mean}"
)
_FILTERED = {
    "gaussian": " The stretched image was then blurred: v is what the blur left.",
    "unsharp": " v is the stretched image less its blur.",
    "scrambled": " The pixels of the stretched image then changed places.",
    "radial": " Each pixel of the stretched image then took the mean of its ring about the centre.",
    "normalised": " Each plane of the stretched image was then scaled to one mean.",
}


#: What bytes lead back to, where it is not the maps.
_GIVES = dict.fromkeys(("gaussian", *KINDS), "stretched") | {"unsharp": "difference"}


def pixel_side(width, bins, edges):
    """Side of a pixel in the unit of `width`, by the rule of `skyloom.arms.tng.grid.bin_edges`."""
    return width / bins / (0.99 if edges == "published" else 1.0)


def simulation(attributes):
    """Which simulation some maps are of, by box and h: the family, for maps know no resolution."""
    name = recognised(float(attributes["box_size"]), float(attributes["hubble"]), None)
    return f"synthetic, in the box of {name}" if attributes["synthetic"] else name


def scales(attributes):
    """What the attributes of a file of maps say of scales and simulation, as a dataset's."""
    edges = attributes.get("edges", "exact")
    side = pixel_side(float(attributes["width"]), int(attributes["bins"]), edges)
    return {
        **{"pixel_scale": side, "pixel_scale_unit": "ckpc/h", "width_unit": "ckpc/h"},
        "simulation": simulation(attributes),
    }


def filter_sizes(sigma: float | str, **grid) -> dict[str, float]:
    """A filter's size in pixels, ckpc/h and kpc at one snapshot.

    Parameters
    ----------
    sigma : float or str
        As configured; see `skyloom.arms.tng.quantities.pixels`.
    **grid
        ``width`` (ckpc/h), ``bins``, ``scale_factor`` and ``hubble``, as `pixels` takes them.

    Returns
    -------
    dict of float
        ``pixel``, ``ckpc/h``, ``kpc``.
    """
    count = pixels(sigma, **grid)
    comoving = count * grid["width"] / grid["bins"]
    physical = comoving * grid["scale_factor"] / grid["hubble"]
    return {"pixel": count, "ckpc/h": comoving, "kpc": physical}


def filter_text(attributes):
    """A dataset's filter in words, from its attributes; empty where it has none, or is older."""
    if "filter" not in attributes:
        return ""
    made = json.loads(attributes["filter"])
    low, high = (f"{value:.3g}" for value in made["range"]["ckpc/h"])
    sigma = made["sigma"] if isinstance(made["sigma"], str) else f"{made['sigma']:g} px"
    comoving = f"{low} ckpc/h" if low == high else f"{low} to {high} ckpc/h"
    return f"σ = {sigma}" if sigma == comoving else f"σ = {sigma} = {comoving}"


def encoding(
    parameters: dict, maxima: dict[str, float], units: dict[str, str], signed: Collection[str] = ()
) -> dict:
    """How the bytes of a variant go back to its maps, as `skyloom.encoding` reads it.

    Parameters
    ----------
    parameters : dict
        The variant's, resolved.
    maxima : dict of float
        Largest pixel of each channel, and ``entropy_minimum`` where the entropy is a logarithm.
    units : dict of str
        Of each channel's maps.
    signed : collection of str
        Channels with values of both signs.

    Returns
    -------
    dict
    """
    names, joint = _shown(parameters)
    kind = parameters["kind"]
    made = {"beta": parameters["beta"], "stretch": "joint" if joint else "alone"}
    made["planes"] = [
        _plane(name, maxima, units[name], name in signed, kind == "unsharp") for name in names
    ]
    made["reference_snapshot"] = maxima.get("reference_snapshot")
    v, mean = ("n f(I) / I", "; I = mean of the planes' n") if joint else ("f(n)", "")
    made["formula"] = _FORMULA.format(v=v, mean=mean) + "." + _FILTERED.get(kind, "")
    loss = _loss(parameters, names, joint)
    made["gives"] = _GIVES.get(kind, "maps")
    return {**made, "gives": "nothing", "loss": loss} if loss else made


def _shown(parameters):
    """Channel of each of the three planes, and whether they are stretched jointly."""
    if "channels" in parameters:
        names, joint = list(parameters["channels"]), parameters["stretch"] == "joint"
        return (names * 3, False) if len(names) == 1 else (names, joint)
    if channel := parameters.get("channel"):
        return [channel] * 3, parameters["single_channel"] == "joint"
    return list(CHANNELS), True


def _plane(name, maxima, unit, signed, difference):
    minimum = float(maxima.get("entropy_minimum", 0.0)) if name == "entropy" else 0.0
    zero, scale = (MID_GREY, _HALF) if signed else (0, 255)
    if difference:
        # Both signs of what a blur takes away; of a signed channel half as much fits in a byte.
        zero, scale = MID_GREY, scale * _HALF / 255
    return {
        **{"channel": name, "unit": unit, "minimum": minimum, "maximum": float(maxima[name])},
        **{"zero": zero, "scale": scale},
    }


def _loss(parameters, names, joint):
    """Why bytes cannot be taken back; empty where they can."""
    if parameters["overflow"] == "wrap":
        return "values above 255 were wrapped modulo 256 (overflow: wrap)"
    if parameters.get("difference") == "wrapped":
        return "differences were wrapped modulo 256 (difference: wrapped)"
    if parameters["kind"] in ("composite", "channel") and joint and len(set(names)) == 1:
        return "one plane of three stretched jointly does not tell the mean (single_channel: joint)"
    return ""


def complete(
    about: dict,
    galaxies: Table,
    map_files: Sequence[str | Path],
    scalings: Sequence[dict],
    parameters: dict,
    signed: Collection[str] = (),
) -> dict:
    """A description with all that its file should say of itself.

    Parameters
    ----------
    about : dict
        What `skyloom.datasets.write` wants, as `skyloom.arms.tng.map_files.description` makes it.
    galaxies : astropy.table.Table
        Of the dataset, in its order, with ``sfr`` and ``stellar_mass``.
    map_files : sequence of str or Path
        All files of maps of which images are made.
    scalings : sequence of dict
        Largest pixel of each channel, one a source.
    parameters : dict
        The variant's.
    signed : collection of str
        Channels with values of both signs.

    Returns
    -------
    dict
        With columns ``redshift``, ``pixel_kpc``, ``sfr`` and ``stellar_mass``, and attributes
        ``column_units``, ``channel_units``, ``encoding``, ``simulation``, ``pixel_scale`` (ckpc/h)
        and, of a variant with a filter, ``filter``.
    """
    units, headers = {}, {}
    for path in map_files:
        with open_hdf5(path) as file:
            said = dict(file.attrs)
        texts = [_READABLE.get(str(text), str(text)) for text in said["units"]]
        units.update(zip(map(str, said["channels"]), texts, strict=True))
        headers[int(said["snapshot"])] = said
    first = next(iter(headers.values()))
    width, bins = float(first["width"]), int(first["bins"])
    side = scales(first)["pixel_scale"]
    numbers = np.asarray(galaxies["snapshot"]).tolist()
    factor = {n: float(said["scale_factor"]) for n, said in headers.items()}
    hubble = float(first["hubble"])
    columns = {
        "redshift": np.array([float(headers[number]["redshift"]) for number in numbers]),
        "pixel_kpc": np.array([side * factor[number] / hubble for number in numbers]),
        **{name: np.asarray(galaxies[name], np.float64) for name in _GALAXIES},
    }
    attributes = {
        "column_units": {"pixel_kpc": "kpc"} | {n: str(galaxies[n].unit) for n in _GALAXIES},
        "channel_units": [units[str(name)] for name in about["attributes"]["channels"]],
        "encoding": encoding(parameters, dict(ChainMap(*scalings)), units, signed),
        "origin": "lower",
        **scales(first),
    }
    if "sigma" in parameters:
        attributes["filter"] = _filter(parameters, factor, width=width, bins=bins, hubble=hubble)
    return {
        **about,
        "columns": {**about["columns"], **columns},
        "attributes": {**about["attributes"], **attributes},
    }


def _filter(parameters, factors, **grid):
    """A filter's size: as configured, and from the least to the largest over the snapshots."""
    sizes = [filter_sizes(parameters["sigma"], **grid, scale_factor=a) for a in factors.values()]
    found = {unit: [f(size[unit] for size in sizes) for f in (min, max)] for unit in sizes[0]}
    return {"kind": parameters["kind"], "sigma": parameters["sigma"], "range": found}
