"""From particles to maps of every galaxy: entropy, mass, temperature or another channel, face-on.

The gas's three are made in one pass over its cells by the kernel, any other channel in one of its
own, from what its entry of `skyloom.arms.tng.channels.QUANTITIES` says.
"""

from __future__ import annotations

import ctypes
import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from skyloom.arms.tng import consistency
from skyloom.arms.tng.galaxy_loop import check_spin_fields, each_galaxy
from skyloom.arms.tng.gas import kernel_constants
from skyloom.arms.tng.gas_channels import CHANNELS, Frame, chosen, fields, further_fields
from skyloom.arms.tng.grid import bin_edges, padded
from skyloom.arms.tng.rotation import ORIENTATIONS, oriented, owner, stars_needed
from skyloom.errors import InputError
from skyloom.io.files import create_dataset
from skyloom.kernels import histogram2d

if TYPE_CHECKING:
    import h5py
    from astropy.table import Table

    from skyloom.arms.tng.gas_channels import Channel
    from skyloom.arms.tng.simulation import Simulation


class GalaxyMaps(NamedTuple):
    """What one galaxy's projection gives."""

    subhalo_id: int
    maps: np.ndarray  # (C, bins, bins) float32
    rotation: np.ndarray  # (3, 3)
    orientation: str
    cells: int
    cells_below_floor: int


def gas_channels(statistic):
    """Entropy, mass and temperature, with the statistic of each."""
    return chosen({n: {"quantity": n, "statistic": statistic[n]} for n in CHANNELS})


def _fused(channels):
    """Whether the kernel works the channels out by itself: the gas's three, in their order."""
    return all(channel.quantity.values is None for channel in channels.values())


def pass_fields(channels, gas_options):
    """TNG fields that a pass reads: the star formation rate only where it decides."""
    names = {name for channel in channels.values() for name in fields(channel.quantity)}
    if _fused(channels) and gas_options["star_forming_temperature"] != "effective":
        names.add("StarFormationRate")
    return tuple(sorted(names))


def pixel_area(grid, header):
    """Area of a pixel, physical kpc^2."""
    # The thesis's edges are further apart than width / bins.
    steps = np.diff(bin_edges(grid["bins"], grid["width"], grid["edges"]))
    return float((steps[0] * header.scale_factor / header.hubble) ** 2)


def project_galaxy(
    kernel: ctypes.CDLL,
    particles: dict[str, np.ndarray],
    frame: Frame,
    channels: dict[str, Channel],
    *,
    centre: np.ndarray,
    options: dict,
    threads: int = 1,
) -> tuple[np.ndarray, int]:
    """Maps of one galaxy from one pass over its particles.

    Parameters
    ----------
    kernel : ctypes library
        From `skyloom.kernels.histogram2d.load`.
    particles : dict of array
        The fields that `pass_fields` names, in TNG units, always with Masses; may be empty.
    frame : `skyloom.arms.tng.gas_channels.Frame`
    channels : dict of `skyloom.arms.tng.gas_channels.Channel`
        The gas's three (`gas_channels`), or another one.
    centre : (3,) array
        ckpc/h.
    options : dict
        ``grid``: bins, width and depth (ckpc/h; depth None takes all), edges ('exact' or
        'published'), deposit (of `skyloom.kernels.histogram2d.DEPOSITS`: how cells of gas fall on
        the map; other particles are points); for the gas's three ``gas``: star_forming_temperature,
        electron_abundance_floor, entropy.
    threads : int
        Threads that share this galaxy's particles; the maps do not depend on it.

    Returns
    -------
    maps : (C, bins, bins) float32 array
        In the channels' units; zeros where there is no particle.
    floored : int
        Cells whose electron abundance was raised to the floor.

    Raises
    ------
    ValueError
        If a cell's density or energy makes no sense.
    """
    grid, header, floored = options["grid"], frame.header, 0
    statistics = [channel.statistic for channel in channels.values()]
    view = {
        "edges": bin_edges(grid["bins"], grid["width"], grid["edges"]),
        "centre": centre,
        "box_size": header.box_size,
        "rotation": frame.rotation,
        "depth": grid["depth"],
        "threads": threads,
    }
    if _fused(channels):
        gas = options["gas"]
        constants = kernel_constants(
            scale_factor=header.scale_factor,
            hubble=header.hubble,
            electron_abundance_floor=gas["electron_abundance_floor"],
            star_forming_temperature=gas["star_forming_temperature"],
            entropy_scale=gas["entropy"],
        )
        filled, floored = histogram2d.project_gas(
            kernel,
            particles,
            constants,
            statistics=statistics,
            deposit=grid["deposit"],
            **view,
        )
    else:
        ((quantity, statistic),) = channels.values()
        moments = quantity.values(particles, frame)
        as_large = quantity.particles == "gas" and grid["deposit"] == "cell"
        filled = histogram2d.project(
            kernel,
            particles["Coordinates"],
            moments,
            statistics=[statistic] * len(moments),
            mass=particles["Masses"],
            density=particles["Density"] if as_large else None,
            **view,
        )
        filled = (filled[0] if quantity.combine is None else quantity.combine(filled))[None]
    return padded(filled, grid["bins"]), floored


