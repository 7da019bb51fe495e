"""What can be wrong with a TNG-format simulation, its cutouts and the maps made from it."""

import functools
import shutil
import tempfile
from pathlib import Path

import broken
import h5py
import numpy as np
from astropy.table import Table
from cases import accepted, for_each, refused

from skyloom.io import atomic_hdf5
from skyloom.tng import archive, inclined, maps, selection, universe
from skyloom.tng.simulation import GAS_FIELDS, STAR_FIELDS, Header, Simulation, open_cutout

SIZE = {"snapshots": [99], "galaxies": 12, "seed": 3}
CUTS = {"stellar_mass": [0.01, 1000], "total_mass_max": 1e5, "group_mass_max": 1e6}
GROUPS = "output/groups_099/fof_subhalo_tab_099.{}.hdf5"
CHUNK = "output/snapdir_099/snap_099.{}.hdf5"
OFFSETS = "postprocessing/offsets/offsets_099.hdf5"
TREE = "postprocessing/trees/SubLink/tree_extended.{}.hdf5"


@functools.cache
def _made():
    """The universe that all cases copy; goes with the process."""
    kept = tempfile.TemporaryDirectory(prefix="skyloom-bad-input-")
    base = str(Path(kept.name) / "output")
    universe.write_snapshot(base, 99, **SIZE, gas_cells=100, chunks=2)
    universe.write_tree(base, **SIZE)
    return kept


def sky(folder):
    """A whole universe below a folder."""
    shutil.copytree(_made().name, folder, dirs_exist_ok=True)
    return folder


def select(folder, snapshot=99):
    """The table of galaxies."""
    simulation = Simulation(folder / "output", snapshot)
    return selection.with_ssfr(selection.select(simulation, cuts=CUTS), mass="stellar")


def particles(folder, snapshot=99):
    """Gas and stars of the first objects."""
    simulation = Simulation(folder / "output", snapshot)
    for number in range(3):
        simulation.particles("gas", GAS_FIELDS, group=number)
        simulation.particles("stars", STAR_FIELDS, subhalo=number)
    return simulation


@refused("tng", "missing file", r"groups_099", r"is missing", r"tng\.base_path")
def no_folder(folder):
    select(folder)


@refused("tng", "missing file", r"offsets_099\.hdf5", "does not exist")
def no_offsets(folder):
    (sky(folder) / OFFSETS).unlink()
    particles(folder)


@for_each(
    refused,
    "tng",
    "absent chunk",
    {
        "first of the catalogue": (GROUPS.format(0), r"tab_099\.0\.hdf5", "whole", "download"),
        "last of the catalogue": (GROUPS.format(1), r"tab_099\.1\.hdf5", r"1 of \d+ chunks"),
    },
)
def chunk(folder, name):
    (sky(folder) / name).unlink()
    select(folder)


@refused("tng", "absent chunk", r"snap_099\.1\.hdf5 is missing", r"1 of 2 chunks", "download")
def chunk_of_the_snapshot(folder):
    (sky(folder) / CHUNK.format(1)).unlink()
    particles(folder)


@for_each(
    refused,
    "tng",
    "missing field",
    {
        "SubhaloSFR": ("Subhalo/SubhaloSFR", r"tab_099\.0", "lacks /Subhalo/SubhaloSFR", "get"),
        "GroupMass": ("Group/GroupMass", r"tab_099\.0", "lacks /Group/GroupMass", "get the file"),
        "HubbleParam": ("HubbleParam", r"tab_099\.0", "header attribute HubbleParam", "get it"),
    },
)
def of_the_catalogue(folder, field):
    sky(folder)
    for path in sorted((folder / "output/groups_099").iterdir()):
        with h5py.File(path, "r+") as file:
            if field in file:
                del file[field]
            file["Header"].attrs.pop(field, None)
    select(folder)


@for_each(
    refused,
    "tng",
    "missing field",
    {
        "gas": ("PartType0/ElectronAbundance", r"snap_099", "ElectronAbundance", "mini snapshot"),
        "stars": ("PartType4/GFM_StellarFormationTime", "GFM_StellarFormationTime", "get the file"),
    },
)
def of_particles(folder, field):
    sky(folder)
    for number in (0, 1):
        with h5py.File(folder / CHUNK.format(number), "r+") as file:
            if field in file:
                del file[field]
    particles(folder)


def _cut(folder, name, read):
    broken.truncated(sky(folder) / name)
    read(folder)


@refused("tng", "truncated", r"tab_099\.0", "not a complete HDF5", "again")
def catalogue_cut_short(folder):
    _cut(folder, GROUPS.format(0), select)


@refused("tng", "truncated", r"snap_099\.0", "not a complete HDF5", "again")
def snapshot_cut_short(folder):
    _cut(folder, CHUNK.format(0), particles)


