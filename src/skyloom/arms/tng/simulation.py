"""Reading galaxies from TNG-format files, and from single cutout files.

illustris_python reads the catalogues and trees, `skyloom.arms.tng.particles` the particles; this
module checks that the files are whole before they are asked, names what is missing, and gives empty
arrays where there are no particles.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import illustris_python as il
import numpy as np
from illustris_python.groupcat import gcPath, offsetPath
from illustris_python.snapshot import snapPath

from skyloom.arms.tng import consistency, field_checks, merger_trees
from skyloom.arms.tng.header import Header, read_header, scalar, table_mass
from skyloom.arms.tng.particle_fields import GAS_FIELDS, PARTICLE_TYPES, STAR_FIELDS
from skyloom.arms.tng.particles import ParticleReader
from skyloom.errors import InputError
from skyloom.io import hdf5_external
from skyloom.io.files import open_hdf5

__all__ = ["GAS_FIELDS", "PARTICLE_TYPES", "STAR_FIELDS", "Header", "Simulation", "open_cutout"]


class Simulation:
    """One snapshot of a TNG-format simulation on disk.

    Parameters
    ----------
    base_path : str or Path
        The folder that holds ``groups_099/`` and ``snapdir_099/``.
    snapshot : int
    external : 'refuse' or 'allow'
        Whether links may lead to particles in files that are not below `base_path`.
    compared : dict, optional
        What `skyloom.arms.tng.consistency.check_snapshot` found before; looked for again unless
        told.

    Raises
    ------
    InputError
        If files of the set are missing or damaged; the first one is named.
    """

    def __init__(
        self,
        base_path: str | Path,
        snapshot: int,
        external: str = "refuse",
        compared: dict | None = None,
    ) -> None:
        self.base_path, self.snapshot = str(base_path), int(snapshot)
        self._compared = compared
        self._below = self.base_path if external == "refuse" else None

    @contextlib.contextmanager
    def _asked(self, what):
        """Turn illustris_python's errors into sentences."""
        try:
            yield
        except InputError:
            raise
        except Exception as error:
            raise InputError(
                f"{self.base_path}, snapshot {self.snapshot}: {what} cannot be read ({error}): "
                "check that the files are whole, and get them again if not."
            ) from error

    @cached_property
    def header(self):
        """Header: the snapshot's redshift, scale factor, h, matter density and box side."""
        path = self._catalogue_files[0]
        with open_hdf5(path) as file:
            return read_header(file, path, self.snapshot)

    @cached_property
    def _catalogue_files(self):
        return self._whole_set(gcPath, "NumFiles")

    @cached_property
    def _snapshot_files(self):
        return self._whole_set(snapPath, "NumFilesPerSnapshot")

    @cached_property
    def files(self):
        """All files of the snapshot; None where its particles, or their offsets, are not there."""
        first = Path(snapPath(self.base_path, self.snapshot))
        offsets = offsetPath(self.base_path, self.snapshot)
        chunks = first.parent.glob(f"*_{self.snapshot:03d}.*.hdf5")
        if not os.path.isfile(offsets) or not any(chunks):
            return None
        catalogue, snapshot = map(str, self._catalogue_files), map(str, self._snapshot_files)
        return consistency.Files(list(catalogue), list(snapshot), str(offsets), self._below)

    @cached_property
    def compared(self):
        """What `skyloom.arms.tng.consistency.check_snapshot` finds of the snapshot's files."""
        if not self._compared:
            return consistency.check_snapshot(self)
        consistency.check_same(self, self._compared)
        return self._compared

    def _whole_set(self, path_of, count_name):
        """Paths of all chunks of a file set; the header of the first says how many there are."""
        first = Path(path_of(self.base_path, self.snapshot))
        if not first.is_file():
            self._refuse_missing_first(first)
        with open_hdf5(first, need=["Header"]) as file:
            stated = scalar(file["Header"].attrs, count_name, first)
            # TNG300-1 has 600; a damaged header may hold any number.
            count = int(stated) if np.isreal(stated) and 0 < stated < 100_000 else 0
        if not count:
            raise InputError(
                f"{first} has {stated} as {count_name} in its header: the file is damaged; get it "
                "again."
            )
        # illustris_python names a missing chunk as one that never existed; the first one's is true.
        stem = str(first).removesuffix("0.hdf5")
        paths = [Path(f"{stem}{chunk}.hdf5") for chunk in range(count)]
        missing = [path for path in paths if not path.is_file()]
        if missing:
            raise InputError(
                f"{missing[0]} is missing ({len(missing)} of {count} chunks are): a file set can "
                "be read only when it is whole; download the rest."
            )
        return paths

    def _refuse_missing_first(self, asked):
        # illustris_python falls back on a name that never existed; other chunks know the true one.
        others = sorted(asked.parent.glob(f"*_{self.snapshot:03d}.*.hdf5"))
        name = f"{others[0].name.split('.')[0]}.0.hdf5" if others else asked.name
        raise InputError(
            f"{asked.parent / name} is missing: a file set can be read only when it is whole; "
            "download it, or correct tng.base_path and tng.snapshots."
        )

    def _catalogue(self, load, group, fields):
        self._check_catalogue(group, {"Group": "Ngroups", "Subhalo": "Nsubgroups"}[group], fields)
        with self._asked(f"the {group} catalogue"):
            loaded = load(self.base_path, self.snapshot, fields=list(fields))
        arrays = loaded if isinstance(loaded, dict) else {fields[0]: loaded}
        return {field: arrays[field] for field in fields}

    def _check_catalogue(self, group, name, fields):
        """Refuse chunks that lack fields, or hold fewer objects than stated.

        What they lack of the rows would be read as zeros.
        """
        sum_of_all, any_there, first = 0, False, self._catalogue_files[0]
        for path in self._catalogue_files:
            # illustris_python reads the header of the first, texts included.
            with open_hdf5(path, need=["Header"], texts=path == first) as file:
                held = int(scalar(file["Header"].attrs, f"{name}_ThisFile", path))
                if path == first:
                    stated = int(scalar(file["Header"].attrs, f"{name}_Total", path))
                hdf5_external.check_links(file, group, path)
                there = group in file and len(file[group]) > 0
                if held:
                    field_checks.check_columns(file.get(group), group, fields, path, held)
            sum_of_all, any_there = sum_of_all + held, any_there or there
        if not any_there:
            raise InputError(f"{first.parent} has no {group} at all: check it.")
        if sum_of_all != stated:
            raise InputError(
                f"{first} has {stated} as {name}_Total in its header, but the {name}_ThisFile of "
                f"all chunks add up to {sum_of_all}: the catalogue is not of one piece; get it "
                "again."
            )

    def subhalos(self, fields):
        """Columns of the subhalo catalogue, as a dict of arrays in catalogue order."""
        return self._catalogue(il.groupcat.loadSubhalos, "Subhalo", fields)

    def groups(self, fields):
        """Columns of the FoF group catalogue, as a dict of arrays in catalogue order."""
        return self._catalogue(il.groupcat.loadHalos, "Group", fields)

    def has_subhalo_field(self, field):
        """Whether the subhalo catalogue has a column: Illustris's lacks SubhaloFlag."""
        for path in self._catalogue_files:
            with open_hdf5(path) as file:
                if "Subhalo" in file and len(file["Subhalo"]):
                    return field in file["Subhalo"]
        return False

    def particle_mass(self, kind):
        """Mass of each particle of a type that has one for all, 10^10 Msun/h."""
        return table_mass(self._snapshot_files[0], PARTICLE_TYPES[kind])

    def particle_fields(self):
        """Fields of every particle type, as sets by kind, from the first chunk that has it."""
        found = {}
        for path in self._snapshot_files:
            with open_hdf5(path) as file:
                for kind, number in PARTICLE_TYPES.items():
                    name = f"PartType{number}"
                    hdf5_external.check_links(file, name, path)
                    if kind not in found and name in file:
                        found[kind] = set(file[name])
            if len(found) == len(PARTICLE_TYPES):
                break
        return {kind: found[kind] for kind in PARTICLE_TYPES if kind in found}

    def check_particles(self, kind, fields: Sequence[str]) -> None:
        """Raise an InputError if the snapshot lacks files, or these fields of a particle type.

        Parameters
        ----------
        kind : one of `PARTICLE_TYPES`
        fields : sequence of str
        """
        name = f"PartType{PARTICLE_TYPES[kind]}"
        if {(name, field) for field in fields} <= self._fields_checked:
            return
        for path in self._snapshot_files:
            with open_hdf5(path) as file:
                # A chunk may lack a particle type altogether; look at the first that has it.
                hdf5_external.check_links(file, name, path)
                if name in file:
                    field_checks.check_fields(file[name], fields, path)
                    break
        offsets = Path(offsetPath(self.base_path, self.snapshot))
        with open_hdf5(offsets, need=["FileOffsets/SnapByType"]):
            self._fields_checked.update((name, field) for field in fields)

    @cached_property
    def _fields_checked(self):
        return set()

    @cached_property
    def _reader(self):
        offsets = offsetPath(self.base_path, self.snapshot)
        return ParticleReader(self._snapshot_files, self._catalogue_files, offsets, self._below)

    def _located(self, kind, subhalo, group):
        """An object's name, what it is called in the files, its number, and where it lies."""
        owner, number = ("Group", group) if subhalo is None else ("Subhalo", subhalo)
        what = f"{kind} of {owner.lower()} {number}"
        with self._asked(what):
            extent = self._reader.extent(owner, int(number), PARTICLE_TYPES[kind])
        return what, owner, int(number), extent

    def particles(self, kind, fields, *, subhalo=None, group=None, workspace=None):
        """Particles of one subhalo or of one whole FoF group.

        Parameters
        ----------
        kind : one of `PARTICLE_TYPES`
        fields : sequence of str
            TNG field names.
        subhalo, group : int
            One of the two.
        workspace : `skyloom.arms.tng.particles.Workspace`, optional
            Holds the arrays, until it is handed to the next call; without one they are new.

        Returns
        -------
        dict of (N,) or (N, 3) array
            In TNG's units and data types; arrays of length 0 where there is none.
        """
        self.check_particles(kind, fields)
        what, owner, number, extent = self._located(kind, subhalo, group)
        if not extent[1]:
            return field_checks.empty(fields)
        ready, allocate = {}, None
        if workspace is not None:
            place = f"{kind} of {owner}"
            found = {field: workspace.held((place, field), number) for field in fields}
            ready = {field: array for field, array in found.items() if array is not None}

            def allocate(field, *layout):
                return workspace.array((place, field), *layout)

        with self._asked(what):
            arrays = self._reader.read(
                PARTICLE_TYPES[kind],
                [field for field in fields if field not in ready],
                *extent,
                allocate,
            )
        field_checks.check_finite(arrays, f"{self.base_path}, snapshot {self.snapshot}: {what}")
        if workspace is not None:
            for field, array in arrays.items():
                workspace.keep((place, field), number, array)
        return {field: ready[field] if field in ready else arrays[field] for field in fields}

    def subhalo(self, number, fields):
        """What the catalogue says of one subhalo in numbers, as a dict of 1-D float64 arrays."""
        with self._asked(f"subhalo {number} of the catalogue"):
            rows = [self._reader.row("Subhalo", int(number), field) for field in fields]
            return {
                field: np.atleast_1d(np.asarray(row, dtype=np.float64))
                for field, row in zip(fields, rows, strict=True)
            }

    def coordinates(self, kind, subhalo):
        """Where the particles of one subhalo are, ckpc/h, (N, 3); not compared with any table."""
        what, _, _, extent = self._located(kind, subhalo, None)
        with self._asked(what):
            arrays = self._reader.read(PARTICLE_TYPES[kind], ("Coordinates",), *extent)
        return field_checks.check_finite(arrays, f"{self.base_path}, {what}")["Coordinates"]

    def announce(self, kind, fields, *, subhalo=None, group=None) -> None:
        """Ask the system to fetch the particles that `particles` will soon be asked for."""
        self.check_particles(kind, fields)
        what, _, _, extent = self._located(kind, subhalo, group)
        with self._asked(what):
            self._reader.announce(PARTICLE_TYPES[kind], fields, *extent)

    @property
    def has_tree(self):
        """Whether SubLink merger trees are on disk."""
        try:
            il.sublink.treePath(self.base_path, "SubLink")
        except ValueError:
            return False
        return os.path.isfile(offsetPath(self.base_path, self.snapshot))

    def lineages(self, subhalos: Sequence[int]) -> np.ndarray:
        """Identity of the galaxies over time: the main branch each subhalo belongs to.

        Parameters
        ----------
        subhalos : sequence of int
            Subhalo numbers.

        Returns
        -------
        (N,) int64 array
            SubLink's MainLeafProgenitorID, shared by all snapshots of one main branch; -1 for a
            subhalo that is not in the tree.
        """
        lineages = np.full(len(subhalos), -1, dtype=np.int64)
        offsets = offsetPath(self.base_path, self.snapshot)
        for row, subhalo in enumerate(subhalos):
            # A subhalo outside the tree is reported by a line printed for each: -1 says as much.
            silent = contextlib.redirect_stdout(io.StringIO())
            with silent, self._asked(f"the SubLink branch of subhalo {subhalo}"):
                if not row:
                    merger_trees.check_columns(self.base_path, offsets)
                branch = il.sublink.loadTree(
                    self.base_path,
                    self.snapshot,
                    int(subhalo),
                    fields=["MainLeafProgenitorID", "SubfindID"],
                    onlyMPB=True,
                )
            if branch is not None:
                merger_trees.check_branch(branch, subhalo, offsets)
                lineages[row] = branch["MainLeafProgenitorID"][0]
        return lineages


def open_cutout(path: str | Path) -> tuple[Header, dict[str, dict]]:
    """Read a single-file cutout, as the TNG web API serves it.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    header : Header
    particles : dict of dict
        ``gas`` and ``stars``, each a dict of arrays. How many there are is read from the arrays:
        header counts of cutouts that were thinned or cut disagree with them.

    Raises
    ------
    InputError
        If the file is missing or damaged, or lacks fields; all missing ones are named.
    """
    with open_hdf5(path, need=["Header"]) as file:
        particles = {}
        for kind, fields in (("gas", GAS_FIELDS), ("stars", STAR_FIELDS)):
            name = f"PartType{PARTICLE_TYPES[kind]}"
            if name not in file:
                particles[kind] = field_checks.empty(fields)
                continue
            field_checks.check_fields(file[name], fields, path)
            arrays = {field: file[name][field][()] for field in fields}
            particles[kind] = field_checks.check_finite(arrays, f"{path}, {kind}")
        snapshot = scalar(file["Header"].attrs, "SnapshotNumber", path)
        return read_header(file, path, snapshot), particles
