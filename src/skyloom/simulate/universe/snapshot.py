"""Write one snapshot of the universe: particles, group catalogue, offsets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from skyloom.errors import InputError
from skyloom.io.files import atomic_hdf5, create_dataset
from skyloom.simulate.universe import cosmology, layout, tree
from skyloom.simulate.universe.assembly import assemble

#: Particle types that exist, and how many types a header counts.
TYPES, KINDS = (0, 1, 4), 6


def particle_chunks(kind, chunks):
    """The snapshot files that hold a particle type.

    The last file has no gas and the second no stars; of two files the first has no stars. Together
    they are the hard case of a chunk without a particle type.
    """
    if chunks == 2:
        return [1] if kind == 4 else [0, 1]
    if kind == 1:
        return list(range(chunks))
    if kind == 0:
        return list(range(chunks - 1))
    return [chunk for chunk in range(chunks) if chunk != 1]


def chunk_edges(lengths: np.ndarray, count: int, holders: list[int], chunks: int) -> np.ndarray:
    """First particle of each file, and the total, for one type.

    Parameters
    ----------
    lengths : (M,) int array
        Particles of each galaxy and each group's rest, in file order.
    count : int
        All particles of this type.
    holders : list of int
        Files that may hold it.
    chunks : int

    Returns
    -------
    (chunks + 1,) int array
        Equal shares, moved to the middle of the largest galaxy nearby, so that at each edge between
        two files that hold the type a galaxy straddles it.
    """
    ends = np.cumsum(lengths)
    starts = ends - lengths
    inner = []
    for share in range(1, len(holders)):
        near = count * share / len(holders)
        piece = int(np.searchsorted(ends, near, side="right"))
        nearby = slice(max(piece - 1, 0), piece + 2)
        piece = nearby.start + int(np.argmax(lengths[nearby]))
        inner.append(int(starts[piece] + lengths[piece] // 2))
    edges = np.zeros(chunks + 1, dtype="i8")
    bounds = [0, *inner, count]
    for chunk in range(chunks):
        held = sum(1 for holder in holders if holder <= chunk)
        edges[chunk + 1] = bounds[held]
    return edges


def _cosmology_attributes(z):
    return {
        "Time": 1 / (1 + z),
        "Redshift": z,
        "BoxSize": cosmology.BOX_SIZE,
        "HubbleParam": cosmology.HUBBLE,
        "Omega0": cosmology.OMEGA_MATTER,
        "OmegaLambda": cosmology.OMEGA_LAMBDA,
        # Readers label what they make of these files by this attribute; real TNG lacks it.
        "SyntheticUniverse": True,
    }


def _held(group, table):
    """The columns that the adopted simulation's files have, sorted by name."""
    lacks = cosmology.run().lacks
    return [item for item in sorted(table.items()) if f"{group}/{item[0]}" not in lacks]


def _write_particles(assembled, paths, edges):
    chunks = len(paths)
    total = np.zeros(KINDS, "u4")
    for kind in TYPES:
        total[kind] = edges[kind][-1]
    for chunk, path in enumerate(paths):
        here = np.zeros(KINDS, "i4")
        with atomic_hdf5(path) as file:
            for kind in TYPES:
                first, last = edges[kind][chunk : chunk + 2]
                here[kind] = last - first
                if last > first:
                    group = file.create_group(f"PartType{kind}")
                    for name, values in _held(f"PartType{kind}", assembled.particles[kind]):
                        create_dataset(group, name, values[first:last])
            header = file.create_group("Header").attrs
            header.update(_cosmology_attributes(assembled.populace.redshift))
            header["OmegaBaryon"] = cosmology.OMEGA_BARYON
            header["NumPart_ThisFile"] = here
            header["NumPart_Total"] = total
            header["NumPart_Total_HighWord"] = np.zeros(KINDS, "u4")
            header["MassTable"] = np.array([0, assembled.dark_mass, 0, 0, 0, 0], "f8")
            header["NumFilesPerSnapshot"] = np.int32(chunks)
            header["UnitLength_in_cm"] = 3.085678e21
            header["UnitMass_in_g"] = 1.989e43
            header["UnitVelocity_in_cm_per_s"] = 1e5


