"""What every step does first: keep a log, report errors in one sentence, and record what it did.

A step begins with ``import step`` and ``step.begin(snakemake)``. This module, unlike the library,
knows Snakemake.
"""

import atexit
import datetime
import errno
import os
import signal
import sys
import time
import traceback
from pathlib import Path

import forked_job

# Set when the step ends by an error: then nothing is recorded.
_ended = {"badly": False}
# The disk is full, the quota used up, a file too large for a limit, or the disk read-only.
_UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
# Seconds between two states of one progress bar in a log.
_LOG_EVERY = 10.0


class _Tee:
    """Write to the terminal and to the job's log at once."""

    def __init__(self, terminal, log):
        self.terminal, self.log = terminal, log
        self.bar, self.kept = "", time.monotonic()

    def write(self, text):
        self.terminal.write(text)
        # A refreshed progress bar is one line in a terminal; a log keeps it now and then.
        if text.startswith("\r"):
            self.bar = text.strip()
            if self.bar and time.monotonic() - self.kept >= _LOG_EVERY:
                self.end_bar()
            return
        if self.end_bar():
            text = text.removeprefix("\n")
        self.log.write(text.replace("\r", "\n"))

    def end_bar(self):
        """Write what a bar says into the log; whether there was one."""
        said, self.bar = self.bar, ""
        if said:
            self.log.write(said + "\n")
            self.kept = time.monotonic()
        return bool(said)

    def flush(self):
        self.terminal.flush()
        self.log.flush()

    def isatty(self):
        return self.terminal.isatty()

    def fileno(self):
        return self.terminal.fileno()


def begin(snakemake):
    """Send standard error to the job's log too, and turn expected errors into one last sentence.

    Parameters
    ----------
    snakemake : object
        The job, as Snakemake hands it to a script. Where it has a log file, that file receives
        everything the step reports.
    """
    if snakemake.log:
        path = Path(snakemake.log[0])
        path.parent.mkdir(parents=True, exist_ok=True)
        sys.stderr = _Tee(sys.stderr, path.open("w", encoding="utf-8", buffering=1))
    _share_terminal(snakemake)
    sys.excepthook = _report
    # A scheduler's time limit ends a job by SIGTERM: leave through `finally`, so that temporary
    # files go too.
    signal.signal(signal.SIGTERM, _stop)
    # The C libraries below NumPy and TensorFlow read these when they are first imported.
    os.environ["OMP_NUM_THREADS"] = str(snakemake.threads)
    os.environ.update(dict.fromkeys(forked_job.BLAS, "1"))
    # TensorFlow reports its own build and the absence of a GPU; neither is news to a user.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if hasattr(snakemake, "rule"):
        _record_at_end(snakemake)


def _share_terminal(snakemake):
    """Let progress be written in lines with the job's name where other jobs run at its side."""
    cores = int(os.environ.get("SKYLOOM_CORES", "0"))
    if getattr(snakemake, "rule", None) and snakemake.threads < cores:
        os.environ["SKYLOOM_SHARES_TERMINAL"] = snakemake.rule


def job(snakemake):
    """What the provenance of a dataset says of the job: rule, hashes of configuration and code."""
    if not hasattr(snakemake, "rule"):
        return {}
    from skyloom.record import checksums, provenance

    return {
        "rule": snakemake.rule,
        "config_sha256": checksums.digest(provenance.masked(snakemake.config)),
        "code": snakemake.params.get("code"),
    }


def sidecar(snakemake, parameters, packages):
    """Write what a dataset was made from beside it.

    Parameters
    ----------
    snakemake : object
        A job whose outputs are ``dataset`` and ``provenance``, with a parameter ``seed``.
    parameters : dict
        What decides the dataset, and nothing else.
    packages : list of str
        Whose versions can matter for it.
    """
    from skyloom.io.files import write_json
    from skyloom.record import provenance

    made = provenance.record(
        output=snakemake.output.dataset,
        inputs=snakemake.input,
        parameters=parameters,
        packages=packages,
        seed=snakemake.params.seed,
        job=job(snakemake),
        threads=snakemake.threads,
    )
    write_json(made, snakemake.output.provenance)


