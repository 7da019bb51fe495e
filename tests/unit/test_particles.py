"""Particles read by their place in the files are those that illustris_python gives."""

import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fake_tng
import h5py
import illustris_python as il
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyloom.arms.tng.particles import RowFiles, Workspace
from skyloom.arms.tng.simulation import GAS_FIELDS, STAR_FIELDS, Simulation
from skyloom.errors import InputError

LOADERS = {"group": il.snapshot.loadHalo, "subhalo": il.snapshot.loadSubhalo}
KINDS = {"gas": (0, ("Coordinates", "Masses")), "stars": (4, ("Masses", "Velocities"))}


def assert_same(ours, base, owner, number, kind, fields):
    truth = LOADERS[owner](str(base), 99, number, kind, list(fields))
    assert list(ours) == list(fields)
    if not truth["count"]:
        assert not any(len(array) for array in ours.values())
        return
    for field in fields:
        assert (ours[field].dtype, ours[field].shape) == (truth[field].dtype, truth[field].shape)
        assert ours[field].tobytes() == truth[field].tobytes(), (owner, number, kind, field)


def assert_all_same(base, count, **how):
    simulation = Simulation(base, 99)
    for owner in LOADERS:
        for number in range(count):
            for kind, (_, fields) in KINDS.items():
                ours = simulation.particles(kind, fields, **{owner: number}, **how)
                assert_same(ours, base, owner, number, kind, fields)


def made(lengths, seed=1):
    """Random particles, some behind the last group; single and double precision."""
    rng, total = np.random.default_rng(seed), np.asarray(lengths).reshape(-1, 6).sum(axis=0) + 3
    return {
        0: {"Coordinates": rng.random((total[0], 3)), "Masses": rng.random(total[0]).astype("f4")},
        4: {
            "Masses": rng.random(total[4]).astype("f4"),
            "Velocities": rng.random((total[4], 3)).astype("f4"),
        },
    }


def by_type(gas, stars):
    lengths = np.zeros((len(gas), 6), np.int64)
    lengths[:, 0], lengths[:, 4] = gas, stars
    return lengths


@pytest.fixture
def base(tmp_path):
    """A snapshot cut into files."""
    fake_tng.snapshot(tmp_path / "output", LENGTHS, made(LENGTHS), cuts=CUTS)
    return tmp_path / "output"


LENGTHS = by_type([7, 0, 30, 1, 12, 5], [3, 9, 0, 1, 20, 2])
CUTS = {0: (0.2, 0.2, 0.5, 0.9), 4: (0.0, 0.4, 0.6, 1.0)}


@pytest.mark.parametrize("chunks", [2, 4, 7])
def test_every_object_of_the_synthetic_universe_is_read_as_illustris_python_reads_it(
    tmp_path, chunks
):
    base = fake_tng.universe(tmp_path / "output", 99, tree=False, chunks=chunks)
    simulation = Simulation(base, 99)
    counts = {
        "group": len(simulation.groups(["GroupMass"])["GroupMass"]),
        "subhalo": len(simulation.subhalos(["SubhaloMass"])["SubhaloMass"]),
    }
    for owner, count in counts.items():
        for number in range(count):
            for kind, fields in (("gas", GAS_FIELDS), ("stars", STAR_FIELDS)):
                ours = simulation.particles(kind, fields, **{owner: number})
                assert_same(ours, base, owner, number, kind, fields)


sizes = st.integers(0, 40)
fractions = st.sampled_from([0.0, 1.0]) | st.floats(0, 1)


@st.composite
def layouts(draw):
    count, files = draw(st.integers(1, 8)), draw(st.integers(0, 6))
    run = st.lists(sizes, min_size=count, max_size=count)
    cuts = st.lists(fractions, min_size=files, max_size=files)
    return (
        by_type(draw(run), draw(run)),
        {kind: draw(cuts) for kind in (0, 4)},
        draw(st.lists(fractions, max_size=3)),
    )


@settings(deadline=None, max_examples=40)
@given(layouts())
def test_any_cut_into_files_gives_the_same_particles(layout):
    lengths, cuts, catalogue_cuts = layout
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder) / "output"
        fake_tng.snapshot(base, lengths, made(lengths), cuts=cuts, catalogue_cuts=catalogue_cuts)
        assert_all_same(base, len(lengths))
        assert_all_same(base, len(lengths), workspace=Workspace())


def _external(group, name, values):
    path = Path(f"{group.file.filename}.{group.name[1:]}.{name}.raw")
    external = [(str(path), 0, h5py.h5f.UNLIMITED)]
    group.create_dataset(name, data=values, external=external)


STORES = {
    "chunked": lambda group, name, values: group.create_dataset(name, data=values, chunks=True),
    "compressed": lambda group, name, values: group.create_dataset(
        name, data=values, compression="gzip", shuffle=True
    ),
    "big endian": lambda group, name, values: group.create_dataset(
        name, data=values.astype(values.dtype.newbyteorder(">"))
    ),
    "external": _external,
    "mixed": lambda group, name, values: group.create_dataset(
        name, data=values.astype("f4" if group.file.filename.endswith("2.hdf5") else values.dtype)
    ),
}


@pytest.mark.parametrize("name", STORES)
def test_datasets_that_only_hdf5_can_read_are_read_by_it(tmp_path, name):
    base = tmp_path / "output"
    fake_tng.snapshot(base, LENGTHS, made(LENGTHS), cuts=CUTS, store=STORES[name])
    assert_all_same(base, len(LENGTHS))


def test_a_system_without_positioned_reads_reads_the_same(base, monkeypatch):
    monkeypatch.delattr(os, "preadv", raising=False)
    monkeypatch.delattr(os, "posix_fadvise", raising=False)
    assert_all_same(base, len(LENGTHS))
    Simulation(base, 99).announce("gas", ["Masses"], group=2)


