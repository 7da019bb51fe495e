"""The comparison of two commits: what is measured, in which order, and the ratios made of it."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from interpreter import git
from refusal import refused

ROOT = Path(__file__).resolve().parents[2]
#: Makes one job's records as Snakemake does, and holds and works as long as it is told.
DEMO = """\
import json, pathlib, sys, time
seconds = float(sys.argv[1])
folder = pathlib.Path(".snakemake/metadata/@long")
folder.mkdir(parents=True)
for name, length in (("train_a", seconds), ("dataset", seconds / 2)):
    record = {"rule": name, "log": [f"results/demo/tng/logs/{name}.log"],
              "starttime": 100.0, "endtime": 100.0 + length}
    for output in ("one", "two"):
        (folder / f"{name}_{output}").write_text(json.dumps(record))
time.sleep(seconds)
"""
MAKEFILE = """\
.venv/run.stamp: requirements.txt
\t@mkdir -p .venv && touch $@ && echo $(CURDIR) set-up >> {journal}
.venv/dev.stamp: .venv/run.stamp
\t@touch $@
demo: .venv/run.stamp
\t@echo $(CURDIR) demo >> {journal}
\t@{python} demo.py {seconds}
test: .venv/dev.stamp
\t@echo $(CURDIR) test >> {journal}
\t@echo "=== 2 failed, 7 passed, 3 skipped in 1.50s ==="; false
"""


@pytest.fixture
def modules(monkeypatch):
    """The benchmark's own modules."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    return {name: importlib.import_module(name) for name in ("before", "processes")}


@pytest.fixture
def repository(tmp_path):
    """Two commits, the second four times as fast, and the first one's name."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "demo.py").write_text(DEMO)
    (folder / "requirements.txt").write_text("")
    (folder / ".gitignore").write_text(".venv/\n.snakemake/\n")
    for seconds in (0.4, 0.1):
        given = {"journal": tmp_path / "journal", "python": sys.executable, "seconds": seconds}
        (folder / "Makefile").write_text(MAKEFILE.format(**given))
        git(folder, "add", ".")
        git(folder, "commit", "-q", "-m", f"{seconds}")
    return folder, git(folder, "rev-parse", "HEAD~1")


@pytest.fixture
def compare(modules, repository, tmp_path):
    """Runs the comparison with options, and gives its file."""
    source, first = repository

    def run(*words):
        places = {"source": source, "results": tmp_path, "folder": tmp_path / "work"}
        options = [word for name, path in places.items() for word in (f"--{name}", str(path))]
        modules["before"].main(["--before", first, *options, *words])
        return json.loads((tmp_path / "before.json").read_text())

    return run


def _journal(tmp_path):
    lines = (tmp_path / "journal").read_text().splitlines()
    return [(Path(folder).name, what) for folder, what in (line.split() for line in lines)]


def test_both_commits_run_in_turn_and_a_second_call_adds_only_what_is_missing(compare, tmp_path):
    found = compare("--what", "demo", "--rounds", "1")
    assert found["demo"]["before"][0]["seconds"] > 0.4
    # pip's cache is filled first, which counts for neither side.
    sides = [("before", "set-up"), ("before", "set-up"), ("after", "set-up")]
    assert _journal(tmp_path) == [*sides, ("before", "demo"), ("after", "demo")]
    again = compare("--what", "demo", "--rounds", "2")
    assert _journal(tmp_path)[5:] == [("after", "demo"), ("before", "demo")]
    assert again["demo"]["before"][0] == found["demo"]["before"][0]
    assert compare("--what", "demo", "--rounds", "2") | {"date": ""} == again | {"date": ""}


def test_jobs_are_counted_once_and_the_longest_is_first(compare, tmp_path):
    found = compare("--what", "demo")
    run = found["demo"]["before"][0]
    assert run["jobs"] == 2
    assert run["longest"] == [
        ["tng/train_a", pytest.approx(0.4)],
        ["tng/dataset", pytest.approx(0.2)],
    ]
    table = (tmp_path / "before.md").read_text()
    assert "| tng/train_a | 0 | tng/train_a | 0 |" in table
    assert found["commits"]["before"][:7] in table and "after ÷ before" in table


def test_failed_tests_are_timed_and_told(compare):
    found = compare("--what", "tests")
    counts = {key: found["tests"]["after"][0][key] for key in ("passed", "failed", "skipped")}
    assert counts == {"passed": 7, "failed": 2, "skipped": 3}
    assert found["tests_vs_before"] > 0 and "demo_vs_before" not in found


def test_numbers_of_other_commits_are_not_gone_on_with(compare, repository):
    compare("--what", "tests")
    git(repository[0], "commit", "-q", "--allow-empty", "-m", "later")
    refused("other commits.*Move it away", compare, "--what", "tests", error=SystemExit)


def test_ratios_are_of_medians_and_the_demos_has_its_environment(modules):
    def runs(*seconds):
        return [{"seconds": s, "cpu_seconds": 2 * s, "peak_mb": 1000.0} for s in seconds]

    found = {
        "environment": {"before": {"seconds": 100.0}, "after": {"seconds": 60.0}},
        "demo": {"before": runs(900, 1100, 1000), "after": runs(180, 5000, 200)},
        "tests": {"before": runs(800), "after": []},
    }
    made = modules["before"].ratios(found)
    assert made["demo_vs_before"] == pytest.approx(260 / 1100)
    assert made["demo_vs_before_without_environment"] == pytest.approx(0.2)
    assert made["demo_cpu_vs_before"] == pytest.approx(0.2)
    assert made["demo_peak_vs_before"] == 1
    assert "tests_vs_before" not in made


def test_work_and_memory_of_what_a_command_leaves_behind_are_counted(modules, tmp_path):
    left = (
        "import time; held = bytearray(10**8); end = time.process_time() + 0.7\n"
        "while time.process_time() < end: pass"
    )
    start = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {left!r}])"
    found = modules["processes"].measured([sys.executable, "-c", start], tmp_path, tmp_path / "log")
    assert found["returncode"] == 0
    assert 0.7 < found["cpu_seconds"] < 3
    assert 100 < found["peak_mb"] < 300


def test_a_process_that_ends_while_it_is_looked_at_hides_no_other(modules, monkeypatch):
    read, own = Path.glob, os.getpid()

    def ended(path, pattern):
        if path == Path(f"/proc/{own}/task"):
            return read(path, pattern)
        raise FileNotFoundError(path)

    children = [subprocess.Popen(["sleep", "30"]) for _ in range(2)]
    monkeypatch.setattr(Path, "glob", ended)
    try:
        assert {child.pid for child in children} <= {*modules["processes"].family(own)}
    finally:
        for child in children:
            child.kill()
            child.wait()
