"""Whether catalogue, offsets and snapshot on disk are of one snapshot of one run.

Nothing in TNG's format ties its files to each other: a folder put together by hand, or offsets of
another run, are read without an error and give the gas of other places. Here what the files say of
each other is compared: box, cosmology and time of all, the chunks' counts of particles with their
datasets' lengths and with the offsets, and the offsets with the lengths of groups and subhaloes.
TNG orders particles by group, then by subhalo, then come the group's unbound ones (Nelson et al.
2019, section 3.1), so that the lengths say where each must begin. At last, see
`skyloom.arms.tng.particle_positions`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from skyloom.arms.tng import header, particle_positions
from skyloom.arms.tng.particle_fields import FIELDS, PARTICLE_TYPES
from skyloom.arms.tng.particles import describe
from skyloom.errors import InputError
from skyloom.io.files import open_hdf5
from skyloom.progress import track

if TYPE_CHECKING:
    from skyloom.arms.tng.simulation import Simulation

#: Fields whose lengths are compared, by kind; those of channels are when they are read.
_FIELDS = {"dark_matter": ("Coordinates",), **FIELDS}
_KNOWN_BY = ("files", "bytes")
_REMEDY = "keep the files of one snapshot of one run together"


class Files(NamedTuple):
    """The files of one snapshot on disk."""

    catalogue: list  # of str: all chunks, in order
    snapshot: list
    offsets: str
    below: str | None  # see `skyloom.arms.tng.particles.describe`


class _Found(dict):
    """What is wrong, by kind of particles; an error at once for kinds that every galaxy needs."""

    def note(self, sentence, kind=None):
        if kind is None or kind in FIELDS:
            raise InputError(sentence)
        self.setdefault(kind, sentence)


def check_snapshot(simulation: Simulation) -> dict:
    """Compare the files of one snapshot.

    Parameters
    ----------
    simulation : `skyloom.arms.tng.simulation.Simulation`

    Returns
    -------
    dict
        ``files`` and ``bytes``, how many were compared and their sizes; and ``unfit``, what is
        wrong with kinds of particles that not every galaxy needs. Empty where there are no
        particles or no offsets on disk.

    Raises
    ------
    InputError
        Names two files and what they say.
    """
    files = simulation.files
    if files is None:
        return {}
    edges, reference = _catalogue(files)
    found = _Found()
    counts, there = _snapshot(files, reference, found)
    starts = _compare_offsets(files, edges, counts, there, found)
    _compare_starts(simulation, starts, counts, there, found)
    return {**_known_by(files), "unfit": dict(found)}


def require(simulation: Simulation, kinds: Sequence[str] = tuple(FIELDS)) -> None:
    """Refuse to read particles from files that do not belong together.

    Parameters
    ----------
    simulation : `skyloom.arms.tng.simulation.Simulation`
    kinds : sequence of str
        Kinds of particles that are asked for.

    Raises
    ------
    InputError
    """
    unfit = simulation.compared.get("unfit", {})
    for kind in kinds:
        if kind in unfit:
            raise InputError(unfit[kind])


def check_same(simulation: Simulation, compared: dict) -> None:
    """Refuse files that are not those of which `check_snapshot` gave `compared`.

    Parameters
    ----------
    simulation : `skyloom.arms.tng.simulation.Simulation`
    compared : dict

    Raises
    ------
    InputError
    """
    if simulation.files and _known_by(simulation.files) != {n: compared[n] for n in _KNOWN_BY}:
        raise InputError(
            f"{simulation.base_path}, snapshot {simulation.snapshot}: the files are not those that "
            f"were compared when its galaxies were selected, {compared['files']} with "
            f"{compared['bytes']} bytes: select them again, with --forcerun tng_select."
        )


def _known_by(files):
    paths = [*files.catalogue, *files.snapshot, files.offsets]
    return {"files": len(paths), "bytes": sum(os.path.getsize(path) for path in paths)}


def _catalogue(files):
    """Edges of the catalogue's chunks in groups and subhaloes, and the numbers of its header."""
    edges, reference = {"Group": [0], "Subhalo": [0]}, None
    for path in files.catalogue:
        with open_hdf5(path, need=["Header"], texts=False) as file:
            attributes = file["Header"].attrs
            for owner, name in (("Group", "Ngroups"), ("Subhalo", "Nsubgroups")):
                held = int(header.scalar(attributes, f"{name}_ThisFile", path))
                edges[owner].append(edges[owner][-1] + held)
            read = header.numbers(file, path)
            _compare_number_of_files(attributes, "NumFiles", files.catalogue, path)
        reference = reference or read
        _compare_headers(files.catalogue[0], reference, path, read)
    return {owner: np.array(places) for owner, places in edges.items()}, reference


