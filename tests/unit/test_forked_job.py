"""Jobs in forks of one process: they see what a new interpreter would see, and end as it does."""

import json
import subprocess
import sys

import pytest
from interpreter import FOLDERS

SCRIPTS = FOLDERS[0]
# Imports ahead what the first argument names, then runs the script in a fork.
SERVER = """
import json, os, sys
sys.path.insert(0, {scripts!r})
import forked_job
forked_job.prepare()
import multiprocessing
for name in sys.argv[3].split(","):
    __import__(name)
context = multiprocessing.get_context("fork")
link, other = context.Pipe()
environment = dict(os.environ) | dict.fromkeys(forked_job.THREADS, "2") | {{"GIVEN": "here"}}
def begin():
    link.close()
    forked_job.run(sys.argv[1], "a_rule", sys.argv[2], environment, other)
job = context.Process(target=begin)
job.start()
other.close()
link.send("go")
job.join()
sys.exit(job.exitcode if job.exitcode >= 0 else 100 - job.exitcode)
"""
LOADED = f"""
import json, sys
sys.path.insert(0, {str(SCRIPTS)!r})
import forked_job
import numpy
from astropy.table import Table
def late():
    import h5py
late()
json.dump(sorted({{name.partition(".")[0] for name in forked_job.loaded()}}), open("loaded", "w"))
"""


def run(folder, script, *, ahead="json"):
    """Run a script in a fork; the finished server."""
    path = folder / "script.py"
    path.write_text(script)
    words = ["-c", SERVER.format(scripts=str(SCRIPTS)), str(path), str(folder), ahead]
    return subprocess.run([sys.executable, *words], capture_output=True, text=True)


def test_a_fork_names_the_packages_that_a_new_interpreter_would_have_loaded(tmp_path):
    from skyloom.record.provenance import PACKAGES

    cold, warm = tmp_path / "cold", tmp_path / "warm"
    cold.mkdir()
    warm.mkdir()
    (cold / "script.py").write_text(LOADED)
    subprocess.run([sys.executable, "script.py"], cwd=cold, check=True)
    ahead = "astropy.table,h5py,scipy.stats,matplotlib.figure,numpy,PIL.Image"
    assert run(warm, LOADED, ahead=ahead).returncode == 0
    found = [
        set(json.loads((folder / "loaded").read_text())) & set(PACKAGES.values())
        for folder in (cold, warm)
    ]
    assert {"numpy", "astropy", "h5py"} <= found[0] <= found[1]
    assert not {"matplotlib", "snakemake"} & found[1]


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("pass", 0),
        ("import sys; sys.exit(3)", 3),
        ("import sys; sys.exit('no')", 1),
        ("raise ValueError('no')", 1),
        ("import sys\nsys.excepthook = lambda *_: print('seen')\nraise ValueError", 1),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", 109),
        ("import atexit, os; atexit.register(os._exit, 7)", 7),
    ],
)
def test_a_fork_ends_with_the_status_of_a_new_interpreter(tmp_path, script, code):
    done = run(tmp_path, script)
    assert done.returncode == code, done.stderr
    assert ("seen" in done.stdout) == ("seen" in script)


def test_a_traceback_begins_in_the_script(tmp_path):
    script = "def fail():\n    raise ValueError('no')\nfail()\n"
    said = run(tmp_path, script).stderr
    begun = subprocess.run([sys.executable, tmp_path / "script.py"], capture_output=True, text=True)
    assert said == begun.stderr and "in fail" in said


def test_a_fork_has_the_jobs_folder_variables_threads_and_main_module(tmp_path):
    script = """
import json, os, sys, tempfile, threadpoolctl
import numpy
def here(): return WORD
WORD = "of main"
json.dump({
    "folder": os.getcwd(), "given": os.environ["GIVEN"], "main": sys.modules["__main__"].here(),
    "arguments": sys.argv, "name": open("/proc/self/comm").read().strip(),
    "threads": os.environ["OMP_NUM_THREADS"],
    "linear algebra": {one["num_threads"] for one in threadpoolctl.threadpool_info()} == {1},
}, open("said", "w"))
"""
    assert run(tmp_path, script, ahead="numpy,scipy.linalg").returncode == 0
    said = json.loads((tmp_path / "said").read_text())
    assert said == {
        "folder": str(tmp_path),
        "given": "here",
        "main": "of main",
        "arguments": [str(tmp_path / "script.py")],
        "name": "a_rule",
        "threads": "2",
        "linear algebra": True,
    }


def test_all_that_steps_import_leaves_tensorflow_unstarted(tmp_path):
    # A process that has started TensorFlow's threads must not be forked.
    script = f"""
import os, sys
sys.path[:0] = {list(map(str, FOLDERS))!r}
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
from pathlib import Path
from skyloom.record import code_hash
folders = {tuple(map(str, FOLDERS))!r}
steps = Path(folders[0]).glob("*/*.py")
for name in sorted(set().union(*(code_hash.imports(path, folders) for path in steps))):
    try:
        __import__(name)
    except ImportError:
        pass
from tensorflow.python.eager import context
assert not context.context()._initialized
"""
    path = tmp_path / "script.py"
    path.write_text(script)
    done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
