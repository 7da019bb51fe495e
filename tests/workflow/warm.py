"""Snakemake in a fork of a process that has imported it: the same program, begun at once.

To import Snakemake and what a Snakefile needs takes as long as to plan a small run, and the tests
begin it some two hundred times. The process that is forked has imported nothing of this project but
`forked_job`, and each fork reads its folder, environment and files anew. What a shell starts under
the name of ``snakemake`` is `typed`; imported for that alone, this module is light.

What is planned and what is run are forks of two processes, whose sets have different orders, as two
interpreters have: a result or a plan that hangs on such an order is found, as a user would find it.
What is run finds the server that forks its jobs (`forked`) begun, with all that steps import.
"""

import contextlib
import functools
import gc
import importlib
import json
import os
import runpy
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from multiprocessing import connection, forkserver
from pathlib import Path

SCRIPTS, LIBRARY = (Path(__file__).resolve().parents[2] / name for name in ("scripts", "src"))
#: What Snakemake and a Snakefile import; nothing of this project.
AHEAD = ("snakemake.cli", "snakemake.storage", "snakemake.report.html_reporter")
AHEAD += ("jsonschema", "yte", "smart_open", "nbformat", "docutils.core", "docutils.parsers.rst")
AHEAD += ("jinja2", "requests", "graphlib")
#: Tells a program in a shell where the sockets are.
PLACE = "SKYLOOM_TESTS_SNAKEMAKE"
_PROGRAM = """#!{python} -IS
import sys
sys.path.insert(0, {here!r})
import warm
sys.exit(warm.typed())
"""


@functools.cache
def place():
    """A folder with the sockets of processes to fork from, and a program ``bin/snakemake``."""
    folder = tempfile.mkdtemp(prefix="skyloom-snakemake-")
    program = os.path.join(folder, "bin", "snakemake")
    os.mkdir(os.path.dirname(program))
    with open(program, "w", encoding="utf-8") as file:
        file.write(_PROGRAM.format(python=sys.executable, here=os.path.dirname(__file__)))
    os.chmod(program, 0o755)
    for kind in ("plan", "run"):
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(os.path.join(folder, kind))
            listening.listen()
            process = subprocess.Popen(
                [sys.executable, __file__, folder, str(listening.fileno()), kind],
                pass_fds=[listening.fileno()],
                # At its end it sees that whoever began it is gone.
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
            )
        _processes.append(process)
    return folder


_processes = []


def snakemake(words, folder, timeout=None):
    """``python -m snakemake`` with these words in a folder.

    Returns
    -------
    subprocess.CompletedProcess
        Its standard output is that and what it said of errors, as one text.
    """
    with tempfile.TemporaryFile() as said, open(os.devnull) as nothing:
        streams = [nothing.fileno(), said.fileno(), said.fileno()]
        status = _ask(place(), words, streams, folder=str(folder), timeout=timeout)
        said.seek(0)
        text = said.read().decode()
    return subprocess.CompletedProcess(["snakemake", *words], status, text)


def typed():
    """What was typed in a shell, in the shell's folder and environment; its exit status."""
    where = os.environ.pop(PLACE)
    os.environ["PATH"] = os.environ["PATH"].replace(f"{where}/bin{os.pathsep}", "", 1)
    return _ask(where, sys.argv[1:], [0, 1, 2], folder=os.getcwd(), program=sys.argv[0])


def _ask(where, words, streams, *, folder, program=None, timeout=None):
    kind = "plan" if {"-n", "--dry-run"} & {*words} else "run"
    asked = {"words": words, "folder": folder, "program": program, "variables": dict(os.environ)}
    asked["cores"] = sorted(os.sched_getaffinity(0))
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(os.path.join(where, kind))
        socket.send_fds(connection, [b"streams"], streams)
        connection.sendall(json.dumps(asked).encode())
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(timeout)
        with connection.makefile(encoding="utf-8") as answers:
            process = int(answers.readline())
            try:
                return int(answers.readline())
            except TimeoutError:
                os.kill(process, signal.SIGKILL)
                raise


