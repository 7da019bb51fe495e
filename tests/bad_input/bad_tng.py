"""What can be wrong with a TNG-format simulation, its cutouts and the maps made from it."""

import functools
import shutil
import tempfile
from pathlib import Path

import broken
import numpy as np
import small_tng
from astropy.table import Table
from broken import altered, attribute, replaced, spoilt, truncated
from cases import accepted, all_of, for_each, refused
from small_tng import cutout, map_file

from skyloom.arms.tng import inclined_views, map_files, maps, selection
from skyloom.arms.tng.simulation import GAS_FIELDS, STAR_FIELDS, Simulation, open_cutout

GROUPS = "output/groups_099/fof_subhalo_tab_099.{}.hdf5"
CHUNK = "output/snapdir_099/snap_099.{}.hdf5"
OFFSETS = "postprocessing/offsets/offsets_099.hdf5"
TREE = "postprocessing/trees/SubLink/tree_extended.{}.hdf5"
GROUP, CELLS = GROUPS.format(0), CHUNK.format(0)


@functools.cache
def _made():
    """The universe that all cases copy; goes with the process."""
    kept = tempfile.TemporaryDirectory(prefix="skyloom-bad-input-")
    small_tng.write(Path(kept.name) / "output")
    return kept


def sky(folder):
    """A whole universe below a folder."""
    shutil.copytree(_made().name, folder, dirs_exist_ok=True)
    return folder


def select(folder, snapshot=99):
    """The table of galaxies."""
    simulation = Simulation(folder / "output", snapshot)
    return selection.with_ssfr(selection.select(simulation, cuts=small_tng.CUTS), mass="stellar")


CATALOGUE = {
    "missing file": {
        "folder": (("output", shutil.rmtree), "groups_099", "is missing", r"tng\.base_path")
    },
    "absent chunk": {
        "first": ((GROUP, Path.unlink), r"tab_099\.0\.hdf5", "whole", "download"),
        "last": ((GROUPS.format(1), Path.unlink), r"tab_099\.1\.hdf5", r"1 of \d+ chunks"),
    },
    "missing field": {
        name: ((GROUPS.format("*"), replaced, name, None), r"tab_099\.0", f"lacks /{name}", "get")
        for name in ("Subhalo/SubhaloSFR", "Group/GroupMass")
    }
    | {
        "HubbleParam": (
            (GROUPS.format("*"), attribute, "Header", "HubbleParam", None),
            r"tab_099\.0.*header attribute HubbleParam.*get it",
        )
    },
    "truncated": {"file": ((GROUP, truncated), r"tab_099\.0", "not a complete HDF5", "again")},
    "unreadable": {
        "folder": ((GROUP, broken.folder_in_place), r"tab_099\.0", "is missing", "download")
    },
    "damaged": {
        "page of a server": (
            (GROUP, broken.overwritten, b"<html>403 Forbidden</html>" * 99),
            r"tab_099\.0.*not a complete HDF5",
        ),
        "tree cut short": (
            (TREE.format("*"), truncated),
            "SubLink branch of subhalo.*cannot be read.*again",
        ),
    },
    "NaN": {
        "velocity": (
            (GROUP, altered, "Subhalo/SubhaloVel", lambda v: v * np.nan),
            "snapshot 99.*SubhaloVel is not finite.*get it again",
        )
    },
    "inconsistent counts": {
        f"{name} of {number}": ((GROUP, attribute, "Header", name, np.int32(number)), *words)
        for name, number, *words in (
            ("NumFiles", 9, r"tab_099\.2\.hdf5 is missing", "download"),
            ("NumFiles", 0, r"tab_099\.0\.hdf5 has 0 as NumFiles", "get it again"),
            ("Nsubgroups_Total", 99_999, "99999 as Nsubgroups_Total", "add up to", "get it again"),
            ("Ngroups_Total", 1, "as Ngroups_Total", "add up to", "get it again"),
        )
    }
    | {
        "group beyond the last": (
            (GROUP, altered, "Subhalo/SubhaloGrNr", spoilt(99_999)),
            "SubhaloGrNr points to group.*get all its chunks",
        )
    },
}


@all_of(refused, "tng", CATALOGUE)
def catalogue(folder, spoil):
    broken.spoil(sky(folder), *spoil)
    select(folder)


@refused("tng", "wrong snapshot", r"groups_084", "is missing", r"tng\.snapshots")
def snapshot_that_is_not_there(folder):
    select(sky(folder), 84)