def test_a_file_that_begins_with_a_user_block_is_read_at_the_right_place(tmp_path):
    values = np.arange(300.0).reshape(100, 3)
    with h5py.File(tmp_path / "block.hdf5", "w", userblock_size=1024) as file:
        file["a/b"] = values
    files = RowFiles()
    np.testing.assert_array_equal(
        files.rows(str(tmp_path / "block.hdf5"), "a/b", 7, 5), values[7:12]
    )


def test_reads_of_a_disk_that_gives_a_little_at_a_time_are_completed(base, monkeypatch):
    whole = os.preadv
    monkeypatch.setattr(os, "preadv", lambda file, to, at: whole(file, [to[0][:37]], at))
    assert_all_same(base, len(LENGTHS))


def test_few_files_stay_open_and_threads_keep_those_they_read(tmp_path):
    paths = [str(tmp_path / f"{number}.hdf5") for number in range(12)]
    for number, path in enumerate(paths):
        with h5py.File(path, "w") as file:
            file["a"] = np.full(1000, number)
    files = RowFiles(limit=2)
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else None
    with ThreadPoolExecutor(4) as pool:
        rows = list(pool.map(lambda step: files.rows(paths[step % 12], "a"), range(600)))
    assert all(np.all(row == step % 12) for step, row in enumerate(rows))
    if before is not None:
        # Each open file has one handle of ours and, until it closes, one of HDF5's.
        assert len(os.listdir("/proc/self/fd")) <= before + 2 * 2


def test_particles_of_one_group_are_read_once_for_galaxies_in_turn(base):
    simulation, workspace = Simulation(base, 99), Workspace()
    first = simulation.particles("gas", ["Masses"], group=2, workspace=workspace)
    again = simulation.particles("gas", ["Coordinates", "Masses"], group=2, workspace=workspace)
    assert again["Masses"] is first["Masses"]
    # The subhalo of the same number is another object, and does not overwrite the group's.
    kept = first["Masses"].copy()
    simulation.particles("gas", ["Masses"], subhalo=2, workspace=workspace)
    np.testing.assert_array_equal(first["Masses"], kept)
    simulation.particles("gas", ["Masses"], group=4, workspace=workspace)
    back = simulation.particles("gas", ["Masses"], group=2, workspace=workspace)
    np.testing.assert_array_equal(back["Masses"], kept)


@pytest.mark.parametrize("number", [-1, 6, 10**6])
def test_an_object_that_is_not_in_the_catalogue_is_refused_by_number(base, number):
    with pytest.raises(InputError, match=f"gas of group {number} cannot be read"):
        Simulation(base, 99).particles("gas", ["Masses"], group=number)


def shorten_field(file):
    values = file["PartType0/Masses"][:-4]
    del file["PartType0/Masses"]
    file["PartType0/Masses"] = values


def forget_particles(file):
    del file["PartType0"]


def lower_count(file):
    file["Header"].attrs["NumPart_ThisFile"] = np.array([1, 0, 0, 0, 0, 0], np.int32)


@pytest.mark.parametrize("damage", [shorten_field, forget_particles, lower_count])
def test_a_chunk_that_holds_less_than_the_catalogue_says_is_refused_by_name(tmp_path, damage):
    base, lengths = tmp_path / "output", by_type([9], [3])
    fake_tng.snapshot(base, lengths, made(lengths), cuts={0: (), 4: ()})
    with h5py.File(base / "snapdir_099" / "snap_099.0.hdf5", "r+") as file:
        damage(file)
    with pytest.raises(InputError, match=r"gas of group 0 cannot be read \(.*[a-z]+.*\)"):
        Simulation(base, 99).particles("gas", ["Coordinates", "Masses"], group=0)


def test_a_file_that_was_cut_after_it_was_opened_is_refused(tmp_path):
    path = tmp_path / "cut.hdf5"
    with h5py.File(path, "w") as file:
        file["a"] = np.arange(10000)
    files = RowFiles()
    files.rows(str(path), "a", 0, 1)
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(OSError, match="ends within a"):
        files.rows(str(path), "a")


@pytest.mark.parametrize("kind", ["f4", "f8"])
def test_large_values_are_not_mistaken_for_infinite_ones_and_one_bad_value_is_found(tmp_path, kind):
    fields = made(LENGTHS)
    masses = np.full(len(fields[0]["Masses"]), np.finfo(kind).max, kind)
    fields[0]["Masses"] = masses
    fake_tng.snapshot(tmp_path / "output", LENGTHS, fields, cuts=CUTS)
    gas = Simulation(tmp_path / "output", 99).particles("gas", ["Masses"], group=2)
    assert np.all(gas["Masses"] == np.finfo(kind).max)
    for bad in (np.nan, np.inf, -np.inf):
        masses[20] = bad
        fake_tng.snapshot(tmp_path / "output", LENGTHS, fields, cuts=CUTS)
        with pytest.raises(InputError, match="gas of group 2 has NaN or infinite values in Masses"):
            Simulation(tmp_path / "output", 99).particles("gas", ["Masses"], group=2)


def test_infinities_of_both_signs_do_not_cancel(tmp_path):
    fields = made(LENGTHS)
    fields[0]["Masses"][[20, 22]] = np.inf, -np.inf
    fake_tng.snapshot(tmp_path / "output", LENGTHS, fields, cuts=CUTS)
    with pytest.raises(InputError, match="NaN or infinite values in Masses"):
        Simulation(tmp_path / "output", 99).particles("gas", ["Masses"], group=2)
