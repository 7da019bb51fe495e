"""Progress in a terminal, in a pipe, and beside other jobs; what a job's log keeps of it."""

import hashlib
import io
import os
import pty
import re
import subprocess
import sys
import termios
from types import SimpleNamespace

import pytest
from interpreter import PYTHONPATH

from skyloom import progress
from skyloom.record import checksums

#: A job of three steps of a second on a clock of its own, so that nothing has to be waited for.
JOB = """
import sys, time
from types import SimpleNamespace
now = [1000.0]
time.time = time.monotonic = lambda: now[0]
import step
step.begin(SimpleNamespace(log=[sys.argv[1]], threads=1, **RULE))
step._ended["badly"] = True
from skyloom.progress import track
for item in track(range(30), label="maps of snapshot 99", unit="galaxy"):
    now[0] += 1.0
    if item == FAILS_AT:
        from skyloom.errors import InputError
        raise InputError("the file is broken: fetch it again.")
"""


def run(tmp_path, *, terminal, cores, fails_at=None):
    """What a job of 30 s says on its terminal or pipe, and in its log."""
    rule = '{"rule": "tng_maps", "params": {}, "output": []}'
    script = JOB.replace("**RULE", f"**{rule}").replace("FAILS_AT", str(fails_at))
    (tmp_path / "job.py").write_text(script)
    environment = os.environ | {"PYTHONPATH": PYTHONPATH, "SKYLOOM_CORES": str(cores)}
    command = [sys.executable, str(tmp_path / "job.py"), str(tmp_path / "log")]
    if not terminal:
        done = subprocess.run(command, env=environment, stderr=subprocess.PIPE, text=True)
        return done.stderr, (tmp_path / "log").read_text()
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 90))
    with subprocess.Popen(command, env=environment, stderr=theirs) as process:
        os.close(theirs)
        said = b""
        # A terminal that its last process leaves is an error to its reader on Linux.
        try:
            while block := os.read(ours, 4096):
                said += block
        except OSError:
            pass
        process.wait()
    os.close(ours)
    return said.decode(), (tmp_path / "log").read_text()


def test_a_job_alone_in_a_terminal_shows_one_bar_with_the_time_that_remains(tmp_path):
    said, log = run(tmp_path, terminal=True, cores=1)
    assert said.strip("\r\n").count("\n") == 0
    assert said.count("\r") >= 30
    assert re.search(r"50%.*15/30 \[00:15<00:15", said)
    # The log keeps lines: one in ten seconds, and the last.
    assert "\r" not in log
    assert 3 <= len(log.splitlines()) <= 5
    assert "30/30" in log.splitlines()[-1]


def test_jobs_side_by_side_write_lines_with_their_names(tmp_path):
    said, log = run(tmp_path, terminal=True, cores=2)
    lines = said.replace("\r\n", "\n").splitlines()
    assert "\r" not in said.replace("\r\n", "\n")
    assert 3 <= len(lines) <= 5
    assert all(line.startswith("tng_maps: maps of snapshot 99: ") for line in lines)
    assert lines[1].endswith(": galaxy 12 of 30 (40 %), 00:18 left")
    assert log.splitlines() == lines


def test_a_pipe_receives_the_lines_that_the_log_receives(tmp_path):
    said, log = run(tmp_path, terminal=False, cores=1)
    assert said == log
    assert log.splitlines()[-1] == ("maps of snapshot 99: galaxy 30 of 30 (100 %), 00:00 left")


@pytest.mark.parametrize(("terminal", "cores"), [(True, 1), (True, 2), (False, 1)])
def test_an_error_amid_progress_ends_with_its_remedy_on_a_line_of_its_own(
    tmp_path, terminal, cores
):
    said, log = run(tmp_path, terminal=terminal, cores=cores, fails_at=7)
    for text in (said.replace("\r\n", "\n"), log):
        assert text.splitlines()[-1] == "skyloom: the file is broken: fetch it again."


def test_work_of_a_moment_says_nothing_in_lines():
    stream = io.StringIO()
    assert list(progress.track(range(5), label="short", stream=stream)) == [0, 1, 2, 3, 4]
    assert stream.getvalue() == ""


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test moves."""
    found = SimpleNamespace(now=0.0)
    monkeypatch.setattr("tqdm.std.time", lambda: found.now)
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: found.now))
    return found


def test_work_without_a_known_end_counts(clock):
    stream = io.StringIO()

    def endless():
        for _ in range(30):
            clock.now += 1.0
            yield 0

    list(progress.track(endless(), label="pages", unit="page", stream=stream))
    assert stream.getvalue().splitlines()[1] == "pages: page 12, 00:12 so far"


def test_bytes_have_a_unit_that_a_person_reads(clock):
    stream = io.StringIO()
    with progress.track(None, label="file", total=59_000_000, unit="B", stream=stream) as bar:
        clock.now += 10
        bar.update(29_500_000)
    assert "file: 29.5MB of 59.0MB (50 %), 00:10 left" in stream.getvalue()


def test_checksum_of_a_large_file_says_how_far_it_is_and_is_that_of_its_bytes(
    tmp_path, monkeypatch, capsys
):
    content = bytes(range(256)) * 3
    (tmp_path / "snapdir.hdf5").write_bytes(content)
    monkeypatch.setattr(checksums, "_LONG", 700)
    monkeypatch.setattr(checksums, "_BLOCK", 100)
    monkeypatch.setattr(progress, "SHORT", 0.0)
    found = checksums.checksum(tmp_path / "snapdir.hdf5")
    assert found == hashlib.sha256(content).hexdigest()
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("checksum of snapdir.hdf5: 768B of 768B (100 %)")
