#!/usr/bin/env python3
"""What the profile `cluster` asks of a scheduler: submit a job, tell its state, cancel it.

Snakemake's executor cluster-generic calls ``submit JOBSCRIPT``, ``status ID`` and
``cancel ID ...``; a person calls ``clean`` after a Snakemake that was killed. The scheduler and its
settings stand in ``site.ini`` beside this file. Only Python's standard library is used, so that any
``python3`` of a login node will do.

A job leaves its exit code in a file, because most schedulers soon forget jobs that have ended. A
job that is gone and has left none was killed.
"""

import configparser
import getpass
import json
import os
import re
import shlex
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

SITE = Path(__file__).resolve().parent / "site.ini"
# Jobs run in the folder that Snakemake was started in; so do these commands.
KEPT = Path(".snakemake/cluster")
PREFIX = "skyloom"


class Job(NamedTuple):
    """What a job asks for; memory in megabytes, time in minutes."""

    name: str
    threads: int
    memory: int
    minutes: int
    gpus: int
    log: Path


class Scheduler(NamedTuple):
    """One kind of scheduler: its commands, and how to read their answers.

    `ended` and `unknown` are patterns in the answer to `query`: the job is no more, or is not known
    any more. Any other answer, such as that of a scheduler that is down, leaves a job running.
    """

    submit: Callable
    query: str
    ended: str
    unknown: str
    cancel: str


def _pairs(*pairs):
    """Options whose value is set, as a list of words."""
    return [word for option, value in pairs if value for word in (option, str(value))]


def _clock(minutes):
    return f"{minutes // 60:02d}:{minutes % 60:02d}:00"


def _slurm(job, site):
    words = ["sbatch", "--parsable", "--export=ALL", f"--job-name={job.name}", "--ntasks=1"]
    words += [f"--cpus-per-task={job.threads}", f"--mem={job.memory}M", f"--time={job.minutes}"]
    words += [f"--output={job.log}", *_pairs(("-p", site["queue"]), ("-A", site["account"]))]
    return words + ([f"--gpus={job.gpus}"] if job.gpus else [])


def _pbs(job, site):
    chunk = f"select=1:ncpus={job.threads}:mem={job.memory}mb"
    chunk += f":ngpus={job.gpus}" if job.gpus else ""
    return [*_qsub(job, site), "-l", chunk, "-l", f"walltime={_clock(job.minutes)}"]


def _torque(job, site):
    nodes = f"nodes=1:ppn={job.threads}" + (f":gpus={job.gpus}" if job.gpus else "")
    return [*_qsub(job, site), "-l", f"{nodes},mem={job.memory}mb,walltime={_clock(job.minutes)}"]


def _qsub(job, site):
    # Names of more than 15 characters are refused by old versions.
    words = ["qsub", "-V", "-N", job.name[:15], "-j", "oe", "-o", str(job.log)]
    return words + _pairs(("-q", site["queue"]), ("-A", site["account"]))


def _lsf(job, site):
    words = ["bsub", "-J", job.name, "-n", str(job.threads), "-W", str(job.minutes)]
    words += ["-R", f"span[hosts=1] rusage[mem={job.memory}MB]", "-M", f"{job.memory}MB"]
    words += ["-oo", str(job.log), *_pairs(("-q", site["queue"]), ("-P", site["account"]))]
    return words + (["-gpu", f"num={job.gpus}"] if job.gpus else [])


def _sge(job, site):
    words = ["qsub", "-terse", "-V", "-S", "/bin/sh", "-N", job.name, "-j", "y"]
    words += ["-o", str(job.log), *_pairs(("-q", site["queue"]), ("-P", site["account"]))]
    if job.threads > 1:
        words += ["-pe", site["parallel_environment"], str(job.threads)]
    # Grid Engine's limit of memory is one of each slot.
    asked = [f"h_rt={60 * job.minutes}", f"{site['memory']}={-(-job.memory // job.threads)}M"]
    return [*words, "-l", ",".join(asked + ([f"gpu={job.gpus}"] if job.gpus else []))]


