"""The demo and the tests of an earlier commit beside those of this one, whole, in turn.

``python benchmarks/run.py before [--what demo|tests|both] [--rounds N] [--before COMMIT]
[--after COMMIT] [--folder FOLDER]``. Each commit is a clone in a folder of its own with an
environment of its own. Setting that up is measured once a side, after one that is not counted has
filled pip's cache. Then come the runs, in turn, each in a clone that is as new but for its
environment: what git ignores is removed.

What has ended is kept in ``results/bench/before.json`` at once: a second call goes on where the
first was stopped, and more rounds add to those that are there. How wall time, CPU seconds and
memory are measured stands in `processes`; jobs are timed by Snakemake's own records. Only what is
committed is measured.
"""

import argparse
import datetime
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import processes
from tools import table

from skyloom.io.files import read_json, write_json

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path("results/bench")
COMMIT = "5384247"
SIDES = ("before", "after")
#: What is set up for a run, and what runs.
STAMPS = {"demo": ".venv/run.stamp", "tests": ".venv/dev.stamp"}
TARGETS = {"demo": "demo", "tests": "test"}
LONGEST = 10
#: Flags of a processor that change which code a library picks.
FLAGS = ("avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")


def processor():
    """Model, flags and number of cores of this machine's processor."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    about = dict(re.split(r"\s*:\s*", line, maxsplit=1) for line in lines if ":" in line)
    flags = about.get("flags", "").split()
    return {
        "model": about.get("model name", "unknown"),
        "flags": [flag for flag in FLAGS if flag in flags],
        "cores": len(os.sched_getaffinity(0)),
    }


def _git(*words, folder=ROOT):
    command = ["git", "-C", str(folder), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def clone(source, commit, folder):
    """A clone of a repository at a commit; one that is there is used again."""
    if not (folder / ".git").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        _git("clone", "--quiet", "--no-checkout", str(source), str(folder), folder=source)
    _git("checkout", "--quiet", "--force", "--detach", commit, folder=folder)


def freshen(folder):
    """Remove all that a run or a set-up made but the environment."""
    _git("clean", "-ffdxq", "-e", ".venv", folder=folder)


def jobs(folder):
    """Jobs of a finished run by Snakemake's records: {name: seconds}, the longest first.

    A job leaves one record for each of its outputs, all with the same log, start and end; it is
    called as its log, without the folders that all logs are in.
    """
    found = {}
    for path in (folder / ".snakemake/metadata").rglob("*"):
        if not path.is_file():
            continue
        record = json.loads(path.read_text(encoding="utf-8"))
        log = (record.get("log") or [""])[0]
        name = "/".join(part for part in Path(log).with_suffix("").parts[2:] if part != "logs")
        seconds = record["endtime"] - record["starttime"]
        # A rule without a log is told apart by when it began.
        found[name or f"{record['rule']} at {record['starttime']:.3f}"] = seconds
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def outcome(what, folder, log):
    """What a run of the demo or the tests says of itself; None where it did not get to its end."""
    if what == "demo":
        timed = jobs(folder)
        longest = [list(item) for item in list(timed.items())[:LONGEST]]
        return {"jobs": len(timed), "longest": longest} if timed else None
    text = log.read_text(encoding="utf-8", errors="replace")
    closing = re.findall(r"^=*\s*((?:\d+ \w+,? ?)+)in [\d.]+s", text, re.MULTILINE)
    if not closing:
        return None
    counts = {word: int(number) for number, word in re.findall(r"(\d+) (\w+)", closing[-1])}
    return {word: counts.get(word, 0) for word in ("passed", "failed", "skipped")}


def environment():
    """Of the runs: this process's without what is meant for it alone."""
    own = ("PYTHONPATH", "TF_CPP_MIN_LOG_LEVEL", "MAKEFLAGS", "MAKELEVEL", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if name not in own}