HOLES = {
    name: (
        (CHUNK.format(number), altered, f"{kind}/{name}", spoilt(value)),
        "snapshot 99",
        f"NaN or infinite.*{name}",
        "get it again",
    )
    for kind, name, number, value in (
        ("PartType0", "Density", 0, np.nan),
        ("PartType0", "InternalEnergy", 0, np.inf),
        ("PartType4", "Masses", 1, np.nan),
    )
}
PARTICLES = {
    "missing file": {"offsets": ((OFFSETS, Path.unlink), r"offsets_099\.hdf5", "does not exist")},
    "absent chunk": {
        "of the snapshot": (
            (CHUNK.format(1), Path.unlink),
            r"snap_099\.1\.hdf5 is missing.*1 of 2 chunks.*download",
        )
    },
    "missing field": {
        "gas": (
            (CHUNK.format("*"), replaced, "PartType0/ElectronAbundance", None),
            "snap_099.*ElectronAbundance.*mini snapshot",
        ),
        "stars": (
            (CHUNK.format("*"), replaced, "PartType4/GFM_StellarFormationTime", None),
            "GFM_StellarFormationTime.*get the file",
        ),
    },
    "truncated": {
        "snapshot": ((CELLS, truncated), r"snap_099\.0", "not a complete HDF5", "again"),
        "offsets": ((OFFSETS, truncated), r"offsets_099", "not a complete HDF5", "again"),
    },
    "empty": {
        "snapshot": ((CELLS, broken.overwritten, b""), r"snap_099\.0.*not a complete HDF5.*again")
    },
    "NaN": {name: HOLES[name] for name in ("Density", "Masses")},
    "infinite": {"InternalEnergy": HOLES["InternalEnergy"]},
    "inconsistent counts": {
        "fewer than the header says": (
            (CELLS, altered, "PartType0/Density", lambda v: v[:5]),
            "snapshot 99.*cannot be read.*whole",
        )
    },
    "wrong shape": {
        "offsets of one type": (
            (OFFSETS, altered, "FileOffsets/SnapByType", lambda v: v[:, :1].copy()),
            "snapshot 99.*cannot be read.*whole",
        )
    },
    "wrong dtype": {
        "offsets of text": (
            (OFFSETS, altered, "Group/SnapByType", lambda v: np.full(v.shape, b"x")),
            "snapshot 99.*cannot be read.*again",
        )
    },
}


@all_of(refused, "tng", PARTICLES)
def particles(folder, spoil):
    broken.spoil(sky(folder), *spoil)
    simulation = Simulation(folder / "output", 99)
    for number in range(3):
        simulation.particles("gas", GAS_FIELDS, group=number)
        simulation.particles("stars", STAR_FIELDS, subhalo=number)


@for_each(
    accepted, "tng", "hostile name", {name: (name,) for name in ("spaces", "shell", "unicode")}
)
def base_path(folder, name):
    odd = folder / broken.HOSTILE[name]
    rows = select(sky(odd)), select(sky(folder / "plain"))
    return [list(table["subhalo_id"]) for table in rows]


CUTOUT = {
    "damaged": {
        "cut short": ((truncated,), "not a complete HDF5", "again"),
        "lost block": ((broken.zeroed, b"TREE"), "damaged|lacks", "again"),
    },
    "missing field": {
        "masses": ((replaced, "PartType0/Masses", None), "lacks /PartType0/Masses", "get the file"),
        "snapshot": (
            (attribute, "Header", "SnapshotNumber", None),
            "header attribute SnapshotNumber.*get it",
        ),
    },
}


@all_of(refused, "tng", CUTOUT, r"cutout_7\.hdf5")
def cutout_with(folder, spoil):
    change, *given = spoil
    open_cutout(change(cutout(folder), *given))


def images(path):
    """A variant's images of three galaxies."""
    table = Table({"snapshot": [99] * 3, "subhalo_id": [0, 2, 5], "ssfr": [1e-10] * 3})
    table.meta = {"snapshot": 99, "ssfr_mass": "stellar"}
    sample = map_files.labelled([table])
    map_files.description(sample, [path], "composite", {}, 1)
    maxima = dict.fromkeys(maps.CHANNELS, 2.0)
    composite = {"kind": "composite", "beta": 0.001, "overflow": "clip"}
    return list(map_files.render_all([path], sample, maxima, composite))


@refused("tng", "wrong snapshot", "maps? files? (lack|hold)", "again")
def maps_of_another_snapshot(folder):
    images(map_file(folder, snapshot=84))


@refused("tng", "inconsistent counts", "map files lack 1 of the sample's 3", "make the missing")
def maps_of_fewer_galaxies(folder):
    images(map_file(folder, subhalos=(0, 2)))


MAPS = {
    "NaN": {"holes": ((altered, "maps", spoilt(np.nan)), "not finite", "make it")},
    "missing field": {
        "totals": ((replaced, "totals", None), "lacks totals", "make it"),
        "width": ((attribute, "/", "width", None), "width"),
    },
    "wrong shape": {"one channel": ((altered, "maps", lambda v: v[:, 0].copy()), "shape")},
    "wrong dtype": {"text": ((altered, "maps", lambda v: v.astype("S4")), "numbers")},
}


@all_of(refused, "tng", MAPS, r"maps\.h5", "again")
def map_file_with(folder, spoil):
    change, *given = spoil
    images(change(map_file(folder), *given))


@refused("tng", "inconsistent counts", r"maps\.h5", "do not follow the table of views", "again")
def views_of_other_galaxies(folder):
    table = Table({"subhalo_id": [0, 3, 5]})
    inclined_views.read_views([map_file(folder)], table)