def catalogue_edges(count):
    """First object of each catalogue file, and the total: halves, for groups and subhaloes."""
    chunks = layout.CATALOGUE_CHUNKS
    return np.array([count * chunk // chunks for chunk in range(chunks + 1)], dtype="i8")


def _write_catalogue(assembled, paths):
    tables = {"Group": assembled.group, "Subhalo": assembled.subhalo}
    counted = {"Group": "Ngroups", "Subhalo": "Nsubgroups"}
    for chunk, path in enumerate(paths):
        with atomic_hdf5(path) as file:
            header = file.create_group("Header").attrs
            header.update(_cosmology_attributes(assembled.populace.redshift))
            header["NumFiles"] = np.int32(len(paths))
            for name, table in tables.items():
                count = len(next(iter(table.values())))
                first, last = catalogue_edges(count)[chunk : chunk + 2]
                header[f"{counted[name]}_ThisFile"] = np.int32(last - first)
                header[f"{counted[name]}_Total"] = np.int32(count)
                group = file.create_group(name)
                for column, values in _held(name, table):
                    create_dataset(group, column, values[first:last])


def object_offsets(group_lengths, subhalo_lengths, subhalo_group):
    """First particle of each group and subhalo, by type, in the whole snapshot.

    A group without a galaxy and a galaxy without particles have the offset of what follows them.
    """
    group_start = np.cumsum(group_lengths, axis=0, dtype="i8") - group_lengths
    within = np.cumsum(subhalo_lengths, axis=0, dtype="i8") - subhalo_lengths
    first = np.searchsorted(subhalo_group, subhalo_group)
    return group_start, group_start[subhalo_group] + within - within[first]


def _write_offsets(assembled, path, edges, *, snapshots, galaxies, seed):
    group_start, subhalo_start = object_offsets(
        assembled.group["GroupLenType"],
        assembled.subhalo["SubhaloLenType"],
        assembled.subhalo["SubhaloGrNr"],
    )
    chunks = len(edges[TYPES[0]]) - 1
    by_type = np.zeros((chunks, KINDS), "i8")
    for kind in TYPES:
        by_type[:, kind] = edges[kind][:-1]
    trees = tree.build(snapshots=snapshots, galaxies=galaxies, seed=seed)
    rows = tree.rows_of_snapshot(trees, assembled.populace)
    with atomic_hdf5(path) as file:
        file.attrs["SyntheticUniverse"] = True
        files = file.create_group("FileOffsets")
        create_dataset(files, "Group", catalogue_edges(len(group_start))[:-1])
        create_dataset(files, "Subhalo", catalogue_edges(len(subhalo_start))[:-1])
        create_dataset(files, "SnapByType", by_type)
        create_dataset(files, "SubLink", tree.file_edges(trees)[:-1])
        create_dataset(file.create_group("Group"), "SnapByType", group_start)
        subhalo = file.create_group("Subhalo")
        create_dataset(subhalo, "SnapByType", subhalo_start)
        links = subhalo.create_group("SubLink")
        for name, values in sorted(rows.items()):
            create_dataset(links, name, values)


def write_snapshot(
    base_path: str | Path,
    snapshot: int,
    *,
    snapshots: Sequence[int],
    galaxies: int,
    gas_cells: int,
    chunks: int,
    seed: int,
    simulation: str = "TNG50-1",
) -> None:
    """Write a snapshot: group catalogue, particles and offsets, each file atomically.

    Parameters
    ----------
    base_path : str or Path
        The folder ``…/universe/output``; offsets go to ``…/universe/postprocessing``.
    snapshot : int
        Snapshot number, of TNG 80 to 99.
    snapshots : sequence of int
        All snapshots of the universe, which the trees link.
    galaxies : int
        Ordinary lineages, at least 12; some extras are added.
    gas_cells : int
        Gas cells of an ordinary galaxy, at least 100.
    chunks : int
        Snapshot files, at least 2.
    seed : int
    simulation : str
        One of `skyloom.arms.tng.runs.SIMULATIONS`, whose box, cosmology, snapshots and fields the
        files have.

    Raises
    ------
    InputError
        If a number is too small, or a snapshot has no redshift or is not in `snapshots`.
    """
    _check_size(gas_cells, chunks)
    with cosmology.adopted(simulation):
        _write(base_path, snapshot, snapshots, galaxies, gas_cells, chunks, seed)


def _write(base_path, snapshot, snapshots, galaxies, gas_cells, chunks, seed):
    paths = layout.snapshot_files(base_path, snapshot, chunks=chunks)
    assembled = assemble(
        snapshot, snapshots=snapshots, galaxies=galaxies, gas_cells=gas_cells, seed=seed
    )
    lengths = {kind: _piece_lengths(assembled.group, assembled.subhalo, kind) for kind in TYPES}
    edges = {
        kind: chunk_edges(
            lengths[kind],
            len(assembled.particles[kind]["Coordinates"]),
            particle_chunks(kind, int(chunks)),
            int(chunks),
        )
        for kind in TYPES
    }
    _write_particles(assembled, paths["snapshots"], edges)
    _write_catalogue(assembled, paths["groups"])
    _write_offsets(
        assembled, paths["offsets"], edges, snapshots=snapshots, galaxies=galaxies, seed=seed
    )


def _check_size(gas_cells, chunks):
    if int(chunks) < 2:
        raise InputError(
            f"tng.synthetic.chunks is {chunks}: a chunk without a particle type needs at least 2."
        )
    if int(gas_cells) < 100:
        raise InputError(
            f"tng.synthetic.gas_cells is {gas_cells}: a disc and its halo need at least 100."
        )


def _piece_lengths(group, subhalo, kind):
    """Particles of a type in each subhalo and, after each group's, in its unbound rest."""
    pieces = []
    lengths = subhalo["SubhaloLenType"][:, kind]
    for first, count, whole in zip(
        group["GroupFirstSub"], group["GroupNsubs"], group["GroupLenType"][:, kind], strict=True
    ):
        own = lengths[first : first + count] if count else np.zeros(0, int)
        pieces.extend([*own, whole - own.sum()])
    return np.array(pieces, dtype="i8")