SLURM_ENDED = (
    "BOOT_FAIL|CANCELLED|COMPLETED|DEADLINE|FAILED|NODE_FAIL|OUT_OF_MEMORY|PREEMPTED|REVOKED|"
    "TIMEOUT"
)
PBS_QUERY = ("qstat -f {id}", r"job_state = [CFX]\b", r"Unknown Job|has finished", "qdel")
SCHEDULERS = {
    "slurm": Scheduler(
        _slurm, "squeue --noheader --states=all --format=%T --jobs={id}",
        rf"^({SLURM_ENDED})|^$", r"Invalid job id", "scancel",
    ),
    "pbs": Scheduler(_pbs, *PBS_QUERY),
    "torque": Scheduler(_torque, *PBS_QUERY),
    "lsf": Scheduler(
        _lsf, "bjobs -noheader -o stat {id}", r"^(DONE|EXIT|ZOMBI)", r"is not found", "bkill"
    ),
    # A job that could not be started stays in the queue, in an error state.
    "sge": Scheduler(_sge, "qstat -j {id}", r"^error reason", r"do(es)? not exist", "qdel"),
}  # fmt: skip


def settings(path=SITE):
    """The section [site] of `path` as a dict of strings; what it leaves out is empty."""
    empty = dict.fromkeys(("scheduler", "queue", "gpu_queue", "account", "options"), "")
    usual = {"parallel_environment": "smp", "memory": "h_vmem", "patience": "60"}
    reader = configparser.ConfigParser(interpolation=None)
    reader.read_dict({"site": {**empty, **usual}})
    reader.read(path, encoding="utf-8")
    site = dict(reader["site"])
    if site["scheduler"] not in SCHEDULERS:
        sys.exit(
            f"skyloom: {path}: scheduler is {site['scheduler']!r}; "
            f"set it to one of {', '.join(SCHEDULERS)}."
        )
    return site


def described(script, folder):
    """The Job that Snakemake's jobscript describes in its line of properties."""
    line = re.search(r"^# properties = (.*)$", script, re.MULTILINE)
    properties = json.loads(line.group(1))
    wildcards = properties.get("wildcards") or {}
    words = [PREFIX, properties.get("rule") or properties.get("groupid", "job")]
    words += [str(value) for value in wildcards.values()]
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", ".".join(words))[:100]
    asked = properties["resources"]
    return Job(
        name=name,
        threads=int(properties.get("threads") or asked.get("_cores", 1)),
        memory=int(asked["mem_mb"]),
        minutes=int(asked["runtime"]),
        gpus=int(asked.get("gpu", 0)),
        log=folder / "logs" / f"{name}.{time.strftime('%Y%m%d-%H%M%S')}.log",
    )


# export NAME='value' ..., as Snakemake declares the workflow's secrets.
_DECLARED = re.compile(
    r"export (?:[A-Za-z_]\w*=(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\") ?)+ ?&& "
)


def without_keys(script):
    """A jobscript that holds no secrets: jobs inherit them with the environment."""
    return _DECLARED.sub("", script)


def wrapped(script, code):
    """The jobscript as it is submitted: it writes its exit code into the file `code`."""
    code = shlex.quote(str(code))
    return (
        f"#!/bin/sh\n(\n{script}\n)\nresult=$?\n"
        f"echo $result > {code}.part && mv {code}.part {code}\nexit $result\n"
    )


def submit(site, jobscript):
    """Submit Snakemake's jobscript; print the scheduler's name for the job."""
    folder = KEPT.resolve()
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    script = without_keys(Path(jobscript).read_text(encoding="utf-8"))
    # Snakemake's own copy would outlive a Snakemake that is killed.
    Path(jobscript).write_text(script, encoding="utf-8")
    job = described(script, folder)
    token = uuid.uuid4().hex
    path = folder / f"{token}.sh"
    path.touch(mode=0o700)
    path.write_text(wrapped(script, folder / f"{token}.exit"), encoding="utf-8")
    if job.gpus and site["gpu_queue"]:
        site = {**site, "queue": site["gpu_queue"]}
    words = SCHEDULERS[site["scheduler"]].submit(job, site)
    words += [*shlex.split(site["options"]), str(path)]
    done = _call(words)
    # sbatch: 12 or 12;cluster. qsub: 12.server. bsub: Job <12> is submitted ...
    found = re.search(r"^(?:Job <)?(\d+[\w.\[\]-]*)", done.stdout, re.MULTILINE)
    if done.returncode or not found:
        path.unlink()
        sys.exit(f"skyloom: {words[0]} refused the job: {(done.stderr or done.stdout).strip()}")
    (folder / f"{found.group(1)}.job").write_text(token)
    print(found.group(1))


