"""The faults: each is put into a going run at a given moment, and taken back after it.

A fault is a generator: it is run up to its ``yield``, which is when the fault has struck, and to
its end once the disturbed run is over. It yields words for the table, or None if it came too late.
"""

import contextlib
import os
import shutil
import subprocess
import time

from harness import INTERRUPT, KILL, STOP, send, until

#: Of the small disk that is filled, in bytes.
_DISK = 32 << 20


def _a_job(run, rng):
    jobs = until(run.jobs, run)
    return [jobs[rng.integers(len(jobs))]] if jobs else []


def kill_job(mini, run, watcher, rng):
    """SIGKILL to a job, as the kernel does when memory is used up."""
    jobs = _a_job(run, rng)
    send(jobs, KILL)
    yield "" if jobs else None


def stop_job(mini, run, watcher, rng):
    """SIGTERM to a job, as a scheduler does at its time limit."""
    jobs = _a_job(run, rng)
    send(jobs, STOP)
    yield "" if jobs else None


def kill_training(mini, run, watcher, rng):
    """SIGKILL to a training after it has kept a state, at any epoch."""
    begun = 2 + rng.integers(5)
    found = until(lambda: len(mini.epochs()) >= begun and run.jobs(), run) or []
    time.sleep(0.1 * rng.random())
    send(found, KILL)
    yield f"in epoch {mini.epochs()[-1]}" if found else None


def kill_all(mini, run, watcher, rng):
    """SIGKILL to Snakemake and all its jobs at once, as when a session or node is lost."""
    members = run.members() if run.is_going() else []
    send(members, KILL)
    yield "" if members else None


def kill_snakemake(mini, run, watcher, rng):
    """SIGKILL to Snakemake alone: its jobs live on while it is started again."""
    going = run.is_going()
    run.process.kill()
    yield "" if going else None


def stop_snakemake(mini, run, watcher, rng):
    """SIGTERM to Snakemake alone."""
    going = run.is_going()
    run.process.terminate()
    yield "" if going else None


def interrupt(mini, run, watcher, rng):
    """SIGINT to Snakemake and its jobs: a user's Ctrl-C."""
    members = run.members() if run.is_going() else []
    send(members, INTERRUPT)
    yield "" if members else None


def full_disk(mini, run, watcher, rng):
    """The results' disk has a few kilobytes left, then none; later there is room again."""
    ballast = mini.results / ".ballast"
    room = int(rng.integers(60_000))
    disk = os.statvfs(mini.results)
    with open(ballast, "wb", buffering=0) as file, contextlib.suppress(OSError):
        os.posix_fallocate(file.fileno(), 0, max(disk.f_bavail * disk.f_frsize - room, 1))
    yield f"{room / 1e3:.0f} kB left" if run.is_going() else None
    ballast.unlink()


def read_only_folder(mini, run, watcher, rng):
    """A folder of the arm's results can be read only, for a while."""
    folders = [path for path in sorted(mini.results.glob("*/*")) if path.is_dir()]
    folder = folders[rng.integers(len(folders))] if folders else mini.results
    _call("mount", "--bind", folder, folder)
    _call("mount", "-o", "remount,bind,ro", folder)
    yield folder.name if run.is_going() else None
    _call("umount", "--lazy", folder)


def vanished_input(mini, run, watcher, rng):
    """One of the user's files is away, for a while."""
    files = [mini.folder / "input" / "observations.fits"]
    files += sorted((mini.folder / "input" / "images").iterdir())
    path = files[0] if rng.random() < 0.3 else files[rng.integers(1, len(files))]
    away = mini.folder / "away"
    path.rename(away)
    yield path.name if run.is_going() else None
    # As a user would: brought back from a copy, so that it is newer than before.
    shutil.copyfile(away, path)
    away.unlink()


def vanished_output(mini, run, watcher, rng):
    """A file that an earlier job has made is away for good."""
    paths = [mini.results / name for name in mini.digests()]
    path = paths[rng.integers(len(paths))] if paths else None
    if path:
        path.unlink(missing_ok=True)
    yield path.name if path and run.is_going() else None


def _call(*words):
    subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True)


@contextlib.contextmanager
def small_disk(folder):
    """Put a small disk in the place of a folder."""
    _call("mount", "-t", "tmpfs", "-o", f"size={_DISK}", "tmpfs", folder)
    try:
        yield
    finally:
        _call("umount", "--lazy", folder)


#: In the order of rounds: name, fault, and the targets whose runs it can strike.
ALL = ("tng", "xmm", "training")
FAULTS = [
    ("SIGKILL, a job", kill_job, ALL),
    ("SIGKILL, a training", kill_training, ("training",)),
    ("full disk", full_disk, ALL),
    ("SIGKILL, all", kill_all, ALL),
    ("vanished input", vanished_input, ("xmm", "training")),
    ("SIGTERM, Snakemake", stop_snakemake, ALL),
    ("read-only folder", read_only_folder, ALL),
    ("SIGKILL, Snakemake", kill_snakemake, ALL),
    ("vanished output", vanished_output, ALL),
    ("SIGTERM, a job", stop_job, ALL),
    ("SIGINT, all", interrupt, ALL),
]
#: These need a mount of their own.
MOUNTING = {full_disk, read_only_folder}
#: Jobs live through these, and have to say in one sentence what is wrong.
EXPLAINED = {full_disk, read_only_folder, vanished_input, vanished_output}
