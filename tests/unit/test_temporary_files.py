"""Temporary files of killed writers go; those of living ones stay."""

import os
import signal
import time

import pytest
from interpreter import python

from skyloom.io import files, folders, temporary_files

KILLED = """
import os, signal
from skyloom.io import files
with files.atomic_hdf5("out.h5") as file:
    file["x"] = range(1000)
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """As a new process: no folder was looked at."""
    monkeypatch.setattr(temporary_files, "_swept", set())


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_killed_writers_temporary_file_goes_with_the_next_writing_to_its_folder(tmp_path):
    assert python(KILLED, tmp_path).returncode == -signal.SIGKILL
    (left,) = names(tmp_path)
    assert left.startswith(".out.") and left.endswith(".h5")
    files.write_json({}, tmp_path / "other.json")
    assert names(tmp_path) == ["other.json"]


FOLDER_KILLED = """
import os, signal
from skyloom.io import folders
with folders.complete("out") as made:
    (made / "inside").mkdir()
    (made / "inside" / "a.dat").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_writers_folder_goes_with_the_next_writing_beside_it(tmp_path):
    assert python(FOLDER_KILLED, tmp_path).returncode == -signal.SIGKILL
    (left,) = names(tmp_path)
    assert left.startswith(".out.") and (tmp_path / left / "inside" / "a.dat").exists()
    with folders.complete(tmp_path / "other") as made:
        (made / "b.dat").write_text("whole")
    assert names(tmp_path) == ["other"] and names(tmp_path / "other") == ["b.dat"]


def test_a_living_writers_folder_stays(tmp_path):
    with folders.complete(tmp_path / "slow") as made:
        temporary_files._swept.clear()
        files.write_json({}, tmp_path / "quick.json")
        assert made.is_dir()
    assert names(tmp_path) == ["quick.json", "slow"]


def test_a_living_writers_temporary_file_stays(tmp_path):
    with files.atomic(tmp_path / "slow.h5") as slow:
        temporary_files._swept.clear()
        files.write_json({}, tmp_path / "quick.json")
        assert slow.exists()
    assert names(tmp_path) == ["quick.json", "slow.h5"]


@pytest.mark.parametrize(("age", "left"), [(0, 1), (90_000, 0)])
def test_a_temporary_file_of_another_machine_goes_after_a_day(tmp_path, age, left):
    path = tmp_path / f".out.{'0' * 8}-1-abcdefgh.h5"
    path.write_text("")
    os.utime(path, (time.time() - age,) * 2)
    files.write_json({}, tmp_path / "out.json")
    assert names(tmp_path) == [path.name] * left + ["out.json"]


@pytest.mark.parametrize(
    "name", [".hidden.h5", ".git", "out.h5", ".out.abcdefgh.h5", ".a.0000000g-1-abcdefgh.h5"]
)
def test_what_is_no_temporary_file_of_ours_is_never_removed(tmp_path, name):
    path = tmp_path / name
    path.write_text("")
    os.utime(path, (0, 0))
    files.write_json({}, tmp_path / "out.json")
    assert path.exists()


def test_a_folder_with_a_temporary_files_name_and_a_link_stay(tmp_path):
    (tmp_path / f".x.{'0' * 8}-1-abcdefgh").mkdir()
    link = tmp_path / f".y.{'0' * 8}-1-abcdefgh"
    link.symlink_to(tmp_path / "elsewhere")
    files.write_json({}, tmp_path / "out.json")
    assert len(names(tmp_path)) == 3


@pytest.mark.parametrize("stem", ["a" * 240, "é" * 120, "*?[a].b\nc"])
def test_any_name_that_the_disk_takes_can_be_written(tmp_path, stem):
    path = tmp_path / f"{stem}.json"
    files.write_json({"x": 1}, path)
    assert files.read_json(path) == {"x": 1} and names(tmp_path) == [path.name]


def test_contents_are_on_the_disk_before_the_name_is(tmp_path, monkeypatch):
    synced = []
    path = tmp_path / "out.json"
    monkeypatch.setattr(os, "fsync", lambda _: synced.append(path.exists()))
    files.write_json({"x": 1}, path)
    assert synced == [False]