def _now():
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def _script(name):
    """The file of the step; where Snakemake took it from git, the same beside this one."""
    path = Path(name)
    if path.is_file():
        return path
    scripts, name = Path(__file__).parent, path.name.partition("@")[0]
    own = scripts / path.parent.name / name
    return own if own.is_file() else scripts / name


def _record_at_end(snakemake):
    begun = {
        "started": _now(),
        "clock": time.monotonic(),
        "process": os.getpid(),
        "script": _script(sys.modules["__main__"].__file__),
    }
    # What is imported only when the interpreter ends may not work any more.
    from skyloom.record import provenance  # noqa: F401

    # What is registered first runs last, when all that the step opened is closed.
    atexit.register(_finish, snakemake, begun)


def _finish(snakemake, begun):
    """Record the finished job; one that cannot be recorded has failed."""
    missing = [path for path in snakemake.output if not os.path.exists(path)]
    if _ended["badly"] or missing or os.getpid() != begun["process"]:
        # Snakemake itself says which output is missing.
        return
    try:
        _record(snakemake, begun)
    except BaseException as error:
        # The interpreter ends with the script's own status, whatever fails from here on.
        if not isinstance(error, SystemExit):
            _report(type(error), error, error.__traceback__)
        sys.stderr.flush()
        os._exit(error.code if isinstance(error, SystemExit) else 1)


def _record(snakemake, begun):
    """Write the record of a job that ended well."""
    loaded = {name.partition(".")[0] for name in forked_job.loaded()}
    from skyloom.record import provenance

    parameters = {name: value for name, value in snakemake.params.items() if name != "given"}
    content = {
        "rule": snakemake.rule,
        "wildcards": dict(snakemake.wildcards.items()),
        "outputs": [str(path) for path in snakemake.output],
        "inputs": [str(path) for path in snakemake.input],
        "read": _read(snakemake),
        "library": parameters.pop("code", None),
        "parameters": parameters,
        "config": snakemake.config,
        "script": begun["script"],
        "threads": snakemake.threads,
        "resources": {
            name: amount
            for name, amount in snakemake.resources.items()
            if isinstance(amount, int) and not name.startswith("_")
        },
        "modules": loaded,
        "started": begun["started"],
        "seconds": time.monotonic() - begun["clock"],
    }
    provenance.write_job(content, Path("results") / snakemake.config["run"])


def _read(snakemake):
    """A simulation on disk, which is no input of the workflow: its folder, and the snapshot."""
    base = snakemake.params.get("base_path")
    if base is None or not os.path.isdir(base):
        return {}
    inside = os.path.abspath(base) + os.sep
    files = [*snakemake.input, *snakemake.output]
    if any(os.path.abspath(path).startswith(inside) for path in files):
        return {}
    snapshot = snakemake.params.get("snapshot")
    return {str(base): None if snapshot is None else f"_{snapshot:03d}"}


def _stop(number, _):
    _ended["badly"] = True
    print(
        f"{_below_bar()}skyloom: The job was told to stop (a time limit, perhaps): run the same "
        "command again to go on, with more time where there is a limit.",
        file=sys.stderr,
        flush=True,
    )
    sys.exit(128 + number)


def _report(kind, error, trace):
    _ended["badly"] = True
    from skyloom.errors import InputError

    if isinstance(error, InputError):
        message = str(error)
    elif isinstance(error, KeyboardInterrupt):
        message = "Stopped; run the same command again to go on."
    elif isinstance(error, OSError) and error.errno in _UNWRITABLE:
        message = (
            f"{error.filename or 'A file'} cannot be written ({error.strerror}): free some space "
            "or make its folder writable, then run the same command again."
        )
    elif isinstance(error, MemoryError):
        message = "The machine's memory is used up: run with fewer --cores or smaller parts."
    else:
        traceback.print_exception(kind, error, trace, file=sys.stderr)
        message = (
            f"{kind.__name__}: {error}. This was not foreseen: "
            "please report it with the lines above; running the same command again is safe."
        )
    print(f"{_below_bar()}skyloom: {message}", file=sys.stderr, flush=True)


def _below_bar():
    """What takes a message out of the line of an unfinished progress bar."""
    return "\n" if isinstance(sys.stderr, _Tee) and sys.stderr.end_bar() else ""
