"""Jobs on this machine begin as forks of one process that has imported what they need.

To import TensorFlow, matplotlib or astropy takes longer than most jobs of a small run do, and a run
of 240 jobs would pay for that 240 times. Python's own fork server (`multiprocessing.forkserver`)
imports once the outside modules that the planned steps name; each job is a process of its own as
ever, with its own log, benchmark, memory and end. Modules of this project are not imported ahead.

Like `step` and `messages`, and unlike the library, this module knows Snakemake. Where jobs run
elsewhere (a cluster, a container, a conda environment), or on a system that does not fork safely,
nothing here happens, nor where ``SKYLOOM_FORKED=0`` is set.
"""

import multiprocessing
import os
import subprocess
import sys
import threading
from multiprocessing import connection

import snakemake.script
from snakemake.benchmark import benchmarked
from snakemake.script import PythonScript

import forked_job
from skyloom import code

_CONTEXT = multiprocessing.get_context("forkserver")
# To start a process polls all others, and a process may be polled by one thread at a time.
_lock = threading.Lock()
_run = {"workflow": None, "scripts": None}


def watch(workflow, scripts):
    """Let the jobs that this process runs itself be forks, where that is possible.

    Parameters
    ----------
    workflow : snakemake.workflow.Workflow
    scripts : Path
        The folder of the steps.
    """
    if workflow.is_main_process and sys.platform == "linux":
        if os.environ.get("SKYLOOM_FORKED", "1") != "0":
            _run.update(workflow=workflow, scripts=scripts)
            snakemake.script.PythonScript = ForkedScript


class ForkedScript(PythonScript):
    """A Python script that Snakemake runs in a fork instead of a new interpreter."""

    def execute_script(self, fname, edit=False):
        """Run the script; as Snakemake does where it runs in an environment of its own.

        Raises
        ------
        subprocess.CalledProcessError
            If it ends badly.
        """
        if edit or self.conda_env or self.container_img or self.env_modules:
            return super().execute_script(fname, edit)
        job = _CONTEXT.Process(
            target=forked_job.run,
            args=(os.path.abspath(fname), self.rulename, os.getcwd(), self._environment()),
        )
        with _lock:
            if _run["workflow"]:
                _CONTEXT.set_forkserver_preload(["forked_server", *_outside(**_run)])
                _run["workflow"] = None
            job.start()
        if self.bench_record is None:
            connection.wait([job.sentinel])
        else:
            with benchmarked(job.pid, self.bench_record):
                connection.wait([job.sentinel])
        with _lock:
            job.join()
        if job.exitcode:
            raise subprocess.CalledProcessError(job.exitcode, f"{sys.executable} {fname}")

    def _environment(self):
        """What Snakemake sets for the command of a job."""
        given = dict(os.environ)
        given |= dict.fromkeys(forked_job.THREADS, str(self.threads))
        folder = self.resources.get("tmpdir")
        return given | (dict.fromkeys(("TMPDIR", "TMP", "TEMPDIR", "TEMP"), folder) if folder else {})


def _outside(workflow, scripts):
    """Modules of others that the steps of all planned jobs name."""
    planned = {job.rule for job in workflow.dag.jobs if workflow.dag.needrun(job)}
    steps = {path for rule in planned if (path := _step(rule, scripts))}
    return sorted(set().union(*(code.outside(step, scripts) for step in steps)))


def _step(rule, scripts):
    if not isinstance(rule.script, str):
        return None
    path = scripts.joinpath(*rule.script.split("/")[-2:])
    return path if path.is_file() else None
