"""What every step does first: keep a log, report errors in one sentence, show where it is.

A step begins with ``import step`` and ``step.begin(snakemake)``. This module, unlike the library,
knows Snakemake.
"""

import os
import signal
import sys
import traceback
from pathlib import Path


class _Tee:
    """Write to the terminal and to the job's log at once."""

    def __init__(self, terminal, log):
        self.terminal, self.log = terminal, log

    def write(self, text):
        self.terminal.write(text)
        # A refreshed progress bar is one line in a terminal; a log keeps lines.
        self.log.write(text.replace("\r", "\n"))

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
    sys.excepthook = _report
    # A scheduler's time limit ends a job by SIGTERM: leave through `finally`, so that temporary
    # files go too.
    signal.signal(signal.SIGTERM, _stop)
    # The C libraries below NumPy and TensorFlow read these when they are first imported.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(snakemake.threads)
    # TensorFlow reports its own build and the absence of a GPU; neither is news to a user.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def _stop(number, _):
    print(
        "skyloom: The job was told to stop (a time limit, perhaps): run the same command again to "
        "go on, with more time where there is a limit.",
        file=sys.stderr,
        flush=True,
    )
    sys.exit(128 + number)


def _report(kind, error, trace):
    from skyloom.errors import InputError

    if isinstance(error, InputError):
        message = str(error)
    elif isinstance(error, KeyboardInterrupt):
        message = "Stopped; run the same command again to go on."
    elif isinstance(error, OSError) and error.errno == 28:
        message = "The disk is full: free some space, then run the same command again."
    elif isinstance(error, MemoryError):
        message = "The machine's memory is used up: run with fewer --cores or smaller parts."
    else:
        traceback.print_exception(kind, error, trace, file=sys.stderr)
        message = (
            f"{kind.__name__}: {error}. This was not foreseen: "
            "please report it with the lines above; running the same command again is safe."
        )
    print(f"skyloom: {message}", file=sys.stderr, flush=True)
