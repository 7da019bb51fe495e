"""Particles behind links and in other files are those that illustris_python gives, or refused."""

import os
import shutil

import fake_tng
import h5py
import numpy as np
import pytest
from refusal import refused
from test_particles import CUTS, KINDS, LENGTHS, assert_all_same, assert_same, made

from skyloom.arms.tng.simulation import Simulation
from skyloom.errors import InputError


@pytest.fixture
def base(tmp_path):
    fake_tng.snapshot(tmp_path / "sim" / "output", LENGTHS, made(LENGTHS), cuts=CUTS)
    return tmp_path / "sim" / "output"


def chunks(base):
    return sorted((base / "snapdir_099").glob("snap_099.*.hdf5"))


def moved_field(base, folder=None, name="PartType0/Masses"):
    """One field of every chunk lies in a file of its own, at the place of another field here."""
    for path in chunks(base):
        to = (folder or path.parent) / f"field_{path.name}"
        with h5py.File(path, "r+") as file:
            if name not in file:
                continue
            values = file[name][()]
            del file[name]
            file[name] = h5py.ExternalLink(os.path.relpath(to, path.parent), name)
        with h5py.File(to, "w") as file:
            # What a reader would take that looked for the link's place in the first file.
            file["before"] = np.full(3000, 7.0)
            file[name] = values


def moved_group(base):
    for path in chunks(base):
        to = path.with_name(f"group_{path.name}")
        with h5py.File(path, "r+") as file, h5py.File(to, "w") as other:
            other["before"] = np.full(3000, 7.0)
            for name in [name for name in file if name.startswith("PartType")]:
                file.copy(name, other)
                del file[name]
                file[name] = h5py.ExternalLink(to.name, name)


def moved_chunk(base):
    """Chunks that hold nothing themselves: not even their header."""
    (base / "real").mkdir()
    for path in chunks(base):
        to = base / "real" / path.name
        shutil.move(path, to)
        with h5py.File(path, "w") as file, h5py.File(to) as other:
            for name in other:
                file[name] = h5py.ExternalLink(f"../real/{path.name}", name)


def renamed_field(base):
    for path in chunks(base):
        with h5py.File(path, "r+") as file:
            if "PartType0" in file:
                file.move("PartType0/Masses", "kept/elsewhere")
                file["PartType0/Masses"] = h5py.SoftLink("/kept/elsewhere")


def renamed_and_moved_field(base):
    moved_field(base)
    for path in chunks(base):
        with h5py.File(path, "r+") as file:
            if "PartType0" in file:
                file.move("PartType0/Masses", "link")
                file["PartType0/Masses"] = h5py.SoftLink("/link")


def moved_twice(base):
    moved_field(base)
    for path in chunks(base):
        to = path.with_name(f"field_{path.name}")
        if not to.exists():
            continue
        shutil.move(to, path.with_name(f"last_{path.name}"))
        with h5py.File(to, "w") as file:
            file["PartType0/Masses"] = h5py.ExternalLink(f"last_{path.name}", "PartType0/Masses")


def virtual_field(base):
    for path in chunks(base):
        with h5py.File(path, "r+") as file:
            if "PartType0" not in file:
                continue
            file.move("PartType0/Masses", "kept/elsewhere")
            kept = file["kept/elsewhere"]
            layout = h5py.VirtualLayout(kept.shape, kept.dtype)
            layout[...] = h5py.VirtualSource(".", "kept/elsewhere", shape=kept.shape)
            file.create_virtual_dataset("PartType0/Masses", layout)


def raw_field(base):
    for path in chunks(base):
        with h5py.File(path, "r+") as file:
            if "PartType0" in file:
                values = file["PartType0/Masses"][()]
                del file["PartType0/Masses"]
                external = [(f"{path}.raw", 0, values.nbytes)]
                file.create_dataset("PartType0/Masses", data=values, external=external)


WAYS = [
    *(moved_field, moved_group, moved_chunk, renamed_field, renamed_and_moved_field, moved_twice),
    *(virtual_field, raw_field),
]


@pytest.mark.parametrize("way", WAYS)
def test_particles_behind_links_below_the_base_path_are_those_of_illustris_python(base, way):
    way(base)
    assert_all_same(base, len(LENGTHS))


def test_a_base_path_that_is_a_link_itself_changes_nothing(base, tmp_path):
    moved_field(base)
    (tmp_path / "link").mkdir()
    (tmp_path / "link" / "output").symlink_to(base)
    (tmp_path / "link" / "postprocessing").symlink_to(base.parent / "postprocessing")
    assert_all_same(tmp_path / "link" / "output", len(LENGTHS))


def test_a_snapshot_on_another_disk_may_link_to_files_of_its_folder(base, tmp_path):
    moved_field(base)
    shutil.move(base / "snapdir_099", tmp_path / "disk")
    (base / "snapdir_099").symlink_to(tmp_path / "disk")
    assert_all_same(base, len(LENGTHS))


def test_a_link_beyond_the_base_path_is_read_where_that_is_allowed(base, tmp_path):
    moved_field(base, tmp_path)
    words = r"snap_099\.\d\.hdf5: PartType0/Masses is a link to .*field_snap.* tng\.external"
    refused(words, Simulation(base, 99).particles, "gas", ["Masses"], group=2)
    allowed = Simulation(base, 99, external="allow")
    for number in range(len(LENGTHS)):
        for kind, (_, fields) in KINDS.items():
            ours = allowed.particles(kind, fields, group=number)
            assert_same(ours, base, "group", number, kind, fields)


@pytest.mark.parametrize("where", ["field", "group"])
def test_a_link_to_a_file_that_is_gone_is_named(base, where):
    {"field": moved_field, "group": moved_group}[where](base)
    for path in (base / "snapdir_099").glob(f"{where}_*"):
        path.unlink()
    with pytest.raises(InputError, match=rf"snap_099\.0.* is a link to .* in {where}_snap_099"):
        Simulation(base, 99).particles("gas", ["Masses"], group=2)


@pytest.mark.parametrize("way", [virtual_field, raw_field])
def test_particles_that_hdf5_would_make_up_are_refused(base, way):
    way(base)
    for path in chunks(base):
        with h5py.File(path, "r+") as file:
            file.pop("kept", None)
        raw = path.with_name(path.name + ".raw")
        if raw.exists() and raw.stat().st_size:
            os.truncate(raw, raw.stat().st_size - 1)
    words = r"snap_099\.\d\.hdf5: PartType0/Masses takes its values from elsewhere"
    refused(words, Simulation(base, 99).particles, "gas", ["Masses"], group=2)
