"""One job in a process that `forked` has started; imported there before any other module."""

import atexit
import builtins
import contextlib
import gc
import os
import runpy
import signal
import sys
import tempfile
from collections import defaultdict

#: Variables by which linear algebra learns how many threads it has: one. With more, sums are taken
#: in another order and have other bits (OpenBLAS cuts a scalar product of 10,000 numbers).
BLAS = (
    "GOTO_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
#: Variables by which other libraries learn how many threads a job has.
THREADS = ("OMP_NUM_THREADS", "NUMEXPR_NUM_THREADS")


class _Imports:
    """Which module has imported which, so that a fork knows what it would have imported itself."""

    def __init__(self):
        self._import, self._made, self._asked = builtins.__import__, defaultdict(set), set()
        self.forked = False

    def __call__(self, name, globals=None, locals=None, fromlist=(), level=0):
        module = self._import(name, globals, locals, fromlist, level)
        importer = (globals or {}).get("__name__")
        if level:
            package = (globals or {}).get("__package__") or ""
            name = ".".join(filter(None, [package.rsplit(".", level - 1)[0], name]))
        names = [name, *(f"{name}.{part}" for part in fromlist or ())]
        (self._asked if self.forked else self._made[importer]).update(names)
        return module

    def loaded(self, before):
        """All that was asked for since the fork, what that has imported, and what is new."""
        waiting = self._asked | (set(sys.modules) - before)
        found = set()
        while waiting:
            name = waiting.pop()
            # A package runs before the modules in it.
            parts = {name.rsplit(".", depth)[0] for depth in range(name.count(".") + 1)}
            new = {part for part in parts if part in sys.modules} - found
            found |= new
            # The machinery of imports is everyone's, and in it C code imports.
            machinery = ("importlib", __name__)
            mine = (self._made[part] for part in new if not part.startswith(machinery))
            waiting |= set().union(*mine) - found
        return found


_imports = _Imports()
_state = {"before": None, "told": 0, "handlers": {}}


def prepare():
    """Get ready to import for jobs to come; to be called once, in the fork server."""
    # Threads would not survive the fork; each job asks for as many as it may have.
    os.environ.update(dict.fromkeys((*THREADS, *BLAS), "1"))
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    builtins.__import__ = _imports


def shelter():
    """Keep from the fork server what is meant for its jobs; to be called once, there."""
    from multiprocessing import spawn

    # It ends with the last of them, and is to tell how they did.
    for number in (signal.SIGINT, signal.SIGTERM):
        _state["handlers"][number] = signal.signal(number, _told)
    atexit.register(_sweep, os.getpid())
    # The program that runs Snakemake is none of a job's business, and may not be safe to import.
    spawn._fixup_main_from_name = spawn._fixup_main_from_path = lambda _: None


def _told(number, _):
    _state["told"] = number


def _sweep(process):
    """Remove the server's socket at its end: who began it may have been killed."""
    from multiprocessing import forkserver

    address = forkserver._forkserver._forkserver_address
    if os.getpid() == process and address:
        with contextlib.suppress(OSError):
            os.unlink(address)
        with contextlib.suppress(OSError):
            os.rmdir(os.path.dirname(address))


def loaded():
    """Names of all modules that this process would have imported if it were no fork.

    In a fork, what a module imports late counts where any import before the fork made it do so.
    """
    if _state["before"] is None:
        return set(sys.modules)
    return _imports.loaded(_state["before"])


def run(script, name, folder, environment, link):
    """Run a script as a new interpreter would, to its very end.

    Parameters
    ----------
    script : str
        Its absolute path.
    name : str
        What `top` and `ps` show, as far as the system keeps it.
    folder : str
        Where to work.
    environment : dict
        All variables.
    link : multiprocessing.connection.Connection
        Says when the script may begin; closed without a word, there is nothing to do. Stays open
        here to the end.
    """
    # What the server has imported stays: to look through it for garbage would copy all its pages.
    gc.freeze()
    try:
        link.recv()
    except EOFError:
        sys.exit(1)
    for number, handler in _state["handlers"].items():
        signal.signal(number, handler)
    # What was told to end before it could begin is over.
    if _state["told"]:
        sys.exit(128 + _state["told"])
    with open("/proc/self/comm", "w") as file:
        file.write(name)
    _state["before"] = set(sys.modules)
    _imports.forked = True
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv, tempfile.tempdir = [script], None
    code = 0
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as end:
        code = end.code
    except BaseException:
        kind, error, trace = sys.exc_info()
        while trace.tb_next and trace.tb_frame.f_code.co_filename != script:
            trace = trace.tb_next
        sys.excepthook(kind, error.with_traceback(trace), trace)
        code = 1
    # What the interpreter does at its end, and a fork does not.
    atexit._run_exitfuncs()
    sys.exit(code)