def needed(galaxy, channels, options):
    """What one galaxy's maps are made of, as arguments of `Simulation.particles`."""
    (kind,) = {channel.quantity.particles for channel in channels.values()}
    return {
        "kind": kind,
        "fields": pass_fields(channels, options["gas"]),
        **owner(galaxy, options["gas"]["members"]),
    }


class Prepared(NamedTuple):
    """A galaxy's particles, and how they are looked at."""

    subhalo_id: int
    where: str  # for messages
    kind: str
    particles: dict[str, np.ndarray]
    frame: Frame
    centre: np.ndarray  # (3,) ckpc/h
    orientation: str

    def half(self, chosen: np.ndarray) -> Prepared:
        """The same galaxy with some of its particles, (N,) bool."""
        return self._replace(particles={k: v[chosen] for k, v in self.particles.items()})


def prepared(simulation, source, galaxy, channels, options, workspace) -> Prepared:
    """Read and orient one row of a galaxy table."""
    header, wanted = simulation.header, needed(galaxy, channels, options)
    turned = oriented(simulation, galaxy, options, workspace)
    # Arrays of another source are of the same object, but not the same arrays.
    particles = source.particles(**wanted, workspace=workspace if source is simulation else None)
    count = len(particles["Coordinates"])
    if "Masses" not in particles:
        particles["Masses"] = np.full(count, source.particle_mass(wanted["kind"]) if count else 0)
    frame = Frame(
        header,
        np.array([galaxy[f"v{name}"] for name in "xyz"]),
        turned.matrix,
        pixel_area(options["grid"], header),
    )
    return Prepared(
        int(galaxy["subhalo_id"]),
        f"{simulation.base_path}, snapshot {header.snapshot}",
        wanted["kind"],
        particles,
        frame,
        np.array([galaxy[name] for name in "xyz"]),
        turned.source,
    )


def projected(kernel, galaxy: Prepared, channels, options, threads) -> tuple[np.ndarray, int]:
    """Maps of a galaxy that was read, as `project_galaxy` gives them; an InputError names it."""
    view = {"centre": galaxy.centre, "options": options, "threads": threads}
    try:
        return project_galaxy(kernel, galaxy.particles, galaxy.frame, channels, **view)
    except ValueError as error:
        raise InputError(
            f"{galaxy.where}, subhalo {galaxy.subhalo_id}: its {galaxy.kind} makes no sense "
            f"({error}); get the snapshot's chunks again."
        ) from error


def _check_particles(source, channels):
    """Raise an InputError that names the channel whose particles or fields are not there."""
    for quantity, _ in channels.values():
        # Any others a spin may need, and were looked for.
        for kind, wanted in further_fields(quantity).items():
            try:
                consistency.require(source, (kind,))
                source.check_particles(kind, wanted)
            except InputError as error:
                raise InputError(
                    f"The {quantity.label} cannot be mapped in snapshot {source.snapshot}: {error} "
                    "Or leave out what shows it."
                ) from None


