"""Galaxies of a TNG folder and their maps, in one line each: the library's front door.

`open_tng` chooses galaxies of a snapshot as the thesis does, `Galaxies.maps` projects them, and
`skyloom.arms.tng.picture.picture` makes an image of one. Equal arguments give the bytes that the
workflow's steps give.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units
from astropy.cosmology import FlatLambdaCDM
from astropy.table import QTable, Table

from skyloom.arms.tng import channels, gas_channels, images, maps, selection
from skyloom.arms.tng.arguments import LENGTH, MASS, arguments_named, comoving, mass, number, whole
from skyloom.arms.tng.particle_fields import SOLAR_METALLICITY
from skyloom.arms.tng.simulation import Header, Simulation
from skyloom.errors import InputError, check_one_of
from skyloom.kernels import histogram2d

if TYPE_CHECKING:
    from astropy.units import Quantity

#: What the library writes, where astropy would read it otherwise (h is the hour) or not at all.
_UNITS = {
    selection.MASS_UNIT: MASS,
    selection.LENGTH_UNIT: LENGTH,
    "1e10 Msun/h": MASS,
    "Zsun": units.def_unit("Zsun", SOLAR_METALLICITY * units.dimensionless_unscaled),
}


def unit(text: str) -> Any:
    """The astropy unit that the library's text stands for."""
    return _UNITS[text] if text in _UNITS else units.Unit(text)


@dataclass(frozen=True)
class Maps:
    """Maps of some channels, of several galaxies or of one.

    ``maps["mass"]`` is a channel with its unit, ``maps[0]`` or ``maps[2:5]`` are those of some
    galaxies.

    Attributes
    ----------
    values : (n, C, B, B) float32 array
        ``values[..., row, column]`` with x rising along columns and y along rows; of one galaxy
        (C, B, B).
    channels : tuple of str
    units : tuple of astropy unit
        One a channel.
    maxima : dict of float
        Largest pixel of each channel over all galaxies that were mapped together, which scales
        their pictures; of a logarithmic entropy also the least, as ``entropy_minimum``.
    galaxies : astropy.table.Table or Row
        The rows of the galaxies.
    rotations : (n, 3, 3) array
        From the box to the picture.
    orientations : (n,) array of str
        What each galaxy's spin was measured from: `skyloom.arms.tng.rotation.ORIENTATIONS`.
    width : float
        Side of the map, ckpc/h.
    header : `skyloom.arms.tng.header.Header`
        Redshift, scale factor, h ... of the snapshot.
    """

    values: np.ndarray
    channels: tuple
    units: tuple
    maxima: dict
    galaxies: Table
    rotations: np.ndarray
    orientations: np.ndarray
    width: float
    header: Header

    def __len__(self):
        if self.values.ndim == 3:
            raise TypeError("maps of one galaxy have no length")
        return len(self.values)

    def __getitem__(self, item):
        if isinstance(item, str):
            check_one_of("channel", item, self.channels)
            place = self.channels.index(item)
            return self.values[..., place, :, :] << self.units[place]
        if self.values.ndim == 3:
            raise TypeError("maps of one galaxy have channels only")
        return Maps(
            self.values[item],
            self.channels,
            self.units,
            self.maxima,
            self.galaxies[item],
            self.rotations[item],
            self.orientations[item],
            self.width,
            self.header,
        )

    def __repr__(self):
        bins, one = self.values.shape[-1], self.values.ndim == 3
        kind = "synthetic " if self.header.synthetic else ""
        whose = f"one {kind}galaxy" if one else f"{len(self)} {kind}galaxies"
        side = f"{bins} x {bins} pixels, {self.width:g} ckpc/h a side"
        return f"<Maps of {whose}: {', '.join(self.channels)}; {side}>"