class Comparison:
    """Two commits, what was measured of them so far, and where.

    Parameters
    ----------
    source : path
        The repository.
    commits : dict of str
        Side -> commit.
    folder : path
        Of clones and logs.
    path : path
        Of the measured numbers.
    """

    def __init__(self, source, commits, folder, path):
        self.source, self.folder, self.path = source, Path(folder), Path(path)
        asked = {
            "commits": {
                side: _git("rev-parse", f"{commit}^{{commit}}", folder=source)
                for side, commit in commits.items()
            },
            "processor": processor(),
        }
        self.found = read_json(self.path) if self.path.exists() else dict(asked)
        for key, value in asked.items():
            if self.found.get(key) != value:
                sys.exit(
                    f"{path} was measured with other {key}: {self.found.get(key)}, now {value}. "
                    "Move it away to begin anew, or name its commits with --before and --after."
                )

    def run(self, what, rounds):
        """Run the demo or the tests of both sides so many times in turn, less what is there."""
        self._set_up(what)
        runs = self.found.setdefault(what, {side: [] for side in SIDES})
        for number in range(rounds):
            # The other way round every second time: neither side always comes first.
            for side in SIDES if number % 2 == 0 else SIDES[::-1]:
                if len(runs[side]) <= number:
                    clone(self.source, self.found["commits"][side], self.folder / side)
                    freshen(self.folder / side)
                    runs[side].append(self._measure(what, side, TARGETS[what]))
                    self._keep()

    def _set_up(self, what):
        """Environments of both sides; that of the demo, which a newcomer waits for, is measured."""
        for side in SIDES:
            clone(self.source, self.found["commits"][side], self.folder / side)
        measured = self.found.setdefault("environment", {})
        missing = [side for side in SIDES if what == "demo" and side not in measured]
        filled = set()
        for side in missing:
            asked = (self.folder / side / "requirements.txt").read_bytes()
            if asked not in filled:
                self._measure("filling pip's cache", side, STAMPS[what], anew=True)
                filled.add(asked)
        for side in missing:
            measured[side] = self._measure("environment", side, STAMPS[what], anew=True)
            self._keep()
        for side in SIDES:
            if not (self.folder / side / STAMPS[what]).exists():
                self._measure("environment, not counted", side, STAMPS[what])

    def _measure(self, what, side, target, *, anew=False):
        """One ``make`` of a side, `anew` without the environment that is there."""
        if anew:
            shutil.rmtree(self.folder / side / ".venv", ignore_errors=True)
        folder, log = self.folder / side, self.folder / f"{side}_{target.replace('/', '_')}.log"
        print(f"{what}, {side}: make {target} in {folder}", flush=True)
        command = ["make", "--no-print-directory", target]
        run = processes.measured(command, folder, log, environment=environment())
        run["date"] = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        ended = {} if what not in TARGETS else outcome(what, folder, log)
        # Tests that failed took their time; a demo that failed did not.
        if ended is None or (run["returncode"] and what != "tests"):
            sys.exit(f"make {target} of {side} failed ({run['returncode']}): read {log}.")
        return run | ended

    def _keep(self):
        self.found["date"] = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        self.found |= ratios(self.found)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_json(self.found, self.path)


def middle(runs, key):
    """Median of one number over runs."""
    return float(np.median([run[key] for run in runs]))


def ratios(found):
    """After divided by before of what both sides have: medians over the rounds.

    ``demo_vs_before`` has the environment in it, which a newcomer waits for as well;
    ``demo_vs_before_without_environment`` and ``tests_vs_before`` have not.
    """
    made = {}
    for what in TARGETS:
        runs = found.get(what, {})
        if not all(runs.get(side) for side in SIDES):
            continue
        own = {}
        for key in ("seconds", "cpu_seconds", "peak_mb"):
            own[key] = {side: middle(runs[side], key) for side in SIDES}
        wall = dict(own["seconds"])
        if what == "demo":
            made["demo_vs_before_without_environment"] = wall["after"] / wall["before"]
            for side in SIDES:
                wall[side] += found["environment"][side]["seconds"]
        made[f"{what}_vs_before"] = wall["after"] / wall["before"]
        for key, name in (("cpu_seconds", "cpu"), ("peak_mb", "peak")):
            # A run may be over before anything was sampled.
            if own[key]["before"]:
                made[f"{what}_{name}_vs_before"] = own[key]["after"] / own[key]["before"]
    return made


