"""Outputs are whole or absent; inputs that are not are named."""

import fcntl
import os
import signal
import subprocess
import sys
import types

import h5py
import numpy as np
import pytest
from astropy.table import Table
from interpreter import python
from refusal import refused
from small_files import dataset

import step
from skyloom import datasets
from skyloom.errors import InputError
from skyloom.io import files


def test_interrupted_writer_leaves_nothing_and_keeps_the_old_file(tmp_path):
    path = tmp_path / "out.h5"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), files.atomic_hdf5(path) as file:
        file["x"] = 1
        raise KeyboardInterrupt
    assert [p.name for p in tmp_path.iterdir()] == ["out.h5"] and path.read_text() == "old"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_full_disk_leaves_no_file_and_names_the_one_that_had_no_room(tmp_path):
    sentence = r"out\.json cannot be written \(No space left on device\): free some space"
    with (
        pytest.raises(InputError, match=sentence),
        files.atomic(tmp_path / "out.json") as temporary,
    ):
        temporary.unlink()
        temporary.symlink_to("/dev/full")
        with open(temporary, "w") as file:
            file.write("x" * 10**6)
    assert not list(tmp_path.iterdir())


# A disk of 64 kB, and files that first fit and then do not: at once, or in chunks.
SMALL_DISK = """
import os, subprocess
import numpy as np
from skyloom.io import files
from skyloom.errors import InputError
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", "."], check=True)
os.chdir(os.getcwd())
for count in (1000, 7500, 8000, 20000):
    for chunks in (None, (500,)):
        try:
            with files.atomic_hdf5("out.h5") as file:
                files.create_dataset(file, "x", np.arange(float(count)), chunks=chunks)
                files.create_dataset(file, "y", np.arange(100))
        except InputError as error:
            print(error)
        else:
            print("written")
            os.remove("out.h5")
        assert not os.listdir(".")
"""
MOUNTS = subprocess.run(["sh", "-c", "unshare --mount true"], capture_output=True).returncode == 0


@pytest.mark.skipif(not MOUNTS, reason="only root can mount a small disk")
def test_full_disk_under_hdf5_is_one_sentence_and_no_crash(tmp_path):
    done = python(SMALL_DISK, tmp_path, before=("unshare", "--mount"))
    assert done.returncode == 0 and not done.stderr
    sentence = "out.h5 cannot be written (No space left on device): free some space or make its "
    sentence += "folder writable, then run the same command again."
    lines = done.stdout.splitlines()
    assert lines[:2] == ["written"] * 2 and lines[-2:] == [sentence] * 2
    assert set(lines) == {"written", sentence}


def test_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    refused(r"cannot be written.*writable", files.write_json, {}, tmp_path / "file" / "out.json")


def test_equal_contents_give_equal_hdf5_bytes(tmp_path):
    for name in ("a.h5", "b.h5"):
        with files.atomic_hdf5(tmp_path / name) as file:
            files.create_dataset(file, "x", np.arange(10))
            file.attrs["seed"] = 3
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_output_follows_the_users_umask(tmp_path):
    before = os.umask(0o022)
    try:
        files.write_json({"x": np.float32(1.5)}, tmp_path / "out.json")
    finally:
        os.umask(before)
    assert (tmp_path / "out.json").stat().st_mode & 0o777 == 0o644
    assert files.read_json(tmp_path / "out.json") == {"x": 1.5}


def test_table_comes_back_with_units(tmp_path):
    table = Table({"mass": [1.0]}, units={"mass": "1e10 Msun / littleh"})
    files.write_table(table, tmp_path / "t.ecsv")
    again = files.read_table(tmp_path / "t.ecsv", need=["mass"])
    assert again["mass"].unit == table["mass"].unit
    refused("lacks the column speed", files.read_table, tmp_path / "t.ecsv", need=["speed"])


@pytest.mark.parametrize("read", [files.read_json, files.read_table])
def test_missing_or_broken_text_is_named(tmp_path, read):
    refused("does not exist", read, tmp_path / "absent")
    (tmp_path / "broken").write_text("{ not this")
    refused("broken is not", read, tmp_path / "broken")


def opened(path, **options):
    with files.open_hdf5(path, **options):
        pass


