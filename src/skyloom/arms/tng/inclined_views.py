"""Galaxies seen at known inclinations: which views are projected, and the dataset of them.

A view is one galaxy at one inclination and position angle. Views stand galaxy by galaxy, so that
the particles of one are read once for all of its inclinations. The dataset's images are gas mass
surface densities, for an encoder that measures what the rotation is known to be.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skyloom.arms.tng import labels, metadata
from skyloom.arms.tng.gas_channels import CHANNELS
from skyloom.arms.tng.rotation import VIEW_ANGLES
from skyloom.errors import InputError
from skyloom.io.files import open_hdf5

if TYPE_CHECKING:
    from astropy.table import Table

#: Unit of the dataset's images.
UNITS = "Msun / kpc2"
#: Views at a time while the dataset is written.
_BLOCK = 256
_MASS = CHANNELS.index("mass")
#: 10^10 Msun/h times h.
_CATALOGUE_MASS = 1e10


def position_angles(
    snapshot: int,
    subhalos: np.ndarray,
    inclinations: np.ndarray,
    position_angle: str | float,
    seed: int,
) -> np.ndarray:
    """Position angle of every view.

    Parameters
    ----------
    snapshot : int
    subhalos, inclinations : (N,) array
        Subhalo number and inclination (degrees) of each view.
    position_angle : 'random' or float
        Degrees, the same for all; or uniform in [0, 180), drawn for each view from a generator of
        its own, so that it depends on no other view.
    seed : int

    Returns
    -------
    (N,) float64 array
        Degrees; see `skyloom.arms.tng.rotation.positioned`.
    """
    if position_angle != "random":
        return np.full(len(subhalos), float(position_angle))
    # A view's seed takes its inclination in thousandths of a degree, an integer as seeds must be.
    steps = np.rint(np.asarray(inclinations, dtype=np.float64) * 1000).astype(int)
    return np.array(
        [
            np.random.default_rng([seed, snapshot, subhalo, step]).uniform(0.0, 180.0)
            for subhalo, step in zip(np.asarray(subhalos).tolist(), steps.tolist(), strict=True)
        ]
    )


def views(
    galaxies: Table,
    *,
    inclinations: Sequence[float],
    position_angle: str | float = "random",
    first: int | None = None,
    seed: int = 0,
) -> Table:
    """A galaxy table with one row a view.

    Parameters
    ----------
    galaxies : astropy.table.Table
        As `skyloom.arms.tng.selection` makes it, of one snapshot.
    inclinations : sequence of float
        Degrees, 0 to 90.
    position_angle : 'random' or float
        See `position_angles`.
    first : int, optional
        Take only so many galaxies from the table's beginning.
    seed : int

    Returns
    -------
    astropy.table.Table
        Galaxy by galaxy in the table's order, its inclinations in the given one; columns
        ``inclination`` and ``position_angle`` (degrees) come first.
    """
    chosen = galaxies[:first]
    table = chosen[np.repeat(np.arange(len(chosen)), len(inclinations))]
    seen = np.tile(np.asarray(inclinations, dtype=np.float64), len(chosen))
    turned = position_angles(
        int(galaxies.meta["snapshot"]), table["subhalo_id"], seen, position_angle, seed
    )
    for place, (name, angles) in enumerate(zip(VIEW_ANGLES, (seen, turned), strict=True)):
        table.add_column(angles, name=name, index=place)
        table[name].unit = "deg"
    return table


def physical_width(attributes):
    """Side of a map in kpc, from the attributes of its file (ckpc/h, scale factor, h)."""
    return float(attributes["width"] * attributes["scale_factor"] / attributes["hubble"])


def surface_density(mass: np.ndarray, *, width: float, hubble: float) -> np.ndarray:
    """Mass a pixel as surface density.

    Parameters
    ----------
    mass : (..., B, B) array
        10^10 Msun/h a pixel.
    width : float
        Side of the map, kpc (`physical_width`).
    hubble : float

    Returns
    -------
    (..., B, B) float64 array
        Msun/kpc^2, of physical kpc.
    """
    side = width / np.shape(mass)[-1]
    return np.asarray(mass, dtype=np.float64) * (_CATALOGUE_MASS / hubble / side**2)


def read_views(paths: Sequence[str | Path], table: Table):
    """Check map files against the table of views, and say which views hold gas.

    Parameters
    ----------
    paths : sequence of str or Path
        Map files that together hold the table's views in its order.
    table : astropy.table.Table
        From `views`.

    Returns
    -------
    with_gas : (N,) bool array
    attributes : dict
        Of the first file; all have the same.

    Raises
    ------
    InputError
        If files and table disagree, or no view holds gas.
    """
    subhalos, totals, attributes = [], [], None
    for path in paths:
        with open_hdf5(path, need=["maps", "subhalo_id", "totals"]) as file:
            subhalos.append(file["subhalo_id"][:])
            totals.append(file["totals"][:, _MASS])
            attributes = attributes or dict(file.attrs)
    if not np.array_equal(np.concatenate(subhalos), np.asarray(table["subhalo_id"])):
        raise InputError(
            f"{', '.join(map(str, paths))} do not follow the table of views: remove both and make "
            "them again."
        )
    with_gas = np.concatenate(totals) > 0
    if not with_gas.any():
        raise InputError(
            "No inclined view holds any gas: choose another tng.inclined.snapshot, or wider cuts "
            "in tng.selection."
        )
    return with_gas, attributes


def images(paths: Sequence[str | Path], with_gas: np.ndarray) -> Iterator[np.ndarray]:
    """Surface densities of the views that hold gas, in blocks.

    Parameters
    ----------
    paths : sequence of str or Path
    with_gas : (N,) bool array
        From `read_views`.

    Yields
    ------
    (n, B, B, 1) float32 array
        ``images[k, row, column]`` with x rising along columns and y along rows.
    """
    done = 0
    for path in paths:
        with open_hdf5(path, need=["maps"]) as file:
            width, maps = physical_width(file.attrs), file["maps"]
            for start in range(0, len(maps), _BLOCK):
                mass = maps[start : start + _BLOCK, _MASS]
                kept = with_gas[done + start : done + start + len(mass)]
                density = surface_density(mass[kept], width=width, hubble=file.attrs["hubble"])
                yield density[..., None].astype(np.float32)
            done += len(maps)


def _identifier(row):
    galaxy = labels.galaxy_id(row["snapshot"], row["subhalo_id"])
    return f"{galaxy}_i{float(row['inclination']):g}"


def description(table: Table, attributes: dict, parameters: dict, seed: int):
    """Everything but the images that `skyloom.datasets.write` wants, as its keyword arguments.

    Parameters
    ----------
    table : astropy.table.Table
        Views that hold gas.
    attributes : dict
        From `read_views`.
    parameters : dict
        What decided the views, recorded.
    seed : int
    """
    pixels = int(attributes["bins"])
    first = ("snapshot", "subhalo_id", *VIEW_ANGLES)
    others = [name for name in table.colnames if name not in first]
    columns = {name: np.asarray(table[name]) for name in (*first, *others)}
    units = {name: str(table[name].unit) for name in columns if table[name].unit is not None}
    kept = ("scale_factor", "hubble", "redshift", "box_size", "width")
    return {
        "count": len(table),
        "kind": "images",
        "shape": (pixels, pixels, 1),
        "dtype": np.float32,
        "target": columns["inclination"],
        "name": "inclination",
        "units": "deg",
        "columns": {"id": [_identifier(row) for row in table], **columns},
        "attributes": {
            "variant": "inclined_mass",
            "parameters": parameters,
            "seed": seed,
            "synthetic": bool(attributes["synthetic"]),
            "image_units": UNITS,
            "column_units": units,
            "width_kpc": physical_width(attributes),
            "origin": "lower",
            **metadata.scales(attributes),
            **{name: float(attributes[name]) for name in kept},
        },
    }