@refused("tng", "truncated", r"offsets_099", "not a complete HDF5", "again")
def offsets_cut_short(folder):
    _cut(folder, OFFSETS, particles)


@refused("tng", "empty", r"snap_099\.0", "not a complete HDF5", "again")
def snapshot_of_no_bytes(folder):
    broken.overwritten(sky(folder) / CHUNK.format(0), b"")
    particles(folder)


@refused("tng", "unreadable", r"tab_099\.0", "is missing", "download")
def folder_for_a_catalogue(folder):
    broken.folder_in_place(sky(folder) / GROUPS.format(0))
    select(folder)


@refused("tng", "damaged", r"tab_099\.0", "not a complete HDF5")
def page_of_a_server(folder):
    broken.overwritten(sky(folder) / GROUPS.format(0), b"<html>403 Forbidden</html>" * 99)
    select(folder)


@for_each(
    refused,
    "tng",
    "NaN",
    {
        "gas": (("PartType0/Density", np.nan), "NaN or infinite", "Density", "get it again"),
        "stars": (("PartType4/Masses", np.nan), "NaN or infinite", "Masses", "get it again"),
    },
)
def in_particles(folder, given):
    name, number = given
    sky(folder)
    for chunk_number in (0, 1):
        path = folder / CHUNK.format(chunk_number)
        with h5py.File(path, "r") as file:
            there = name in file
        if there:
            broken.altered(path, name, broken.spoilt(number))
    particles(folder)


@refused("tng", "infinite", "snapshot 99", "NaN or infinite", "InternalEnergy", "get it again")
def energy_without_bound(folder):
    in_particles(folder, ("PartType0/InternalEnergy", np.inf))


@refused("tng", "NaN", "snapshot 99", "SubhaloVel is not finite", "get it again")
def velocity_of_a_subhalo(folder):
    broken.altered(sky(folder) / GROUPS.format(0), "Subhalo/SubhaloVel", lambda v: v * np.nan)
    select(folder)


@refused("tng", "wrong snapshot", r"groups_084", "is missing", r"tng\.snapshots")
def snapshot_that_is_not_there(folder):
    select(sky(folder), 84)


@refused("tng", "inconsistent counts", r"tab_099\.2\.hdf5 is missing", "download")
def more_files_announced_than_there_are(folder):
    broken.attribute(sky(folder) / GROUPS.format(0), "Header", "NumFiles", np.int32(9))
    select(folder)


@refused("tng", "inconsistent counts", r"tab_099\.0\.hdf5 has 0 as NumFiles", "get it again")
def no_files_announced(folder):
    broken.attribute(sky(folder) / GROUPS.format(0), "Header", "NumFiles", np.int32(0))
    select(folder)


@refused("tng", "inconsistent counts", "has 99999 as Nsubgroups_Total", "add up to", "get it again")
def more_subhaloes_announced_than_there_are(folder):
    broken.attribute(sky(folder) / GROUPS.format(0), "Header", "Nsubgroups_Total", np.int32(99_999))
    select(folder)


@refused("tng", "inconsistent counts", "as Ngroups_Total", "add up to", "get it again")
def fewer_groups_announced_than_there_are(folder):
    broken.attribute(sky(folder) / GROUPS.format(0), "Header", "Ngroups_Total", np.int32(1))
    select(folder)


@refused("tng", "inconsistent counts", "SubhaloGrNr points to group", "get all its chunks")
def group_beyond_the_last(folder):
    broken.altered(sky(folder) / GROUPS.format(0), "Subhalo/SubhaloGrNr", broken.spoilt(99_999))
    select(folder)


@refused("tng", "inconsistent counts", "snapshot 99", "cannot be read", "whole")
def fewer_particles_than_the_header_says(folder):
    broken.altered(sky(folder) / CHUNK.format(0), "PartType0/Density", lambda v: v[:5])
    particles(folder)


@refused("tng", "wrong shape", "snapshot 99", "cannot be read", "whole")
def offsets_of_one_type(folder):
    broken.altered(sky(folder) / OFFSETS, "FileOffsets/SnapByType", lambda v: v[:, :1].copy())
    simulation = Simulation(folder / "output", 99)
    simulation.particles("stars", STAR_FIELDS, subhalo=0)


@refused("tng", "wrong dtype", "snapshot 99", "cannot be read", "again")
def offsets_of_text(folder):
    broken.altered(sky(folder) / OFFSETS, "Group/SnapByType", lambda v: np.full(v.shape, b"x"))
    particles(folder)


@refused("tng", "damaged", "SubLink branch of subhalo", "cannot be read", "again")
def tree_cut_short(folder):
    sky(folder)
    for path in folder.rglob("tree_*.hdf5"):
        broken.truncated(path)
    select(folder)


