"""Run the xmm arm through a real Slurm, by both executors, and through what can befall a job.

Called by ``make test-cluster``. Installs Slurm from the distribution's packages, starts a
controller and two nodes on loopback in a temporary folder, and compares every result with a run
without a cluster:

1. executor cluster-generic, one dataset: a job that asks for too little memory, another that is
   cancelled by hand; both must come again, the first with more memory;
2. executor slurm, the whole arm: Snakemake is killed midway, its jobs are cleaned up, the same
   command goes on; again a job with too little memory.

The last thing printed is the table of all jobs.
"""

import contextlib
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml
from slurm import CORES, PREFIX, Slurm, install

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "workflow"))
from miniature import MINIATURE_XMM, Project  # noqa: E402

OVERLAY = {
    **MINIATURE_XMM,
    "xmm": {
        **MINIATURE_XMM["xmm"],
        "synthetic": {"images": 40, "flawed": 8},
        "blocks": 2,
        "trained": ["demo"],
    },
}
# A dataset, and two drawings that make one job.
TARGETS = (
    "xmm_minmax_sqrt_rebin4",
    "results/mini/xmm/figures/examples.png",
    "results/mini/xmm/figures/stretches.png",
)
# Less than Snakemake itself takes at first, enough at the second attempt.
TOO_LITTLE = "150 * attempt ** 2"
# Declared to Snakemake as a secret; must be found in no file of the project.
KEY = "marked-key-5d1f"
# What differs between any two runs: times, and the folders that runs were made in.
PASSING = ("logs", "benchmarks", "provenance")
# Seconds: far more than all takes, for machines that do other work too.
PATIENCE = 1500


class ClusterProject(Project):
    """A copy of the project whose profiles suit two small nodes."""

    def __init__(self, folder, slurm):
        super().__init__(folder, {**OVERLAY, "gpus": 1})
        self.slurm = slurm
        self.environment = {**slurm.environment, "TNG_API_KEY": KEY}
        profiles = folder / "workflow" / "profiles"
        small = {"max-threads": CORES, "latency-wait": 10, "group-components": {"xmm_draw": 2}}
        _change(
            profiles / "cluster" / "config.yaml",
            **small,
            **{"seconds-between-status-checks": 2, "max-status-checks-per-second": 20},
            **{"set-resources": {"xmm_dataset": {"mem_mb": TOO_LITTLE}}},
        )
        _change(
            profiles / "slurm" / "config.yaml",
            **small,
            **{"slurm-init-seconds-before-status-checks": 9},
            **{"set-resources": {"xmm_inventory": {"mem_mb": TOO_LITTLE}}},
        )
        site = profiles / "cluster" / "site.ini"
        site.write_text(site.read_text().replace("patience = 60", "patience = 3"))

    def command(self, profile, *words):
        """Words that run Snakemake with one of the two profiles."""
        program = [sys.executable, "-m", "snakemake", "--configfile", "mini.yaml"]
        secret = ["--envvars", "TNG_API_KEY"]
        return [*program, "--profile", f"workflow/profiles/{profile}", *words, *secret]

    def running(self, profile, *words):
        """Snakemake with one of the two profiles, to be used in a with block."""
        log = self.folder / f"{profile}.log"
        return started(self.command(profile, *words), self.folder, log, self.environment)

    def call(self, *words):
        """Standard output of a command in the project, which must succeed."""
        done = subprocess.run(
            words, cwd=self.folder, env=self.environment, capture_output=True, text=True
        )
        if done.returncode:
            raise AssertionError(f"{' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout


@contextlib.contextmanager
def started(words, folder, log, environment=None):
    """A process in a group of its own, which ends with the block."""
    with log.open("a") as file:
        process = subprocess.Popen(
            words, cwd=folder, env=environment, stdout=file, stderr=file, start_new_session=True
        )
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def finished(process, log):
    """Wait for a run of Snakemake that must succeed."""
    if process.wait(PATIENCE):
        raise AssertionError(f"{' '.join(process.args)} failed:\n{log.read_text()[-4000:]}")


def _change(path, **keys):
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **keys}))


def named(job):
    """What a job makes: rule and wildcards, from the comment or the name it was submitted with."""
    comment = job.get("Comment", "")
    if comment.startswith("rule_"):
        return comment.removeprefix("rule_").replace("_wildcards_", " ")
    return job["JobName"].removeprefix("skyloom.").replace(".", " ")


def table(jobs, executor=None):
    """Rows of the table of jobs, of one executor or all; attempts are counted by what is made."""
    seen = {}
    for job in jobs:
        by = "slurm" if job["JobName"].startswith("skyloom_") else "cluster-generic"
        name = named(job)
        seen[by, name] = seen.get((by, name), 0) + 1
        if by == (executor or by):
            memory, attempt = job.get("MinMemoryNode", "?"), str(seen[by, name])
            gpus = job.get("TresPerJob", "gpu:0").rpartition(":")[2]
            cells = (job["JobId"], name, job["JobState"], memory, job["NumCPUs"], gpus, attempt)
            yield (by, *cells, job["RunTime"], job["NodeList"])