def project_all(
    kernel: ctypes.CDLL,
    simulation: Simulation,
    galaxies: Table,
    options: dict,
    *,
    channels: dict[str, Channel] | None = None,
    threads: int = 1,
    source: Simulation | None = None,
) -> Iterator[GalaxyMaps]:
    """Maps of every galaxy of a table, in the table's order.

    Parameters
    ----------
    kernel : ctypes library
    simulation : `skyloom.arms.tng.simulation.Simulation`
    galaxies : astropy.table.Table
        As `skyloom.arms.tng.selection.select` makes it: in the order of the snapshot's files, which
        are so read from front to back.
    options : dict
        ``gas``, ``rotation`` and ``grid``, as the functions above take them; ``statistic`` of the
        gas's three. Of any other channel's pass ``gas`` has at least its ``members``.
    channels : dict of `skyloom.arms.tng.gas_channels.Channel`, optional
        Those of one pass: the gas's three, unless given, or another one.
    threads : int
        Galaxies worked on at once: one is read while another is computed. Each galaxy's sums
        have one order, so the maps do not depend on it.
    source : `skyloom.arms.tng.simulation.Simulation`, optional
        Where the channels' particles are read from, if not where those of the spin are.

    Yields
    ------
    GalaxyMaps
        The particles of one galaxy a thread are in memory at a time, and some maps that wait; the
        system is asked to fetch those of the next galaxies from the disk into its cache.

    Raises
    ------
    InputError
        If files or fields are missing, before work starts, or values make no sense.
    """
    if not len(galaxies):
        return
    channels, source = channels or gas_channels(options["statistic"]), source or simulation
    check_spin_fields(simulation)
    _check_particles(source, channels)

    def work(galaxy, workspace, share):
        ready = prepared(simulation, source, galaxy, channels, options, workspace)
        stack, floored = projected(kernel, ready, channels, options, share)
        count = len(ready.particles["Coordinates"])
        matrix = ready.frame.rotation
        return GalaxyMaps(ready.subhalo_id, stack, matrix, ready.orientation, count, floored)

    def needs(galaxy):
        stars = [stars_needed(galaxy, options)] if source is simulation else []
        return [needed(galaxy, channels, options), *stars]

    yield from each_galaxy(source, galaxies, work, needs, threads=threads)


def part_of(galaxies, part, parts):
    """Rows of one shard: the table cut into `parts` runs of nearly equal length, in order."""
    limits = np.linspace(0, len(galaxies), parts + 1).round().astype(int)
    return galaxies[limits[part] : limits[part + 1]]


def described(channels, options):
    """Names, units and statistics of the maps of `project_all`, as attributes of their file."""
    logarithm = _fused(channels) and options["gas"]["entropy"] == "log"
    return {
        "channels": list(channels),
        "units": [
            f"dex({quantity.unit})" if logarithm and name == "entropy" else quantity.unit
            for name, (quantity, _) in channels.items()
        ],
        "statistic": [channel.statistic for channel in channels.values()],
    }


def write_maps(
    file: h5py.File,
    projected: Iterable[GalaxyMaps],
    count: int,
    *,
    header,
    options: dict,
    channels: dict[str, Channel] | None = None,
) -> None:
    """Write projected galaxies into an open HDF5 file as they come.

    Parameters
    ----------
    file : h5py.File
        Empty and writable.
    projected : iterable of GalaxyMaps
    count : int
        How many will come.
    header : `skyloom.arms.tng.simulation.Header`
    options : dict
        As for `project_all`; recorded in the attributes.
    channels : dict of `skyloom.arms.tng.gas_channels.Channel`, optional
        As for `project_all`.
    """
    channels = channels or gas_channels(options["statistic"])
    about = described(channels, options)
    bins, number = options["grid"]["bins"], len(about["channels"])
    shape = (count, number, bins, bins)
    # Not compressed: each variant reads all maps again, and lzf, which makes them a third to two
    # thirds smaller, took ten times as long to read and eight times as long to write.
    maps = file.create_dataset("maps", shape, np.float32, track_times=False)
    subhalo_id, totals = np.zeros(count, np.int64), np.zeros((count, number))
    rotation = np.zeros((count, 3, 3))
    source, cells, floored = (np.zeros(count, dtype) for dtype in (np.uint8, np.int64, np.int64))
    for row, galaxy in enumerate(projected):
        maps[row] = galaxy.maps
        totals[row] = galaxy.maps.sum(axis=(1, 2), dtype=np.float64)
        subhalo_id[row], rotation[row] = galaxy.subhalo_id, galaxy.rotation
        source[row] = ORIENTATIONS.index(galaxy.orientation)
        cells[row], floored[row] = galaxy.cells, galaxy.cells_below_floor
    columns = {
        "subhalo_id": subhalo_id,
        "rotation": rotation,
        "totals": totals,
        "orientation": source,
        "cells": cells,
    }
    if _fused(channels):
        columns["cells_below_electron_abundance_floor"] = floored
    for name, column in columns.items():
        create_dataset(file, name, column)
    file["orientation"].attrs["names"] = list(ORIENTATIONS)
    file.attrs.update(header._asdict())
    file.attrs.update(
        {
            **about,
            "bins": bins,
            "width": options["grid"]["width"],
            "width_unit": "ckpc/h",
            "depth": options["grid"]["depth"] or np.inf,
            "edges": options["grid"]["edges"],
            "deposit": options["grid"]["deposit"],
            "inclination": options["rotation"]["inclination"],
            # Everything else that decides a map, whole.
            "options": json.dumps(options, sort_keys=True),
        }
    )
