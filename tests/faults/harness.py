"""A miniature of the workflow that is run, disturbed, run again, and compared bit for bit."""

import contextlib
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
from miniature import Project
from watcher import Watcher, is_final

from skyloom.io import temporary_files
from skyloom.simulate.epic import files

SEED = 20260
_IMAGES = {"images": 16, "flawed": 2, "exposure_maps": False}
#: The tng arm's data from a synthetic universe; images of xmm in a folder of the user's, with a
#: training.
MINIATURE = {
    "run": "mini",
    "arms": ["tng", "xmm"],
    "tng": {
        "snapshots": [99],
        "reference_snapshot": 99,
        "parts_per_snapshot": 1,
        "synthetic": {"galaxies": 12, "gas_cells": 200, "chunks": 3},
        "grid": {"bins": 32},
    },
    "xmm": {
        "source": "local",
        "images": "input/images",
        "observations": "input/observations.fits",
        "blocks": 1,
        "experiments": {"demo": {"epochs": 8}},
        "trained": ["demo"],
    },
}
TARGETS = {"tng": "tng_composite", "xmm": "xmm_minmax_sqrt_rebin4", "training": "xmm_demo_model"}
# Seconds after which a run counts as hanging.
_HANGING = 300
# In the copy, trainings keep their state after every epoch and note which epochs they began; the
# arms that are not run are not read either.
_NOTE = """\
            with open("epochs_begun.txt", "a") as notes:
                notes.write(f"{epoch}\\n")
"""
_PATCHES = {
    "src/skyloom/learn/checkpoints.py": {
        "if state_path and time.monotonic() - saved >= save_every:": "if state_path:",
        "            begun = time.monotonic()\n": f"{_NOTE}            begun = time.monotonic()\n",
    },
    "workflow/Snakefile": {
        "in registry.rules():": 'in ("rules/tng/rules.smk", "rules/xmm/rules.smk"):',
        **{f'include: "rules/{name}.smk"\n': "" for name in ("export", "pictures")},
    },
}


class Running:
    """A run of Snakemake in a session of its own, with every process that it starts."""

    def __init__(self, folder, *words):
        self.log = folder / f"run_{len(list(folder.glob('run_*.txt')))}.txt"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "snakemake", "--configfile", "mini.yaml", *words],
                cwd=folder,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
                start_new_session=True,
                # Started in the background of a shell, we would hand on that Ctrl-C is ignored.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )
        self.session = self.process.pid

    @property
    def text(self):
        """What it has said."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    @property
    def sentences(self):
        """What its jobs said last, in the words for a user."""
        return sorted(set(re.findall(r"^skyloom: (.*)", self.text, re.MULTILINE)))

    def is_going(self):
        """Whether Snakemake itself lives."""
        return self.process.poll() is None

    def members(self):
        """Every living process of the session."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(ProcessLookupError, PermissionError, psutil.Error):
                zombie = process.status() == psutil.STATUS_ZOMBIE
                if os.getsid(process.pid) == self.session and not zombie:
                    found.append(process)
        return found

    def jobs(self):
        """The processes that do the work: Python running a step."""
        found = []
        for process in self.members():
            with contextlib.suppress(psutil.Error):
                words = process.cmdline()
                script = ".snakemake/scripts" in " ".join(words)
                # A fork of the server has its command.
                forked = "forkserver" in " ".join(process.parent().cmdline())
                if words and "python" in Path(words[0]).name and (script or forked):
                    found.append(process)
        return sorted(found, key=lambda process: process.pid)

    def wait(self):
        """Exit status; a run that hangs is ended and counts as such."""
        try:
            return self.process.wait(_HANGING)
        except subprocess.TimeoutExpired:
            self.end()
            return "hung"

    def outlive(self):
        """Wait for jobs that live on without Snakemake."""
        for _ in range(10 * _HANGING):
            if not self.members():
                return
            time.sleep(0.1)
        self.end()

    def end(self):
        """Kill what is left of the session."""
        for process in self.members():
            with contextlib.suppress(psutil.Error):
                process.kill()
        self.process.wait()


class Miniature:
    """A copy of the project whose results are made, lost and made again.

    Parameters
    ----------
    folder : Path
        A new one.

    Attributes
    ----------
    undisturbed : dict
        The digest of every file that a run without faults makes.
    """

    def __init__(self, folder):
        Project(folder, MINIATURE)
        self.folder, self.results = folder, folder / "results"
        for name, changes in _PATCHES.items():
            text = (folder / name).read_text(encoding="utf-8")
            for old, new in changes.items():
                assert text.count(old) == 1, old
                text = text.replace(old, new)
            (folder / name).write_text(text, encoding="utf-8")
        given = folder / "input"
        for _ in files.write_images(given / "images", _IMAGES, SEED):
            pass
        files.write_table(_IMAGES, SEED, given / "observations.fits")
        self.clear()
        run = self.start("tng", TARGETS["training"])
        assert run.wait() == 0, run.text[-3000:]
        self.undisturbed = self.digests()

    def expected(self, target):
        """Digests of what a run for one target makes."""
        return {
            name: digest
            for name, digest in self.undisturbed.items()
            if name.startswith("mini/xmm") != (target == "tng")
            and not (target == "xmm" and ("/models/" in name or name.endswith("/split.ecsv")))
        }

    def clear(self):
        """As it was before the first run."""
        for name in ("results", ".snakemake"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        for path in [self.folder / "epochs_begun.txt", *self.folder.glob("run_*.txt")]:
            path.unlink(missing_ok=True)
        self.results.mkdir()

    def start(self, target, *words):
        """Begin a plain run for one target."""
        return Running(self.folder, "--cores", "2", TARGETS[target], *words)

    def watch(self):
        """Begin to watch the results."""
        watcher = Watcher(self.results)
        watcher.start()
        return watcher

    def digests(self):
        """Of every file with a final name but what says when it was written."""
        found = {}
        for path in sorted(self.results.rglob("*")):
            said = "provenance" in path.parts or path.name.endswith(".provenance.json")
            if path.is_file() and is_final(path, self.results) and not said:
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                found[str(path.relative_to(self.results))] = digest
        return found

    def leftovers(self):
        """Temporary files, and states of trainings that are finished."""
        return [
            str(path.relative_to(self.results))
            for path in sorted(self.results.rglob(".*"))
            if temporary_files.is_temporary(path.name) or path.name == ".state"
        ]

    def is_done(self, target):
        """Whether a further run would do nothing."""
        run = self.start(target, "-n")
        return run.wait() == 0 and "Nothing to be done" in run.text

    def epochs(self):
        """The epochs that trainings began, in order."""
        notes = self.folder / "epochs_begun.txt"
        return [int(line) for line in notes.read_text().split()] if notes.exists() else []


def until(condition, run):
    """Wait for `condition` while the run goes on; what it gave, or None where the run ended."""
    while run.is_going():
        if found := condition():
            return found
        time.sleep(0.01)
    return None


def send(processes, number):
    """Send a signal to processes; those gone meanwhile need none."""
    for process in processes:
        with contextlib.suppress(ProcessLookupError, psutil.Error):
            process.send_signal(number)


KILL, STOP, INTERRUPT = signal.SIGKILL, signal.SIGTERM, signal.SIGINT
