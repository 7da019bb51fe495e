"""From gas cells to maps: entropy, mass and temperature of every galaxy, seen face-on."""

import json
from functools import cache
from typing import NamedTuple

import numpy as np

from skyloom.errors import InputError
from skyloom.io import create_dataset
from skyloom.kernels import histogram2d
from skyloom.tng import cosmology
from skyloom.tng.families import CHANNELS
from skyloom.tng.gas import kernel_constants
from skyloom.tng.grid import bin_edges, padded
from skyloom.tng.in_turn import check_spin_fields, each_galaxy
from skyloom.tng.rotation import ORIENTATIONS, orientation, periodic_offset
from skyloom.tng.simulation import STAR_FIELDS

#: Order of the channels in every map and image.

#: What a map needs of the gas, and what a spin does.
MAP_FIELDS = ("Coordinates", "Density", "ElectronAbundance", "InternalEnergy", "Masses")
SPIN_FIELDS = ("Coordinates", "Masses", "StarFormationRate", "Velocities")

#: Columns of a galaxy table that say how its row is seen, degrees; without them the options do.
VIEW_ANGLES = ("inclination", "position_angle")


def map_units(entropy_scale="linear"):
    """Units of the channels of a map, in the order of `CHANNELS`."""
    return ("dex(keV cm2)" if entropy_scale == "log" else "keV cm2", "1e10 Msun/h", "K")


class GalaxyMaps(NamedTuple):
    """What one galaxy's projection gives."""

    subhalo_id: int
    maps: np.ndarray  # (C, bins, bins) float32
    rotation: np.ndarray  # (3, 3)
    orientation: str
    cells: int
    cells_below_floor: int


@cache
def _formation_limit(header, max_age):
    """Scale factor of the universe `max_age` Gyr before a snapshot."""
    flat = {"hubble": header.hubble, "omega_matter": header.omega_matter}
    now = cosmology.age(header.scale_factor, **flat)
    return float(cosmology.scale_factor_at(now - max_age, **flat))


def galaxy_orientation(gas, stars, header, *, centre, velocity, options):
    """Rotation of one galaxy from its own particles.

    Parameters
    ----------
    gas : dict of array, or callable
        TNG fields (Coordinates, Masses, StarFormationRate, Velocities), in TNG units; or a
        function that gives them, asked only where the stars do not decide.
    stars : dict of array
        `skyloom.tng.simulation.STAR_FIELDS`.
    header : `skyloom.tng.simulation.Header`
    centre, velocity : (3,) array
        ckpc/h, km/s.
    options : dict
        max_age (Gyr), min_stars, aperture (ckpc/h), inclination and, unless 0, position_angle
        (degrees).

    Returns
    -------
    `skyloom.tng.rotation.Orientation`
    """

    def relative(particles, chosen):
        """Positions (ckpc/h) and peculiar velocities (km/s) about the galaxy, and masses."""
        speeds = np.asarray(particles["Velocities"][chosen], dtype=np.float64)
        coordinates = particles["Coordinates"][chosen]
        return {
            "position": periodic_offset(coordinates, centre, header.box_size),
            "velocity": speeds * np.sqrt(header.scale_factor) - velocity,
            "mass": np.asarray(particles["Masses"][chosen], dtype=np.float64),
        }

    def cells():
        fields = gas() if callable(gas) else gas
        return {**fields, "sfr": fields["StarFormationRate"]}

    born = np.asarray(stars["GFM_StellarFormationTime"], dtype=np.float64)
    return orientation(
        {**stars, "formation": born},
        cells,
        formation_limit=_formation_limit(header, options["max_age"]),
        min_stars=options["min_stars"],
        aperture=options["aperture"],
        inclination=options["inclination"],
        position_angle=options.get("position_angle", 0.0),
        relative=relative,
    )


def project_galaxy(
    kernel, gas, header, rotation, *, centre, grid, statistic, gas_options, threads=1
):
    """Maps of one galaxy's gas.

    Parameters
    ----------
    kernel : ctypes library
        From `skyloom.kernels.histogram2d.load`.
    gas : dict of array
        The fields that `map_fields` names, in TNG units; may be empty.
    header : `skyloom.tng.simulation.Header`
    rotation : (3, 3) array
    centre : (3,) array
        ckpc/h.
    grid : dict
        bins, width and depth (ckpc/h; depth None takes all), edges ('exact' or 'published').
    statistic : dict
        One of `skyloom.kernels.histogram2d.STATISTICS` a channel.
    gas_options : dict
        star_forming_temperature, electron_abundance_floor, entropy.
    threads : int
        Threads that share this galaxy's cells; the maps do not depend on it.

    Returns
    -------
    maps : (3, bins, bins) float32 array
        In the order of `CHANNELS`; zeros where there is no gas.
    floored : int
        Cells whose electron abundance was raised to the floor.

    Raises
    ------
    ValueError
        If a cell's density or energy makes no sense.
    """
    filled, floored = histogram2d.project_gas(
        kernel,
        gas,
        kernel_constants(
            scale_factor=header.scale_factor,
            hubble=header.hubble,
            electron_abundance_floor=gas_options["electron_abundance_floor"],
            star_forming_temperature=gas_options["star_forming_temperature"],
            entropy_scale=gas_options["entropy"],
        ),
        statistics=[statistic[channel] for channel in CHANNELS],
        edges=bin_edges(grid["bins"], grid["width"], grid["edges"]),
        centre=centre,
        box_size=header.box_size,
        rotation=rotation,
        depth=grid["depth"],
        threads=threads,
    )
    return padded(filled, grid["bins"]), floored