def status(site, name):
    """Print running, success or failed."""
    record = KEPT / f"{name}.job"
    token = record.read_text() if record.exists() else "absent"
    code, gone = KEPT / f"{token}.exit", KEPT / f"{token}.gone"
    answer = "running"
    if code.exists():
        answer = "success" if code.read_text().strip() == "0" else "failed"
    elif _alive(site, name):
        gone.unlink(missing_ok=True)
    elif not gone.exists():
        gone.touch()
    # The file of the exit code may reach this machine later than the scheduler's word.
    elif time.time() - gone.stat().st_mtime > float(site["patience"]):
        answer = "failed"
    if answer != "running":
        for path in (record, *KEPT.glob(f"{token}.*")):
            path.unlink(missing_ok=True)
    print(answer)


def cancel(site, *names):
    """Cancel the jobs."""
    _call([SCHEDULERS[site["scheduler"]].cancel, *names])


def clean(site):
    """Cancel what a killed Snakemake has left in the queue."""
    if pid := _running():
        sys.exit(
            f"skyloom: Snakemake still runs in this folder (process {pid}): "
            "stop it with Ctrl-C; it cancels its jobs by itself."
        )
    names = [path.stem for path in KEPT.glob("*.job") if _alive(site, path.stem)]
    if site["scheduler"] == "slurm":
        names = sorted({*names, *_slurm_leftovers()})
    if names:
        cancel(site, *names)
    for _ in range(60):
        left = [name for name in names if _alive(site, name)]
        if not left:
            break
        time.sleep(1)
    if left:
        sys.exit(f"skyloom: the scheduler still has {', '.join(left)}: run this again later.")
    for path in KEPT.glob("*.*"):
        path.unlink()
    print(
        f"skyloom: {len(names)} jobs cancelled. Now run snakemake --unlock, with your --configfile "
        "if you have one, and then the same command again."
    )


def _slurm_leftovers():
    """Jobs of this folder that either executor has submitted."""
    words = ["squeue", "--noheader", "--format=%i|%j|%Z", f"--user={getpass.getuser()}"]
    rows = [line.split("|", 2) for line in _call(words).stdout.splitlines()]
    here = os.getcwd()
    return [
        row[0] for row in rows if row[1].startswith(PREFIX) and os.path.realpath(row[2]) == here
    ]


def _alive(site, name):
    kind = SCHEDULERS[site["scheduler"]]
    done = _call(shlex.split(kind.query.format(id=shlex.quote(name))))
    if done.returncode == 0:
        return not re.search(kind.ended, done.stdout.strip(), re.MULTILINE)
    return not re.search(kind.unknown, done.stderr + done.stdout)


def _running():
    """Process number of a Snakemake that works in this folder on this machine, or None."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            # The Snakemake inside a job is told which job it is for.
            named = any(word.endswith(b"snakemake") for word in words[:3])
            if named and b"--target-jobs" not in words:
                if os.readlink(process / "cwd") == os.getcwd():
                    return process.name
        except OSError:
            continue
    return None


def _call(words):
    try:
        return subprocess.run(words, capture_output=True, text=True)
    except FileNotFoundError:
        sys.exit(f"skyloom: there is no command {words[0]} here: set scheduler in {SITE}.")


def main(words):
    """Carry out one of the four commands."""
    commands = {"submit": submit, "status": status, "cancel": cancel, "clean": clean}
    if not words or words[0] not in commands:
        sys.exit("usage: scheduler.py submit JOBSCRIPT | status ID | cancel ID ... | clean")
    commands[words[0]](settings(), *words[1:])


if __name__ == "__main__":
    main(sys.argv[1:])