def printed(rows):
    """Print rows of strings in columns."""
    heading = "executor job makes state memory CPUs GPUs attempt elapsed node".split()
    widths = [max(map(len, column)) for column in zip(heading, *rows, strict=True)]
    for row in (heading, *rows):
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )


def contents(folder):
    """SHA-256 of every lasting file of an arm's results, by its path."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not set(PASSING) & set(path.relative_to(folder).parts)
        and not path.name.endswith(".provenance.json")
    }


def same(ours, reference, *, whole):
    """The number of files that two runs share, all of which must be equal."""
    ours, reference = contents(ours), contents(reference)
    differing = sorted(name for name in ours if ours[name] != reference.get(name))
    missing = sorted(set(reference) - set(ours)) if whole else []
    if differing or missing or not ours:
        raise AssertionError(f"the run on Slurm differs: {differing}; lacks: {missing}")
    return len(ours)


def wait_for(slurm, wanted, process):
    """The first running job whose name or comment holds `wanted`."""
    for _ in range(10 * PATIENCE):
        for job in slurm.jobs():
            if wanted in named(job) and job["JobState"] == "RUNNING":
                return job["JobId"]
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise AssertionError(f"no job that makes {wanted} was seen running")


def through_generic(project):
    """A dataset by cluster-generic; one job is cancelled by hand, one needs more memory."""
    slurm = project.slurm
    with project.running("cluster", *TARGETS) as process:
        slurm.run("scancel", wait_for(slurm, "xmm_rates", process))
        finished(process, project.folder / "cluster.log")
    rows = list(table(slurm.jobs(), "cluster-generic"))
    assert sum(row[3] == "CANCELLED" and "xmm_rates" in row[2] for row in rows) == 1, rows
    assert_retried(rows, "xmm_dataset")
    assert [row[2] for row in rows if "draw" in row[2]] == ["xmm_draw"], rows
    assert_no_key(project.folder)


def through_slurm(project):
    """The whole arm by the slurm executor, which is killed once."""
    slurm = project.slurm
    with project.running("slurm") as process:
        wait_for(slurm, "xmm_inspect", process)
        os.kill(process.pid, signal.SIGKILL)
    said = project.call(sys.executable, "workflow/profiles/cluster/scheduler.py", "clean")
    print(said.strip())
    assert not slurm.run("squeue", "-h"), "jobs are left after the clean-up"
    project.call(*project.command("slurm", "--unlock"))
    with project.running("slurm") as process:
        finished(process, project.folder / "slurm.log")
    rows = list(table(slurm.jobs(), "slurm"))
    assert any(row[3] == "CANCELLED" for row in rows), rows
    assert_retried(rows, "xmm_inventory")
    asked = {row[2].split()[0] for row in rows if row[6] == "1"}
    assert asked == {"xmm_train"}, f"jobs that asked for a GPU: {asked}"
    assert_no_key(project.folder)


def assert_no_key(folder):
    """No file holds the key that the jobs' environment held."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    holders = [str(path) for path in files if KEY.encode() in path.read_bytes()]
    assert not holders, f"the key stands in {holders}"


def assert_retried(rows, name):
    """A job that failed once came again with more memory, and was done."""
    states = [(row[3], row[4]) for row in rows if row[2].split()[0] == name]
    assert len(states) == 2, rows
    assert states[0][0] != "COMPLETED" and states[0][1] == "150M", rows
    assert states[1] == ("COMPLETED", "600M"), rows


def main():
    """Run all; the exit status is 0 where all went well or nothing could be tried."""
    why = install()
    if why:
        print(f"skyloom: the cluster test is skipped: {why}.")
        return
    began = time.monotonic()
    # A terminated test takes its daemons along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix=PREFIX) as name:
        folder = Path(name)
        folder.chmod(0o711)
        with Slurm(folder / "slurm") as slurm:
            try:
                reference = Project(folder / "reference", OVERLAY)
                words = [sys.executable, "-m", "snakemake", "--configfile", "mini.yaml"]
                log = reference.folder / "local.log"
                with started([*words, "--cores", "2"], reference.folder, log) as local:
                    generic = ClusterProject(folder / "generic", slurm)
                    through_generic(generic)
                    finished(local, log)
                shared = same(generic.results, reference.results, whole=False)
                print(f"skyloom: cluster-generic: {shared} files equal those of a local run.")
                executor = ClusterProject(folder / "executor", slurm)
                through_slurm(executor)
                shared = same(executor.results, reference.results, whole=True)
                print(f"skyloom: slurm: {shared} files equal those of a local run.")
            finally:
                printed(list(table(slurm.jobs())))
    print(f"skyloom: the cluster test took {time.monotonic() - began:.0f} s.")


if __name__ == "__main__":
    main()