def tables(found):
    """Markdown: the numbers of both sides, and the longest jobs."""
    rows, made = [], []

    def row(name, values, digits=0):
        before, after = (values[side] for side in SIDES)
        ratio = f"{after / before:.2f}" if before else ""
        rows.append([name, *(f"{value:,.{digits}f}" for value in (before, after)), ratio])

    for what in TARGETS:
        runs = found.get(what, {})
        if not all(runs.get(side) for side in SIDES):
            continue
        for name, key in (
            ("wall, s", "seconds"),
            ("CPU seconds", "cpu_seconds"),
            ("peak memory of all processes, MB", "peak_mb"),
        ):
            row(f"{what}: {name}", {side: middle(runs[side], key) for side in SIDES})
            if what == "demo" and key == "seconds":
                setting = {side: found["environment"][side]["seconds"] for side in SIDES}
                row("demo: its environment, s", setting)
                whole = {side: middle(runs[side], key) + setting[side] for side in SIDES}
                row("demo: wall with its environment, s", whole)
        for key in ("jobs", "passed", "failed", "skipped"):
            if key in runs["before"][0]:
                row(f"{what}: {key}", {side: middle(runs[side], key) for side in SIDES})
    about = found["processor"]
    counts = ", ".join(
        f"{what} {' and '.join(str(len(found[what][side])) for side in SIDES)} times"
        for what in TARGETS
        if what in found
    )
    header = ["", *(f"{side}, {found['commits'][side][:7]}" for side in SIDES), "after ÷ before"]
    title = (
        f"{about['cores']} cores of {about['model']} ({' '.join(about['flags'])}), "
        f"{found['date'][:10]}; medians; {counts}"
    )
    made.append(table(title, header, rows))
    if all(found.get("demo", {}).get(side) for side in SIDES):
        last = [found["demo"][side][-1]["longest"] for side in SIDES]
        rows = [
            [*cell(last[0], place), *cell(last[1], place)] for place in range(max(map(len, last)))
        ]
        header = ["before", "s", "after", "s"]
        made.append(table("The longest jobs of the last demo, wall seconds", header, rows))
    return made


def cell(longest, place):
    """Name and seconds of one job, or two empty cells."""
    if place >= len(longest):
        return "", ""
    return longest[place][0], f"{longest[place][1]:.0f}"


def main(words):
    """Compare two commits; see the module."""
    parser = argparse.ArgumentParser(prog="run.py before", description=__doc__.splitlines()[0])
    parser.add_argument("--what", choices=[*TARGETS, "both"], default="both")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--before", default=COMMIT)
    parser.add_argument("--after", default="HEAD")
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir(), "skyloom-before")
    )
    parser.add_argument("--source", type=Path, default=ROOT, help="the repository")
    parser.add_argument("--results", type=Path, default=RESULTS)
    given = parser.parse_args(words)
    commits = {"before": given.before, "after": given.after}
    path = given.results / "before.json"
    comparison = Comparison(given.source.resolve(), commits, given.folder.resolve(), path)
    for what in TARGETS if given.what == "both" else [given.what]:
        comparison.run(what, given.rounds)
    text = "\n\n".join(tables(comparison.found))
    path.with_suffix(".md").write_text(f"{text}\n", encoding="utf-8")
    print(f"\n{text}\n\nClones and logs are in {given.folder}: remove it when you are done.")