def _snapshot(files, reference, found):
    """Counts of particles of every chunk, (C, 6), and the kinds that some chunk has."""
    counts, absent, there = [], {}, set()
    label = f"checking {os.path.dirname(files.snapshot[0])}"
    for path in track(files.snapshot, label=label, unit="file"):
        with open_hdf5(path, need=["Header"], texts=False) as file:
            attributes = file["Header"].attrs
            _compare_headers(files.catalogue[0], reference, path, header.numbers(file, path))
            _compare_number_of_files(attributes, "NumFilesPerSnapshot", files.snapshot, path)
            counts.append(header.counts(attributes, path))
            for kind, number in PARTICLE_TYPES.items():
                held, name = counts[-1][number], f"PartType{number}"
                if name in file:
                    there.add(kind)
                    _compare_lengths(file, kind, held, path, files.below, found)
                elif held:
                    absent.setdefault(kind, f"{path} has no {name}, but its header counts {held}")
    for kind in there & absent.keys():
        found.note(f"{absent[kind]}: get the file again, as the others are.", kind)
    return np.array(counts), [kind for kind in PARTICLE_TYPES if kind in there]


def _compare_headers(first, reference, path, read):
    differing = [
        f"{name} is {reference[name]:.8g} and {read[name]:.8g}"
        for name in header.SHARED
        if name in reference and name in read and not header.alike(name, reference, read)
    ]
    if differing:
        raise InputError(
            f"{first} and {path} do not belong together, in their headers "
            f"{', '.join(differing)}: {_REMEDY}."
        )


def _compare_number_of_files(attributes, name, paths, path):
    stated = int(header.scalar(attributes, name, path)) if name in attributes else len(paths)
    if stated != len(paths):
        raise InputError(
            f"{paths[0]} and {path} do not belong together, in their headers {name} is "
            f"{len(paths)} and {stated}: {_REMEDY}."
        )


def _compare_lengths(file, kind, held, path, below, found):
    group = f"PartType{PARTICLE_TYPES[kind]}"
    for field in _FIELDS[kind]:
        name = f"{group}/{field}"
        try:
            rows = describe(file, name, path, below).shape[0]
        except InputError as error:
            found.note(str(error), kind)
            continue
        except KeyError:
            # What is missing is named where it is asked for.
            continue
        if rows != held:
            found.note(
                f"{path} has {rows} rows of {name}, but its header counts {held}: the two are not "
                "of one file; get it again.",
                kind,
            )


def _integers(file, name, path, axes):
    """A list of an open file of offsets, or a table by type of particles, as int64."""
    # Refuses values that HDF5 would make up.
    stored = describe(file, name, path)
    wide = stored.shape[1:] == () or stored.shape[1] > max(PARTICLE_TYPES.values())
    if len(stored.shape) != axes or stored.dtype.kind not in "iuf" or not wide:
        raise InputError(
            f"{path} has {name} of shape {stored.shape} and type {stored.dtype}, where numbers "
            f"{'in a row' if axes == 1 else 'by type of particles'} are right: get it again."
        )
    return file[name][()].astype(np.int64, copy=False)


def _compare_offsets(files, edges, counts, there, found):
    """Compare what the file of offsets says of other files; first particles of its objects."""
    starts = {}
    with open_hdf5(files.offsets, need=["FileOffsets/SnapByType"], texts=False) as file:
        by_type = _integers(file, "FileOffsets/SnapByType", files.offsets, 2)
        for kind in there:
            number = PARTICLE_TYPES[kind]
            right = np.cumsum(counts[:, number]) - counts[:, number]
            own, what = by_type[:, number], f"PartType{number}"
            if wrong := _wrong_edge(own, right, files, files.snapshot, what):
                found.note(wrong, kind)
        for owner, places in edges.items():
            if (name := f"FileOffsets/{owner}") in file:
                own = _integers(file, name, files.offsets, 1)
                if wrong := _wrong_edge(own, places[:-1], files, files.catalogue, owner):
                    found.note(wrong)
            if (name := f"{owner}/SnapByType") in file:
                starts[owner] = _integers(file, name, files.offsets, 2)
                if len(starts[owner]) != places[-1]:
                    raise InputError(
                        f"{files.offsets} and {files.catalogue[0]} do not belong together, "
                        f"{len(starts[owner])} rows of {name} in the one and {places[-1]} in all "
                        f"chunks of the other: {_REMEDY}."
                    )
    return starts