class Galaxies:
    """Galaxies of one snapshot: ``galaxies["sfr"]`` is a column, ``galaxies[:5]`` are some of them.

    Attributes
    ----------
    simulation : `skyloom.arms.tng.simulation.Simulation`
    """

    def __init__(self, simulation: Simulation, rows: Table) -> None:
        self.simulation, self._rows = simulation, rows

    @property
    def table(self) -> QTable:
        """astropy.table.QTable: identity, position, velocity, star formation and masses.

        One row a galaxy, by subhalo number, with units; ``ssfr`` is over the stellar mass.
        """
        columns = {
            name: column.data if column.unit is None else column.data << unit(str(column.unit))
            for name, column in self._rows.columns.items()
        }
        return QTable(columns, meta=dict(self._rows.meta))

    @property
    def cosmology(self) -> FlatLambdaCDM:
        """astropy.cosmology.FlatLambdaCDM: of the simulation; its H0 turns units of littleh."""
        header = self.simulation.header
        return FlatLambdaCDM(H0=100.0 * header.hubble, Om0=header.omega_matter)

    def __len__(self):
        return len(self._rows)

    def __getitem__(self, item):
        if isinstance(item, str):
            check_one_of("column", item, self._rows.colnames)
            return self.table[item]
        if isinstance(item, int | np.integer):
            # One galaxy is a table of one row.
            item = [item]
        return Galaxies(self.simulation, self._rows[item])

    def __repr__(self):
        header = self.simulation.header
        kind = "synthetic " if header.synthetic else ""
        return (
            f"<{len(self)} {kind}galaxies of snapshot {header.snapshot}, z = {header.redshift:.3g}>"
        )

    def maps(
        self,
        *names: str,
        bins: int = 256,
        width: float | Quantity = 60.0,
        depth: float | Quantity | None = None,
        inclination: float | Quantity = 0.0,
        position_angle: float | Quantity = 0.0,
        statistic: str | dict | None = None,
        members: str = "fof",
        star_forming_temperature: str | float | Quantity = "effective",
        electron_abundance_floor: float = 1e-4,
        entropy: str = "linear",
        spin_members: str = "subhalo",
        max_age: float | Quantity = 0.5,
        min_stars: int = 30,
        aperture: float | Quantity = 15.0,
        edges: str = "exact",
        deposit: str = "cell",
        threads: int = 1,
    ) -> Maps:
        """Maps of every galaxy, seen face-on about the spin of its young stars.

        Parameters
        ----------
        *names : str
            Channels, of `skyloom.arms.tng.channels.QUANTITIES`; without any, entropy, mass and
            temperature.
        bins : int
            Pixels a side.
        width : float or Quantity
            Side of the map. A number is in ckpc/h, as is a Quantity in kpc/littleh; a Quantity of
            length is physical.
        depth : float or Quantity, optional
            Extent along the line of sight, like `width`; all of it unless given.
        inclination, position_angle : float or Quantity
            Degrees, see `skyloom.arms.tng.rotation.inclined` and `positioned`.
        statistic : str or dict, optional
            What a pixel holds, for all channels or by name: 'sum', 'mean' or 'mass_weighted_mean'.
            Masses and surface densities are summed, all else is averaged by mass, unless told.
        members : 'fof' or 'subhalo'
            Particles of the galaxy's whole group, or of itself alone.
        star_forming_temperature : 'effective', float or Quantity
            See `skyloom.arms.tng.gas.cell_properties`, K.
        electron_abundance_floor : float
            Least n_e / n_H in the entropy.
        entropy : 'linear' or 'log'
            K in keV cm^2, or its log10.
        spin_members : 'subhalo' or 'fof'
            Whose stars define the spin.
        max_age : float or Quantity
            Oldest young star, Gyr.
        min_stars : int
            Least particles that define a spin.
        aperture : float or Quantity
            Radius about the centre within which they lie, like `width`.
        edges : 'exact' or 'published'
            See `skyloom.arms.tng.grid.bin_edges`; 'published', with ``statistic="sum"``
            and ``deposit="nearest"``, gives the thesis's own maps.
        deposit : 'cell' or 'nearest'
            Whether a cell of gas is as large as its volume, see
            `skyloom.kernels.histogram2d.project`, or falls into the pixel of its centre.
        threads : int
            Galaxies worked on at once; no bit of the maps depends on it.

        Returns
        -------
        Maps

        Raises
        ------
        InputError
            If files or fields are missing, files are not of one snapshot, or an argument makes no
            sense.
        """
        names = names or maps.CHANNELS
        for name in names:
            check_one_of("channel", name, channels.QUANTITIES)
        with arguments_named():
            header = self.simulation.header
            if star_forming_temperature != "effective":
                star_forming_temperature = number(
                    "star_forming_temperature", star_forming_temperature, units.K
                )
            options = {
                "gas": {
                    "members": members,
                    "star_forming_temperature": star_forming_temperature,
                    "electron_abundance_floor": float(electron_abundance_floor),
                    "entropy": entropy,
                },
                "rotation": {
                    "members": spin_members,
                    "max_age": number("max_age", max_age, units.Gyr),
                    "min_stars": whole("min_stars", min_stars),
                    "aperture": comoving("aperture", aperture, header),
                    "inclination": number("inclination", inclination, units.deg),
                    "position_angle": number("position_angle", position_angle, units.deg),
                },
                "grid": {
                    "bins": whole("bins", bins),
                    "width": comoving("width", width, header),
                    "depth": None if depth is None else comoving("depth", depth, header),
                    "edges": edges,
                    "deposit": deposit,
                },
                "statistic": _statistics(names, statistic),
            }
            _check(options)
            return _mapped(self.simulation, self._rows, names, options, threads)


def _statistics(names, given):
    """The statistic of each channel, the gas's three among them."""
    if isinstance(given, str):
        given = dict.fromkeys(names, given)
    for name in given or {}:
        check_one_of("a channel of statistic", name, names)
    wanted = {}
    for name in (*maps.CHANNELS, *names):
        allowed = channels.QUANTITIES[name].statistics
        wanted[name] = (given or {}).get(name, allowed[0])
        check_one_of(f"statistic of {name}", wanted[name], allowed)
    return wanted


