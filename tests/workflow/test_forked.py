"""Jobs that are forks of a server: what becomes of them where server, run or machine fail."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.workflow

FOLDERS = [str(Path(name).resolve()) for name in ("scripts", "src")]
SNAKEFILE = f"""
import sys
from pathlib import Path

sys.path[:0] = {FOLDERS!r}
import forked

forked.watch(workflow, [Path("scripts")])

rule nap:
    output: "{{word}}.txt"
    params: seconds=lambda wildcards: float(wildcards.word.split("_")[1])
    script: "scripts/arm/nap.py"
"""
NAP = """
import os, sys, time
import slow
print("begun", os.getpid(), os.getppid(), file=sys.stderr, flush=True)
time.sleep(snakemake.params.seconds)
with open(snakemake.output[0], "w") as file:
    file.write(__name__)
"""
# As an analysis script that nobody meant to be imported.
PROGRAM = """
from pathlib import Path
from snakemake.api import SnakemakeApi
from snakemake.settings.types import DAGSettings, OutputSettings, ResourceSettings

print("The program runs.", flush=True)
with SnakemakeApi(OutputSettings()) as api:
    given = {"resource_settings": ResourceSettings(cores=1), "snakefile": Path("Snakefile")}
    api.workflow(**given).list_rules()
    dag = api.workflow(**given).dag(DAGSettings(targets={"a_0.txt"}))
    dag.execute_workflow()
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A workflow of naps, and a temporary folder of its own."""
    scripts = tmp_path / "scripts"
    (scripts / "arm").mkdir(parents=True)
    # The path of a socket has at most 108 characters.
    short = tempfile.mkdtemp(prefix="f")
    (tmp_path / "tmp").symlink_to(short)
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    (scripts / "arm" / "nap.py").write_text(NAP)
    (scripts / "slow.py").write_text("")
    monkeypatch.setenv("TMPDIR", short)
    monkeypatch.setenv("PYTHONPATH", ":".join([*FOLDERS, str(scripts)]))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@contextlib.contextmanager
def running(*words, until):
    """A run of Snakemake that has said a word so many times; killed at the end, with all its jobs.

    Gives the process and a function that reads what was said.
    """
    command = [sys.executable, "-m", "snakemake", "--cores", "2", *words]
    with open("said", "w") as file:
        process = subprocess.Popen(
            command,
            stdout=file,
            stderr=file,
            start_new_session=True,
            # Whoever is started in a shell's background ignores it, and so do all its children.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
    try:
        wait_for(lambda: Path("said").read_text().count(until[0]) >= until[1])
        yield process, Path("said").read_text
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for(happened):
    end = time.monotonic() + 120
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.05)


def processes(said):
    """Process ids of the jobs that have begun, and of the server."""
    lines = [line.split() for line in said.splitlines() if line.startswith("begun")]
    servers = {int(words[2]) for words in lines}
    assert len(servers) == 1
    return [int(words[1]) for words in lines], servers.pop()


def runs(process):
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_a_job_whose_server_was_killed_ends_and_the_next_has_a_new_one(folder):
    # The third job is to come last.
    first = ("--prioritize", "a_60.txt", "b_60.txt")
    words = ("a_60.txt", "b_60.txt", "c_0.txt", "--keep-going", *first)
    with running(*words, until=("begun", 2)) as (process, said):
        jobs, server = processes(said())
        os.kill(server, signal.SIGKILL)
        assert process.wait(60) == 1
        assert not any(map(runs, jobs))
        assert said().count("Error in rule nap") == 2 and "exit 143" in said()
    assert sorted(folder.glob("*_*.txt")) == [folder / "c_0.txt"]


def test_nothing_is_left_of_a_run_that_was_killed(folder):
    with running("a_2.txt", until=("begun", 1)) as (process, said):
        jobs, server = processes(said())
        os.kill(process.pid, signal.SIGKILL)
        wait_for(lambda: not any(map(runs, [*jobs, server])))
        # As a shell's command does, the job came to its end.
        assert (folder / "a_2.txt").exists()
        # Snakemake leaves a folder of its own.
        left = {path.name for path in (folder / "tmp").iterdir()}
        assert all(name.startswith("snakemake") for name in left)


def test_a_job_does_not_begin_after_its_run_was_interrupted(folder):
    slow = 'print("imports", flush=True); import time; time.sleep(3); print("imported", flush=True)'
    (folder / "scripts" / "slow.py").write_text(slow)
    with running("a_60.txt", until=("imports", 1)) as (process, said):
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(30) == 1
        assert "begun" not in said() and "imported" in said() and "KeyboardInterrupt" not in said()
    assert not (folder / "a_60.txt").exists()


@pytest.mark.parametrize(
    ("script", "place"),
    [
        # The path of a socket has at most 108 characters.
        ("", "t" * 100),
        ("import os, forked_job\nif forked_job._state['handlers']: os._exit(1)", "tmp"),
    ],
    ids=["no socket", "imports that end the server"],
)
def test_where_no_server_can_begin_each_job_is_a_new_interpreter(
    folder, monkeypatch, script, place
):
    (folder / place).mkdir(exist_ok=True)
    (folder / "scripts" / "slow.py").write_text(script)
    monkeypatch.setenv("TMPDIR", str(folder / place))
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "a_0.txt", "b_0.txt"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("skyloom: each job begins as a new interpreter") == 1
    assert (folder / "a_0.txt").exists() and (folder / "b_0.txt").exists()


def test_a_program_that_runs_snakemake_is_not_run_again_by_its_jobs(folder):
    (folder / "program.py").write_text(PROGRAM)
    done = subprocess.run([sys.executable, "program.py"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("The program runs.") == 1
    # A fork of the server, and its main module is the script.
    assert "new interpreter" not in done.stderr
    assert (folder / "a_0.txt").read_text() == "__main__"