def _wrong_edge(found, right, files, paths, what):
    """A sentence where files begin elsewhere than by what the files before them hold, or None."""
    if len(found) != len(right):
        raise InputError(
            f"{files.offsets} and {paths[0]} do not belong together, the one lists {len(found)} "
            f"files and the other is the first of {len(right)}: {_REMEDY}."
        )
    wrong = np.flatnonzero(found != right)
    if not len(wrong):
        return None
    return (
        f"{files.offsets} and {paths[wrong[0]]} do not belong together, {what} of the latter "
        f"begins at {found[wrong[0]]} by the offsets, and at {right[wrong[0]]} by the files before "
        f"it: {_REMEDY}."
    )


def _compare_starts(simulation, starts, counts, there, found):
    """Compare where groups and subhaloes begin with their lengths in the catalogue."""
    files = simulation.files
    lengths = _lengths(simulation.groups(("GroupLenType",)), "GroupLenType", files)
    if "Subhalo" in starts:
        columns = simulation.subhalos(("SubhaloGrNr", "SubhaloLenType"))
        own_lengths = _lengths(columns, "SubhaloLenType", files)
        owner = _owners(columns["SubhaloGrNr"], len(lengths), files)
    for kind in there:
        number = PARTICLE_TYPES[kind]
        held, name = lengths[:, number].astype(np.int64), f"PartType{number}"
        begin = np.cumsum(held) - held
        if held.sum() > (total := counts[:, number].sum()):
            found.note(
                f"{files.catalogue[0]} and {files.snapshot[0]} do not belong together, "
                f"{held.sum()} particles of {name} in all groups of the one and {total} in all "
                f"chunks of the other: {_REMEDY}.",
                kind,
            )
        if "Group" in starts:
            _compare_runs(files, "Group", starts["Group"][:, number], begin, held, kind, found)
        if "Subhalo" not in starts:
            continue
        own = own_lengths[:, number].astype(np.int64)
        within = _within_groups(owner, own)
        beyond = np.flatnonzero(within + own > held[owner])
        if len(beyond):
            group = owner[beyond[0]]
            found.note(
                f"{files.catalogue[0]}: the subhaloes of group {group} have more particles of "
                f"{name} than its GroupLenType, {held[group]}: the catalogue is not of one piece; "
                "get it again.",
                kind,
            )
        right = begin[owner] + within
        _compare_runs(files, "Subhalo", starts["Subhalo"][:, number], right, own, kind, found)
        edges = np.cumsum(counts[:, number]) - counts[:, number]
        if kind in FIELDS and (
            wrong := particle_positions.misplaced(simulation, number, kind, right, own, edges)
        ):
            found.note(
                f"{files.catalogue[0]} and {files.snapshot[wrong[0]]} do not belong together, "
                f"{wrong[1]}: {_REMEDY}."
            )


def _lengths(columns, name, files):
    lengths = np.asarray(columns[name])
    if lengths.ndim != 2 or lengths.shape[1] <= max(PARTICLE_TYPES.values()):
        raise InputError(
            f"{files.catalogue[0]} has {name} of shape {lengths.shape}, where numbers by type of "
            "particles are right: get it again."
        )
    return lengths


def _owners(numbers, groups, files):
    """The group of every subhalo, which must be one of so many."""
    owner = np.asarray(numbers).astype(np.int64)
    beyond = np.flatnonzero((owner < 0) | (owner >= groups))
    if len(beyond):
        raise InputError(
            f"{files.catalogue[0]}: SubhaloGrNr points to group {owner[beyond[0]]} of {groups}: "
            "the catalogue is not whole; get all its chunks."
        )
    return owner


def _within_groups(owner, lengths):
    """How many particles of its group lie before each subhalo: those of the ones before it."""
    # Subhaloes stand in the order of their groups; where they do not, each in its own.
    order = np.argsort(owner, kind="stable")
    before = np.cumsum(lengths[order]) - lengths[order]
    within = np.empty_like(lengths)
    within[order] = before - before[np.searchsorted(owner[order], owner[order])]
    return within


def _compare_runs(files, owner, starts, right, lengths, kind, found):
    """Compare where objects begin; where those without particles do says nothing."""
    wrong = np.flatnonzero((starts != right) & (lengths > 0))
    if len(wrong):
        row = wrong[0]
        found.note(
            f"{files.offsets} and {files.catalogue[0]} do not belong together, "
            f"PartType{PARTICLE_TYPES[kind]} of {owner.lower()} {row} begins at {starts[row]} by "
            f"the offsets, and at {right[row]} by the {owner}LenType before it: {_REMEDY}.",
            kind,
        )
