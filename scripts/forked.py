"""Jobs on this machine begin as forks of one process that has imported what they need.

To import TensorFlow, matplotlib or astropy takes longer than most jobs of a small run do, and a run
of 240 jobs would pay for that 240 times. Python's own fork server (`multiprocessing.forkserver`)
imports once all that the planned steps import; each job is a process of its own as ever, with its
own log, benchmark, memory and end.

Like `step` and `messages`, and unlike the library, this module knows Snakemake. Where jobs run
elsewhere (a cluster, a container, a conda environment), or on a system that does not fork safely,
nothing here happens, nor where ``SKYLOOM_FORKED=0`` is set. Where the server cannot begin, each job
is a new interpreter.
"""

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from multiprocessing import connection
from pathlib import Path

import snakemake.script
from snakemake.benchmark import benchmarked
from snakemake.logging import logger
from snakemake.script import PythonScript

import forked_job
from skyloom.record import code_hash

_CONTEXT = multiprocessing.get_context("forkserver")
# To start a process polls all others, and a process may be polled by one thread at a time.
_lock = threading.Lock()
_run = {"workflow": None, "folders": None, "over": False}
_UNMEASURED = contextlib.nullcontext()
# Seconds that a job has to leave when it is told to stop.
_GRACE = 10


def watch(workflow, folders):
    """Let the steps that this process runs itself be forks, where that is possible.

    Parameters
    ----------
    workflow : snakemake.workflow.Workflow
    folders : sequence of Path
        Of the steps and the library; those of one project in a process.
    """
    possible = sys.platform == "linux" and os.environ.get("SKYLOOM_FORKED", "1") != "0"
    folders = tuple(folder.resolve() for folder in folders)
    if possible and workflow.is_main_process and _run["folders"] in (None, folders):
        # Of several workflows of one program, the last is the one that runs.
        _run.update(workflow=workflow, folders=folders)
        snakemake.script.PythonScript = ForkedScript


class ForkedScript(PythonScript):
    """A Python script that Snakemake runs in a fork instead of a new interpreter."""

    def execute_script(self, fname, edit=False):
        """Run the script; as Snakemake does where it is not ours, or has an environment of its own.

        Raises
        ------
        subprocess.CalledProcessError
            If it ends badly.
        """
        apart = edit or self.conda_env or self.container_img or self.env_modules
        begun = None if apart or not self._is_step() else self._begin(fname)
        if begun is None:
            return super().execute_script(fname, edit)
        job, link = begun
        # A process that has ended can no longer be measured.
        with benchmarked(job.pid, self.bench_record) if self.bench_record else _UNMEASURED:
            with contextlib.suppress(OSError):  # it may have been killed
                link.send("go")
            connection.wait([job.sentinel])
        with _lock:
            job.join()
        if code := _status(job, link):
            # From its own shell, Snakemake tells of a failed command without a traceback.
            self._execute_cmd("exit {code}  # {fname:q}", code=code, fname=fname)

    def _begin(self, fname):
        """A process that waits for a word to run the script, and the link to it; None if none can.

        The other end of the link is open as long as the process lives.
        """
        link, other = _CONTEXT.Pipe()
        job = _CONTEXT.Process(
            target=forked_job.run,
            args=(os.path.abspath(fname), self.rulename, os.getcwd(), self._environment(), other),
        )
        with _lock:
            if _run["workflow"]:
                names = _imports(_run["workflow"], _run["folders"])
                _CONTEXT.set_forkserver_preload(["forked_server", "snakemake.cli", *names])
                _run["workflow"] = None
            try:
                if not _run["over"]:
                    job.start()
                    return job, link
            # The path of its socket is too long, the folder full, its imports too large, and so on.
            except (OSError, EOFError) as error:
                _run["over"] = True
                logger.warning(f"skyloom: each job begins as a new interpreter, slower ({error}).")
            finally:
                other.close()
        link.close()
        return None

    def _is_step(self):
        path = Path(self.local_path).resolve() if self.is_local else None
        return path is not None and any(map(path.is_relative_to, _run["folders"]))

    def _environment(self):
        """What Snakemake sets for the command of a job."""
        given = dict(os.environ) | dict.fromkeys(forked_job.THREADS, str(self.threads))
        if folder := self.resources.get("tmpdir"):
            given |= dict.fromkeys(("TMPDIR", "TMP", "TEMPDIR", "TEMP"), folder)
        return given


def _status(job, link):
    """How a job ended, as a shell tells it; one that has lost its server is ended."""
    with link:
        # 255 may be the job's own word; the link to a job that lives is silent.
        if job.exitcode == 255 and not link.poll():
            for number in (signal.SIGTERM, signal.SIGKILL):
                os.kill(job.pid, number)
                if link.poll(_GRACE):
                    break
            return 128 + number
    return job.exitcode if job.exitcode >= 0 else 128 - job.exitcode


def _imports(workflow, folders):
    """What the steps of all planned jobs import."""
    needrun = workflow.dag.needrun
    found = set()
    for rule in {job.rule for job in workflow.dag.jobs if job.rule.script and needrun(job)}:
        path = Path(rule.basedir.join(rule.script).get_path_or_uri(secret_free=True)).resolve()
        if any(map(path.is_relative_to, folders)):
            function = rule.params.get("function") or rule.params.get("module")
            found |= code_hash.imports(path, folders, function)
    return sorted(found)
