"""Galaxies from cutout files of the TNG web API, read like those of a snapshot on disk."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from skyloom.arms.tng.header import table_mass
from skyloom.arms.tng.particles import RowFiles
from skyloom.arms.tng.simulation import PARTICLE_TYPES, Simulation
from skyloom.errors import InputError
from skyloom.io.files import read_table

#: What every galaxy is asked for.
KINDS = {kind: PARTICLE_TYPES[kind] for kind in ("gas", "stars")}


def file_name(owner, number):
    """Name of the cutout of a ``halo`` or ``subhalo``."""
    return f"{owner}_{int(number)}.hdf5"


class CutoutReader:
    """Particles of galaxies, and of their groups, in cutout files.

    Parameters
    ----------
    folder : Path
    rows : sequence of table row
        As `skyloom.archives.tng_cutouts.listing` makes them.
    """

    def __init__(self, folder: Path, rows) -> None:
        self._files = RowFiles(below=str(folder))
        self._extents = {}
        for row in rows:
            path = str(folder / str(row["file"]))
            for kind, number in PARTICLE_TYPES.items():
                if f"{kind}_first" not in row.colnames:
                    continue
                first, count, total = (
                    int(row[f"{kind}_{name}"]) for name in ("first", "count", "total")
                )
                self._extents["Subhalo", int(row["subhalo_id"]), number] = first, count, path
                if str(row["file"]) == file_name("halo", row["group_id"]):
                    self._extents["Group", int(row["group_id"]), number] = 0, total, path

    def extent(self, owner, number, kind):
        """First particle, number of particles and file of an object's particles of one type."""
        try:
            return self._extents[owner, number, kind]
        except KeyError:
            raise InputError(
                f"{owner.lower()} {number} has no cutout: remove the lists of cutouts of this "
                "snapshot and run again."
            ) from None

    def read(self, kind, fields, first, count, path, allocate=None):
        """Fields of a run of particles, as `skyloom.arms.tng.particles.ParticleReader.read`."""
        arrays = {}
        for field in fields:
            name = f"PartType{kind}/{field}"
            if allocate is None:
                arrays[field] = self._files.rows(path, name, first, count)
                continue
            stored = self._files.stored(path, name)
            arrays[field] = allocate(field, (count, *stored.shape[1:]), stored.dtype)
            self._files.read(path, name, first, arrays[field])
        return arrays

    def announce(self, kind, fields, first, count, path) -> None:
        """Ask the system to fetch what `read` with these arguments will read."""
        for field in fields if count else ():
            self._files.announce(path, f"PartType{kind}/{field}", first, count)


class CutoutSimulation(Simulation):
    """One snapshot whose catalogue is on disk and whose galaxies are cutouts.

    Parameters
    ----------
    base_path : str or Path
        The folder that holds ``groups_099/``.
    snapshot : int
    folder : str or Path
        Where the cutouts are.
    listings : sequence of path
        Tables of `skyloom.archives.tng_cutouts.listing`.
    kinds : sequence of str
        Kinds of particles that the cutouts hold.

    Raises
    ------
    InputError
        If a listing is missing, or lists another snapshot or files that are not there.
    """

    def __init__(
        self,
        base_path: str | Path,
        snapshot: int,
        folder: str | Path,
        listings: Sequence[str | Path],
        kinds: Sequence[str] = tuple(KINDS),
    ) -> None:
        super().__init__(base_path, snapshot)
        self._folder, self._rows = Path(folder), []
        for path in listings:
            need = ("subhalo_id", "group_id", "file")
            need += tuple(f"{kind}_{n}" for kind in kinds for n in ("first", "count", "total"))
            table = read_table(path, need=need)
            if table.meta.get("snapshot") != self.snapshot:
                raise InputError(f"{path} is of another snapshot than {self.snapshot}: remove it.")
            whole_groups = table.meta.get("of") == "halo"
            for row in table:
                owner, number = ("halo", "group_id") if whole_groups else ("subhalo", "subhalo_id")
                name = file_name(owner, row[number])
                if str(row["file"]) != name or not (self._folder / name).is_file():
                    raise InputError(
                        f"{self._folder / name}, listed in {path}, is not there: remove the list "
                        "and run again to fetch it."
                    )
            self._rows.extend(table)

    @property
    def files(self):
        """None: cutouts are compared with the catalogue when they are fetched."""

    @cached_property
    def _reader(self):
        return CutoutReader(self._folder, self._rows)

    def check_particles(self, kind, fields):
        """Nothing more than was checked when each cutout was fetched."""

    def particle_mass(self, kind):
        """Mass of each particle of a type that has one for all, 10^10 Msun/h."""
        if not self._rows:
            return 0.0
        return table_mass(self._folder / str(self._rows[0]["file"]), PARTICLE_TYPES[kind])

    @property
    def has_tree(self):
        """Whether SubLink merger trees are on disk: the web API serves branches."""
        return False


def open_simulation(
    base_path, snapshot, *, cutouts=None, listings=(), external="refuse", compared=None
):
    """One snapshot on disk: whole, or as a catalogue with cutouts in a folder of their own."""
    if cutouts is None:
        return Simulation(base_path, snapshot, external, compared)
    return CutoutSimulation(base_path, snapshot, cutouts, listings)


def open_further(
    simulation: Simulation, folder: str | Path | None, listings: Sequence[str | Path], kind: str
):
    """Where a channel's particles are read from: cutouts of their own, or the simulation itself.

    Parameters
    ----------
    simulation : Simulation
    folder : str, Path or None
        Of the channel's own cutouts; None where it has none.
    listings : sequence of path
    kind : str
        Of the channel's particles.
    """
    if folder is None:
        return simulation
    return CutoutSimulation(
        simulation.base_path, simulation.snapshot, folder, listings, kinds=(kind,)
    )