def _check(options):
    """Refuse what no map can be made with."""
    gas, rotation, grid = options["gas"], options["rotation"], options["grid"]
    check_one_of("members", gas["members"], ("fof", "subhalo"))
    check_one_of("spin_members", rotation["members"], ("subhalo", "fof"))
    check_one_of("entropy", gas["entropy"], ("linear", "log"))
    check_one_of("edges", grid["edges"], ("exact", "published"))
    check_one_of("deposit", grid["deposit"], histogram2d.DEPOSITS)
    effective = gas["star_forming_temperature"] == "effective"
    positive = {
        "bins": grid["bins"],
        "width": grid["width"],
        "depth": 1.0 if grid["depth"] is None else grid["depth"],
        "electron_abundance_floor": gas["electron_abundance_floor"],
        "star_forming_temperature": 1.0 if effective else gas["star_forming_temperature"],
        "max_age": rotation["max_age"],
        "min_stars": rotation["min_stars"],
        "aperture": rotation["aperture"],
    }
    for name, value in positive.items():
        if not 0 < value < np.inf:
            raise InputError(f"{name} is {value:g}: give a finite number larger than 0.")


def _mapped(simulation, rows, names, options, threads):
    """The maps of all rows: the gas's three in one pass over the cells, others each in its own."""
    kernel, further = (
        histogram2d.load(),
        [n for n in dict.fromkeys(names) if n not in maps.CHANNELS],
    )
    passes = [maps.CHANNELS] if set(names) & set(maps.CHANNELS) else []
    planes, described, last = {}, {}, []
    for held in (*passes, *((name,) for name in further)):
        wanted = {n: {"quantity": n, "statistic": options["statistic"][n]} for n in held}
        chosen = gas_channels.chosen(wanted, channels.QUANTITIES)
        last = list(
            maps.project_all(kernel, simulation, rows, options, channels=chosen, threads=threads)
        )
        bins = options["grid"]["bins"]
        stack = np.array([one.maps for one in last], np.float32)
        stack = stack.reshape(len(last), len(held), bins, bins)
        planes.update(zip(held, stack.swapaxes(0, 1), strict=True))
        described.update(zip(held, maps.described(chosen, options)["units"], strict=True))
    values = np.stack([planes[name] for name in names], axis=1)
    logarithmic = options["gas"]["entropy"] == "log"
    return Maps(
        values,
        tuple(names),
        tuple(unit(described[name]) for name in names),
        images.largest_pixels([values], names, logarithmic_entropy=logarithmic),
        rows,
        np.array([one.rotation for one in last]).reshape(-1, 3, 3),
        np.array([one.orientation for one in last], dtype=object),
        options["grid"]["width"],
        simulation.header,
    )


def open_tng(
    base_path: str | Path,
    snapshot: int,
    *,
    stellar_mass: tuple = (0.5, 100.0),
    total_mass_max: float | Quantity | str = 200.0,
    group_mass_max: float | Quantity | str = 500.0,
    exclude: Sequence[int] = (),
    external: str = "refuse",
) -> Galaxies:
    """Galaxies of one snapshot of a TNG-format folder, by the thesis's cuts.

    Parameters
    ----------
    base_path : str or Path
        The folder that holds ``groups_099/`` and ``snapdir_099/``, such as ``TNG50-1/output``; the
        offsets are in ``../postprocessing``.
    snapshot : int
    stellar_mass : (low, high)
        Limits of the stellar mass. Here and below a number is in 10^10 Msun/h, the catalogue's
        unit; a Quantity in Msun (or Msun/littleh) or a text such as ``"2e12 Msun"`` has its own.
    total_mass_max, group_mass_max : float, Quantity or str
        Upper limits of the subhalo's and of its FoF group's mass.
    exclude : sequence of int
        Numbers of subhaloes that are left out.
    external : 'refuse' or 'allow'
        Whether links may lead to particles in files that are not below `base_path`.

    Returns
    -------
    Galaxies

    Raises
    ------
    InputError
        If files of the catalogue are missing or damaged, or an argument makes no sense.
    """
    check_one_of("external", external, ("refuse", "allow"))
    try:
        low, high = stellar_mass
    except (TypeError, ValueError) as error:
        raise InputError(
            f"stellar_mass is {stellar_mass!r}: give two limits, the lower one first."
        ) from error
    with arguments_named():
        simulation = Simulation(base_path, snapshot, external)
        cuts = {
            "stellar_mass": (mass("stellar_mass", low), mass("stellar_mass", high)),
            "total_mass_max": mass("total_mass_max", total_mass_max),
            "group_mass_max": mass("group_mass_max", group_mass_max),
            "exclude": [f"{int(snapshot):03d}_{int(number)}" for number in exclude],
        }
        rows = selection.with_ssfr(selection.select(simulation, cuts=cuts), mass="stellar")
    return Galaxies(simulation, rows)