@for_each(
    accepted, "tng", "hostile name", {name: (name,) for name in ("spaces", "shell", "unicode")}
)
def base_path(folder, name):
    odd = folder / broken.HOSTILE[name]
    rows = select(sky(odd)), select(sky(folder / "plain"))
    return [list(table["subhalo_id"]) for table in rows]


def cutout(folder):
    """A cutout that can be used."""
    path = folder / "cutout_7.hdf5"
    with h5py.File(path, "w") as file:
        header = {"Redshift": 0.0, "Time": 1.0, "HubbleParam": 0.6774, "Omega0": 0.3089}
        header |= {"BoxSize": 35000.0, "SnapshotNumber": 99}
        file.create_group("Header").attrs.update(header)
        for kind, fields in ((0, GAS_FIELDS), (4, STAR_FIELDS)):
            for field in fields:
                shape = (9, 3) if field in ("Coordinates", "Velocities") else (9,)
                file[f"PartType{kind}/{field}"] = np.ones(shape, np.float32)
    return path


@for_each(
    refused,
    "tng",
    "damaged",
    {
        "cut short": (broken.truncated, r"cutout_7\.hdf5", "not a complete HDF5", "again"),
        "lost block": (
            lambda path: broken.zeroed(path, b"TREE"),
            r"cutout_7",
            "damaged|lacks",
            "again",
        ),
    },
)
def cutout_that_is(folder, spoil):
    path = cutout(folder)
    spoil(path)
    open_cutout(path)


@refused("tng", "missing field", r"cutout_7\.hdf5", "lacks /PartType0/Masses", "get the file")
def cutout_without_masses(folder):
    open_cutout(broken.replaced(cutout(folder), "PartType0/Masses", None))


@refused("tng", "missing field", r"cutout_7\.hdf5", "header attribute SnapshotNumber", "get it")
def cutout_of_no_snapshot(folder):
    open_cutout(broken.attribute(cutout(folder), "Header", "SnapshotNumber", None))


def map_file(folder, name="maps.h5", snapshot=99, subhalos=(0, 2, 5)):
    """Maps of some galaxies, and the table of these."""
    some = (
        maps.GalaxyMaps(number, np.ones((3, 8, 8), "f4"), np.eye(3), maps.ORIENTATIONS[0], 9, 0)
        for number in subhalos
    )
    with atomic_hdf5(folder / name) as file:
        maps.write_maps(
            file,
            some,
            len(subhalos),
            header=Header(snapshot, 0.0, 1.0, 0.6774, 0.3089, 35000.0, True),
            options={
                "gas": {"entropy": "linear"},
                "grid": {"bins": 8, "width": 60.0, "depth": None, "edges": "exact"},
                "statistic": dict.fromkeys(maps.CHANNELS, "sum"),
                "rotation": {"inclination": 0.0},
            },
        )
    return folder / name


def images(path):
    """A variant's images of the three galaxies."""
    table = Table({"snapshot": [99] * 3, "subhalo_id": [0, 2, 5], "ssfr": [1e-10] * 3})
    table.meta = {"snapshot": 99, "ssfr_mass": "stellar"}
    sample = archive.labelled([table])
    archive.description(sample, [path], "composite", {}, 1)
    maxima = dict.fromkeys(maps.CHANNELS, 2.0)
    composite = {"kind": "composite", "beta": 0.001, "overflow": "clip"}
    return list(archive.render_all([path], sample, maxima, composite))


@refused("tng", "wrong snapshot", "maps? files? (lack|hold)", "again")
def maps_of_another_snapshot(folder):
    images(map_file(folder, snapshot=84))


@refused("tng", "inconsistent counts", "map files lack 1 of the sample's 3", "make the missing")
def maps_of_fewer_galaxies(folder):
    images(map_file(folder, subhalos=(0, 2)))


@refused("tng", "NaN", r"maps\.h5", "not finite", "make it again")
def maps_with_holes(folder):
    images(broken.altered(map_file(folder), "maps", broken.spoilt(np.nan)))


@refused("tng", "missing field", r"maps\.h5", "lacks totals", "make it again")
def maps_without_totals(folder):
    images(broken.replaced(map_file(folder), "totals", None))


@refused("tng", "missing field", r"maps\.h5", "width", "again")
def maps_of_no_width(folder):
    images(broken.attribute(map_file(folder), "/", "width", None))


@refused("tng", "wrong shape", r"maps\.h5", "shape", "again")
def maps_of_one_channel(folder):
    images(broken.altered(map_file(folder), "maps", lambda values: values[:, 0].copy()))


@refused("tng", "wrong dtype", r"maps\.h5", "numbers", "again")
def maps_of_text(folder):
    images(broken.altered(map_file(folder), "maps", lambda values: values.astype("S4")))


@refused("tng", "inconsistent counts", r"maps\.h5", "do not follow the table of views", "again")
def views_of_other_galaxies(folder):
    table = Table({"subhalo_id": [0, 3, 5]})
    inclined.read_views([map_file(folder)], table)