def map_fields(gas_options):
    """TNG fields of the gas that a map needs: the star formation rate only where it decides."""
    if gas_options["star_forming_temperature"] == "effective":
        return MAP_FIELDS
    return (*MAP_FIELDS, "StarFormationRate")


def owner(galaxy, members):
    """Whose particles count, as arguments of `Simulation.particles`: 'fof' or 'subhalo'."""
    if members == "fof":
        return {"group": int(galaxy["group_id"])}
    return {"subhalo": int(galaxy["subhalo_id"])}


def _needed_stars(galaxy, options):
    # The spin is the galaxy's own: satellites of its group are left out unless asked for.
    return {
        "kind": "stars",
        "fields": STAR_FIELDS,
        **owner(galaxy, options["rotation"]["members"]),
    }


def _needs(galaxy, options):
    """What one galaxy's maps are made of, as arguments of `Simulation.particles`: gas, stars."""
    gas = {
        "kind": "gas",
        "fields": map_fields(options["gas"]),
        **owner(galaxy, options["gas"]["members"]),
    }
    return gas, _needed_stars(galaxy, options)


def oriented(simulation, galaxy, options, workspace):
    """How one galaxy is seen, from its own particles.

    Parameters
    ----------
    simulation : `skyloom.tng.simulation.Simulation`
    galaxy : astropy.table.Row
        Of a galaxy table; a table of views (`skyloom.tng.inclined`) says for each row how it is
        seen.
    options : dict
        ``rotation``, as for `galaxy_orientation`, and its ``members``.
    workspace : `skyloom.tng.particles.Workspace`

    Returns
    -------
    `skyloom.tng.rotation.Orientation`
    """
    needed_stars = _needed_stars(galaxy, options)
    view = {name: float(galaxy[name]) for name in VIEW_ANGLES if name in galaxy.colnames}

    def own_gas():
        needed = {**needed_stars, "kind": "gas", "fields": SPIN_FIELDS}
        return simulation.particles(**needed, workspace=workspace)

    return galaxy_orientation(
        own_gas,
        simulation.particles(**needed_stars, workspace=workspace),
        simulation.header,
        centre=np.array([galaxy[name] for name in "xyz"]),
        velocity=np.array([galaxy[f"v{name}"] for name in "xyz"]),
        options={**options["rotation"], **view},
    )


def _galaxy_maps(kernel, simulation, galaxy, options, workspace, threads):
    """Read, orient and project one row of a galaxy table."""
    header = simulation.header
    turned = oriented(simulation, galaxy, options, workspace)
    gas = simulation.particles(**_needs(galaxy, options)[0], workspace=workspace)
    try:
        stack, floored = project_galaxy(
            kernel,
            gas,
            header,
            turned.matrix,
            centre=np.array([galaxy[name] for name in "xyz"]),
            grid=options["grid"],
            statistic=options["statistic"],
            gas_options=options["gas"],
            threads=threads,
        )
    except ValueError as error:
        subhalo = galaxy["subhalo_id"]
        raise InputError(
            f"{simulation.base_path}, snapshot {header.snapshot}, subhalo {subhalo}: its gas makes "
            f"no sense ({error}); get the snapshot's chunks again."
        ) from error
    return GalaxyMaps(
        int(galaxy["subhalo_id"]), stack, turned.matrix, turned.source, len(gas["Masses"]), floored
    )


def project_all(kernel, simulation, galaxies, options, *, threads=1):
    """Maps of every galaxy of a table, in the table's order.

    Parameters
    ----------
    kernel : ctypes library
    simulation : `skyloom.tng.simulation.Simulation`
    galaxies : astropy.table.Table
        As `skyloom.tng.selection.select` makes it: in the order of the snapshot's files, which
        are so read from front to back.
    options : dict
        ``gas``, ``rotation``, ``grid`` and ``statistic``, as the functions above take them.
    threads : int
        Galaxies worked on at once: one is read while another is computed. Each galaxy's sums
        have one order, so the maps do not depend on it.

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
    check_spin_fields(simulation)

    def work(galaxy, workspace, share):
        return _galaxy_maps(kernel, simulation, galaxy, options, workspace, share)

    yield from each_galaxy(
        simulation, galaxies, work, lambda galaxy: _needs(galaxy, options), threads=threads
    )


def part_of(galaxies, part, parts):
    """Rows of one shard: the table cut into `parts` runs of nearly equal length, in order."""
    limits = np.linspace(0, len(galaxies), parts + 1).round().astype(int)
    return galaxies[limits[part] : limits[part + 1]]


def described(options):
    """Channels, units and statistics of the maps of `project_all`, as attributes of their file."""
    return {
        "channels": list(CHANNELS),
        "units": list(map_units(options["gas"]["entropy"])),
        "statistic": [options["statistic"][channel] for channel in CHANNELS],
    }


def write_maps(file, projected, count, *, header, options, channels=None):
    """Write projected galaxies into an open HDF5 file as they come.

    Parameters
    ----------
    file : h5py.File
        Empty and writable.
    projected : iterable of GalaxyMaps
    count : int
        How many will come.
    header : `skyloom.tng.simulation.Header`
    options : dict
        As for `project_all`; recorded in the attributes.
    channels : dict, optional
        Attributes ``channels``, ``units`` and ``statistic``, as `described` makes them, of maps
        of other channels.
    """
    about = channels or described(options)
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
    if channels is None:
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
            "inclination": options["rotation"]["inclination"],
            # Everything else that decides a map, whole.
            "options": json.dumps(options, sort_keys=True),
        }
    )
