"""What a run says last: what it made and where, or the remedy; after Snakemake's own lines."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest
from miniature import MINIATURE, shell


def last(text, count=1):
    """The last lines that are not empty."""
    return [line for line in text.splitlines() if line.strip()][-count:]


def test_a_run_ends_with_what_it_made_and_where(finished):
    lines = finished.log.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("skyloom: done: "))
    assert re.fullmatch(r"skyloom: done: \d+ jobs in .*\d+ s\. Made:", lines[start])
    end = "\n".join(lines[start:])
    assert re.search(r"results/mini/tng +10 datasets, \d+ networks, \d+ tables, \d+ figures", end)
    assert "Complete log" not in end and "Elapsed time" not in end


def test_nothing_is_said_where_nothing_was_to_do(finished):
    done = finished.snakemake("--cores", "2", "tng_mass")
    assert "skyloom: done" not in done.stdout


def test_errors_end_with_their_remedy(run_once):
    """Of a misspelt target, a wrong configuration, and a damaged file that a job meets."""
    # A copy of its own, which is damaged below.
    finished = run_once(MINIATURE)
    said = finished.snakemake("--cores", "2", "tng_masss", check=False).stdout
    assert last(said) == [
        "skyloom: There is no target tng_masss, perhaps tng_mass: "
        "snakemake --list-target-rules shows them all."
    ]
    config = "{source: local, base_path: /nowhere}"
    said = finished.snakemake("-n", "tng_mass", check=False, config=config).stdout
    assert last(said)[0].startswith("skyloom: Configuration: tng.base_path is '/nowhere'")
    assert last(said)[0].endswith("or take the snapshot out of tng.snapshots.")

    (finished.results / "selection" / "snap_099.ecsv").write_text("broken\n")
    words = ("--cores", "2", "tng_mass", "--rerun-triggers", "mtime")
    failed = finished.snakemake(*words, check=False)
    assert failed.returncode != 0
    log, remedy = last(failed.stdout, 2)
    assert re.fullmatch(r"skyloom: tng_\w+ failed; its log is results/mini/tng/logs/\S+\.log", log)
    assert remedy.startswith("skyloom: results/mini/tng/selection/snap_099.ecsv is not a readable")
    assert remedy.endswith("remove it and make it again.")


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        (
            "snakemake --cores 8 --configfile config/papers.yaml tng_composite",
            "snakemake tng_composite --cores 8 --configfile config/papers.yaml",
        ),
        # Without the project's profile the Snakefile says it.
        (
            "snakemake -n --workflow-profile none --configfile m.yaml --configfile m.json",
            "snakemake -n --workflow-profile none --configfile m.yaml m.json",
        ),
    ],
)
def test_a_slip_of_the_command_line_ends_with_the_command_that_was_meant(line, meant, project_copy):
    code, said = shell(line, project_copy)
    assert code != 0 and "Traceback" not in said
    assert last(said)[0].startswith("skyloom: ") and last(said)[0].endswith(f"Write: {meant}")
    assert not (project_copy / "results").exists()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        # The environment's programs and a shell, as on a machine without Slurm.
        (
            "PATH=$(echo $PATH | cut -d: -f1,2):tools snakemake tng_mass --profile "
            "workflow/profiles/slurm",
            "This machine has no sbatch and no squeue and no scancel, which the profile needs",
        ),
        ("HOME=/dev/null XDG_CACHE_HOME= snakemake --cores 1 tng_mass", "/dev/null/.cache cannot"),
    ],
)
def test_what_the_machine_lacks_is_said_before_snakemake_ends_in_a_traceback(
    line, words, project_copy
):
    (project_copy / "tools").mkdir(exist_ok=True)
    for name in ("bash", "env", "sh"):
        if not (project_copy / "tools" / name).exists():
            (project_copy / "tools" / name).symlink_to(shutil.which(name))
    code, said = shell(line, project_copy)
    assert code != 0 and "Traceback" not in said
    assert last(said)[0].startswith("skyloom: ") and words in last(said)[0]
    assert not (project_copy / "results").exists()


@pytest.fixture(scope="module")
def project_copy(make_project):
    folder = make_project().folder
    for name in ("m.yaml", "m.json"):
        (folder / name).write_text("{}")
    return folder


def test_a_run_that_is_interrupted_says_how_to_go_on(make_project):
    project = make_project()
    command = [sys.executable, "-m", "snakemake", "--configfile", "mini.yaml", "--cores", "2"]
    log = project.folder / "log.txt"
    with log.open("w") as file:
        process = subprocess.Popen(
            [*command, "tng_mass"],
            cwd=project.folder,
            stdout=file,
            stderr=file,
            # Whoever is started in a shell's background ignores it, and so do all its children.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        until = time.monotonic() + 120
        while "tng_simulate_09" not in log.read_text() and time.monotonic() < until:
            time.sleep(0.1)
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(120) != 0
    assert last(log.read_text()) == ["skyloom: Stopped; run the same command again to go on."]


def test_an_interrupt_while_a_rule_is_looked_at_is_no_fault_of_the_rule(make_project):
    project = make_project()
    project.folder.joinpath("Stopped.smk").write_text(
        """
import signal

# As at a terminal: what a shell starts in the background ignores interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)

include: "workflow/Snakefile"

def stopped(wildcards):
    signal.raise_signal(signal.SIGINT)

rule never:
    output: "never.txt"
    params: stopped
    shell: "touch {output}"
"""
    )
    done = project.snakemake("--snakefile", "Stopped.smk", "--cores", "1", "never", check=False)
    assert done.returncode != 0
    assert last(done.stdout) == ["skyloom: Stopped; run the same command again to go on."]


def test_snakemake_looks_for_jobs_when_one_has_ended_and_not_every_second(make_project):
    """Unless told, it looks once more a second for every job that has ended: CPU minutes a run."""
    few = {"images": {"train": 60, "validation": 20, "test": 20}}
    names = ["clean", "noise_05", "wide", "sersic"]
    small = {"arms": ["semantic"], "semantic": {"datasets": dict.fromkeys(names, few)}}
    targets = [f"semantic_{name}" for name in names]
    done = make_project(small).snakemake("--cores", "1", "--verbose", *targets)
    jobs = done.stdout.count("Finished jobid")
    assert jobs == 8
    # Once at the start, and for each job when it ends.
    assert done.stdout.count("Resources before job selection") <= jobs + 1