def test_missing_dataset_of_an_hdf5_file_is_named(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["here"] = 1
    refused("lacks absent", opened, tmp_path / "x.h5", need=["here", "absent"])


BLACK = np.zeros((3, 4, 4, 3), np.uint8)


def test_dataset_is_written_in_blocks_and_checked(tmp_path):
    dataset(tmp_path / "d.h5", BLACK, blocks=[BLACK[:2], BLACK[2:]])
    found = datasets.check(tmp_path / "d.h5")
    assert found.pop("shape") == (4, 4, 3) and found.pop("lacks") == ["encoding"]
    assert found == {"kind": "images", "samples": 3, "dtype": "uint8", "variant": "mass"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"count": 4, "target": np.ones(4)}, "3 samples came, 4 were announced"),
        ({"target": np.array([1.0, np.nan, 3.0])}, "not finite"),
    ],
)
def test_dataset_that_is_not_whole_is_never_written(tmp_path, changes, words):
    refused(words, dataset, tmp_path / "d.h5", BLACK, error=ValueError, **changes)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("error", "last", "traced"),
    [
        (InputError("x.h5 lacks y: mend it."), "skyloom: x.h5 lacks y: mend it.", False),
        (OSError(28, "No space left", "a.h5"), "skyloom: a.h5 cannot be written", False),
        (OSError(27, "File too large", "b.h5"), "b.h5 cannot be written (File too large", False),
        (OSError(30, "Read-only file system"), "A file cannot be written (Read-only", False),
        (OSError(122, "Disk quota exceeded"), "A file cannot be written (Disk quota", False),
        (MemoryError(), "fewer --cores", False),
        (KeyboardInterrupt(), "skyloom: Stopped; run the same command again", False),
        (ZeroDivisionError("division by zero"), "please report it", True),
    ],
)
def test_last_line_of_a_failing_step_says_what_to_do(capsys, error, last, traced):
    try:
        raise error
    except BaseException as raised:
        step._report(type(raised), raised, raised.__traceback__)
    lines = capsys.readouterr().err.splitlines()
    assert last in lines[-1]
    assert any("Traceback" in line for line in lines) is traced


def test_job_that_is_told_to_stop_leaves_no_temporary_file(tmp_path):
    program = (
        "import step, types, os, signal\n"
        "step.begin(types.SimpleNamespace(log=[], threads=1))\n"
        "from skyloom.io import files\n"
        "with files.atomic_hdf5('out.h5') as file:\n"
        "    file['x'] = 1\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
    )
    done = python(program, tmp_path)
    assert done.returncode == 143 and not list(tmp_path.iterdir())
    assert done.stderr.splitlines()[-1].startswith("skyloom: The job was told to stop")


def test_step_keeps_its_log(tmp_path, monkeypatch):
    job = types.SimpleNamespace(log=[str(tmp_path / "logs" / "job.log")], threads=1)
    monkeypatch.setattr(sys, "stderr", sys.stderr)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_CPP_MIN_LOG_LEVEL"):
        monkeypatch.setenv(name, "1")
    step.begin(job)
    print("one\rtwo", file=sys.stderr)
    assert (tmp_path / "logs" / "job.log").read_text() == "one\ntwo\n"


def test_text_whose_type_is_damaged_is_refused_before_libhdf5_ends_the_process(tmp_path):
    path = tmp_path / "one.h5"
    with h5py.File(path, "w") as file:
        file.attrs["parameters"] = "{}"
        file["images"] = [1.0]
    content = bytearray(path.read_bytes())
    # The type of variable length, its flags: a text (1) becomes what there is not.
    place = content.index(b"parameters\0")
    place = content.index(b"\x19\x01", place) + 1
    content[place] = 0xB8
    path.write_bytes(content)
    refused(r"one\.h5 is damaged \(/@parameters has no type", opened, path)


def test_dimension_scales_of_other_programs_are_no_damage(tmp_path):
    path = tmp_path / "two.h5"
    with h5py.File(path, "w") as file:
        file["x"], file["images"] = [1.0], [2.0]
        file["x"].make_scale("x")
        file["images"].dims[0].attach_scale(file["x"])
        file["names"] = ["one", "two"]
    with files.open_hdf5(path, need=["images"]) as file:
        assert file["images"][0] == 2.0


def test_a_file_that_another_program_locks_is_not_called_damaged(tmp_path, monkeypatch):
    monkeypatch.delenv("HDF5_USE_FILE_LOCKING", raising=False)
    with h5py.File(tmp_path / "whole.h5", "w") as file:
        file["x"] = 1
    with open(tmp_path / "whole.h5", "r+") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        refused("cannot be opened .*lock.*HDF5_USE_FILE_LOCKING", opened, tmp_path / "whole.h5")
    with files.open_hdf5(tmp_path / "whole.h5") as file:
        assert file["x"][()] == 1