def _serve(where, handle, kind):
    """Answer whoever connects, each in a process of its own."""
    if kind == "run":
        _import_for_jobs()
    for name in AHEAD:
        importlib.import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(fileno=handle) as listening:
        while sys.stdin not in select.select([listening, sys.stdin], [], [])[0]:
            asking, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                return _answer(asking)
            asking.close()
    shutil.rmtree(where, ignore_errors=True)


def _import_for_jobs():
    """Import what all steps import of others, as the server of `forked` does."""
    folders = [str(SCRIPTS), str(LIBRARY)]
    sys.path[:0] = folders
    from skyloom.record import code_hash

    steps = SCRIPTS.glob("*/*.py")
    names = set().union(*(code_hash.imports(path, (SCRIPTS, LIBRARY)) for path in steps))
    for name in [name for name in sys.modules if name.partition(".")[0] == "skyloom"]:
        del sys.modules[name]
    import forked_job

    before = dict(os.environ)
    forked_job.prepare()
    for name in sorted(names):
        if name.partition(".")[0] != "skyloom":
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
    os.environ.clear()
    os.environ.update(before)
    sys.path[:] = [path for path in sys.path if path not in folders]


def _begin_server():
    """Begin the server of Python's `multiprocessing` as a fork instead of a new interpreter.

    It waits to be told what to import, and does it as ever, before the first job.
    """
    server = forkserver._forkserver
    listening = socket.socket(socket.AF_UNIX)
    server._forkserver_address = connection.arbitrary_address("AF_UNIX")
    listening.bind(server._forkserver_address)
    listening.listen()
    reader, server._forkserver_alive_fd = os.pipe()
    told, telling = os.pipe()
    server._forkserver_pid = os.fork()
    if server._forkserver_pid == 0:
        os.close(server._forkserver_alive_fd)
        os.close(telling)
        _import_what_is_told(told)
        sys.modules["forked_job"].shelter()
        forkserver.main(listening.detach(), reader, [])
    listening.close()
    os.close(reader)
    os.close(told)

    def preload(names):
        with open(telling, "w", encoding="utf-8") as pipe:
            json.dump({"names": names, "path": os.environ.get("PYTHONPATH", "")}, pipe)

    # Called once, before the first job.
    forkserver.set_forkserver_preload = preload


def _import_what_is_told(pipe):
    interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
    with open(pipe, encoding="utf-8") as said:
        told = json.loads(said.read() or "null")
    if told is None:
        # No job was begun.
        os._exit(0)
    sys.path[1:1] = told["path"].split(os.pathsep)
    for name in told["names"]:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    signal.signal(signal.SIGINT, interrupt)


def _answer(asking):
    """Begin one Snakemake and say how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _, streams, _, _ = socket.recv_fds(asking, 7, 3)
    with asking.makefile("rb") as text:
        asked = json.loads(text.read())
    process = os.fork()
    if process == 0:
        asking.close()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        return _snakemake(**asked)
    # Whoever asked may be gone.
    with contextlib.suppress(OSError):
        asking.sendall(f"{process}\n".encode())
        status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        asking.sendall(f"{status}\n".encode())
    os._exit(0)


def _snakemake(words, folder, program, variables, cores):
    """What a new interpreter would do; the caller then ends as an interpreter does."""
    gc.freeze()
    os.sched_setaffinity(0, cores)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    tempfile.tempdir = None
    paths = [path for path in variables.get("PYTHONPATH", "").split(os.pathsep) if path]
    sys.path[0:1] = [folder, *paths]
    sys.argv[:] = [program or "", *words]
    if "forked_job" in sys.modules:
        _begin_server()
    # Snakemake notes the folder in which it was imported.
    sys.modules["snakemake.workflow"].Workflow._rundir = folder
    # Without a program it is `python -m snakemake`, which puts its own file there.
    runpy.run_module("snakemake", run_name="__main__", alter_sys=program is None)


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]), sys.argv[3])
