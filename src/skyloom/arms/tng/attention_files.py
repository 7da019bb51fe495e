"""Files of attention maps: which galaxies, what their images hold, and the maps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from skyloom.arms.tng.labels import galaxy_id
from skyloom.errors import InputError
from skyloom.io.columns import where
from skyloom.io.files import create_dataset, open_hdf5

if TYPE_CHECKING:
    import h5py
    from astropy.table import Table


class Galaxies(NamedTuple):
    """Some galaxies of a dataset's test side, from high to low label."""

    id: np.ndarray  # (n,) str
    component: np.ndarray  # (n,)
    target: np.ndarray  # (n,) dex
    images: np.ndarray  # (n, H, H, 3) uint8
    attributes: dict


def choose(dataset: str | Path, split: Table, count: int | None) -> Galaxies:
    """Galaxies of the test side, evenly in rank of their label.

    Parameters
    ----------
    dataset : path
    split : Table
        id, part, component.
    count : int or None
        All unless told.

    Returns
    -------
    Galaxies

    Raises
    ------
    InputError
        If the test side is empty, or not in the dataset.
    """
    side = where(split, part="test")
    groups = dict(zip(np.asarray(side["id"]).astype(str), side["component"], strict=True))
    with open_hdf5(dataset, need=("images", "target", "id")) as file:
        ids = file["id"][()].astype(str)
        rows = np.flatnonzero([name in groups for name in ids])
        if len(rows) != len(groups) or not len(rows):
            raise InputError(
                f"{dataset} has {len(rows)} of the {len(groups)} test images of the split: "
                "make both again."
            )
        target = file["target"][()].astype(np.float64)
        rows = rows[np.argsort(-target[rows], kind="stable")]
        if count is not None and count < len(rows):
            rows = rows[np.linspace(0, len(rows) - 1, count).round().astype(int)]
        images = np.stack([file["images"][row] for row in rows])
        attributes = {name: file.attrs[name] for name in ("variant", "width", "hubble")}
        attributes["synthetic"] = bool(file.attrs["synthetic"])
    component = np.array([groups[name] for name in ids[rows]])
    return Galaxies(ids[rows], component, target[rows], images, attributes)


class Gas(NamedTuple):
    """What the map files say of the galaxies."""

    mass: np.ndarray  # (n, H, H) projected gas mass
    scale_factor: np.ndarray  # (n,)


def gas(paths, ids):
    """Projected gas mass of galaxies, from the map files that their images were made of.

    Parameters
    ----------
    paths : sequence of path
        With `maps` (n, channels, H, H), `subhalo_id`, and the attributes `channels`, `snapshot`
        and `scale_factor`.
    ids : (n,) str array

    Returns
    -------
    Gas

    Raises
    ------
    InputError
        If a galaxy is in none of them.
    """
    place = {name: number for number, name in enumerate(ids)}
    mass, scale_factor = [None] * len(ids), np.full(len(ids), np.nan)
    for path in paths:
        with open_hdf5(path, need=("maps", "subhalo_id")) as file:
            channel = list(file.attrs["channels"]).index("mass")
            for row, subhalo in enumerate(file["subhalo_id"][()]):
                number = place.get(galaxy_id(file.attrs["snapshot"], subhalo))
                if number is not None:
                    mass[number] = file["maps"][row, channel]
                    scale_factor[number] = file.attrs["scale_factor"]
    missing = [name for name, one in zip(ids, mass, strict=True) if one is None]
    if missing:
        raise InputError(
            f"{paths[0]} and the other map files lack galaxy {missing[0]}: make the maps again."
        )
    return Gas(np.stack(mass), scale_factor)


def write_galaxies(
    file: h5py.File, galaxies: Galaxies, predicted: np.ndarray, found: Gas, radii: np.ndarray
) -> None:
    """Write who was looked at into an open file: one row a galaxy.

    Parameters
    ----------
    file : h5py.File
    galaxies : Galaxies
    predicted : (n,) array
        dex.
    found : Gas
    radii : (n,) array
        Half-mass radii of the gas, pixels.
    """
    file.attrs.update(galaxies.attributes)
    create_dataset(file, "id", galaxies.id.astype("S"))
    for name in ("component", "target", "images"):
        create_dataset(file, name, getattr(galaxies, name), compression="gzip")
    create_dataset(file, "predicted", predicted)
    create_dataset(file, "scale_factor", found.scale_factor)
    create_dataset(file, "half_mass_radius", radii)
    for name, unit in (("target", "dex"), ("predicted", "dex"), ("half_mass_radius", "pixel")):
        file[name].attrs["units"] = unit


def write_method(file, method, maps, numbers) -> None:
    """Write one method's maps (n, h, h) and numbers (name -> (n,)) into an open file."""
    create_dataset(file, f"methods/{method}/maps", maps.astype(np.float32), compression="gzip")
    for name, values in numbers.items():
        create_dataset(file, f"methods/{method}/{name}", values)


def read_numbers(path) -> tuple[list[tuple[str, str, dict, np.ndarray]], bool]:
    """What `attention_statistics.summarise` takes, one entry a method of a file.

    Returns
    -------
    list of (str, str, dict, array)
    bool
        Whether the galaxies are synthetic.
    """
    with open_hdf5(path, need=("methods", "component")) as file:
        groups, case = file["component"][()], str(file.attrs["variant"])
        entries = []
        for method, group in file["methods"].items():
            numbers = {name: group[name][()] for name in group if name != "maps"}
            entries.append((case, method, numbers, groups))
        return entries, bool(file.attrs["synthetic"])


def read_attention(path):
    """All datasets of a file by name, maps by method, and its attributes."""
    names = ("id", "target", "images", "predicted", "scale_factor", "half_mass_radius")
    with open_hdf5(path, need=(*names, "methods")) as file:
        columns = {name: file[name][()] for name in names}
        columns["id"] = columns["id"].astype(str)
        maps = {method: group["maps"][()] for method, group in file["methods"].items()}
        return columns, maps, dict(file.attrs)
