"""Run a command and tell what it took: wall time, CPU seconds and peak memory of all its processes.

``python benchmarks/processes.py FOLDER LOG COMMAND ...`` runs the command in a folder with its
output in a log, and prints one JSON object. It is a process of its own so that whatever the command
leaves behind becomes its child (``PR_SET_CHILD_SUBREAPER``) and is waited for and counted as well.

CPU seconds are those of ``getrusage(RUSAGE_CHILDREN)``. Memory is the sum of the proportional set
sizes (``Pss`` of ``/proc/*/smaps_rollup``: a page that n processes share counts 1/n in each),
looked at every `EVERY` seconds: a shorter peak may be missed. Linux only.
"""

import contextlib
import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

#: Seconds between two looks at the memory.
EVERY = 0.5
#: Seconds that what the command left behind has to end by itself.
GRACE = 10.0
_PR_SET_CHILD_SUBREAPER = 36


def measured(command, folder, log, *, environment=None):
    """Run a command in a process that measures it.

    Parameters
    ----------
    command : list of str
    folder : path
        Where it runs.
    log : path
        Of its standard output and error, together.
    environment : dict, optional
        Its environment; that of this process if not given.

    Returns
    -------
    dict
        ``returncode``, ``seconds`` (wall), ``cpu_seconds``, ``peak_mb`` (10^6 bytes) and ``load``,
        the machine's mean of one minute before it began.
    """
    done = subprocess.run(
        [sys.executable, __file__, str(folder), str(log), *command],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    return json.loads(done.stdout)


def family(pid):
    """A process and all its descendants."""
    found = [pid]
    for parent in found:
        # It or one of its threads may have ended meanwhile.
        with contextlib.suppress(OSError):
            for children in Path(f"/proc/{parent}/task").glob("*/children"):
                found += map(int, children.read_text().split())
    return found


def memory(pids):
    """Bytes that some processes hold now; shared pages count once."""
    total = 0
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total


class _Peak(threading.Thread):
    """The most memory that this process's descendants held."""

    def __init__(self):
        super().__init__(daemon=True)
        self.bytes, self._ended = 0, threading.Event()

    def run(self):
        while not self._ended.is_set():
            self.bytes = max(self.bytes, memory(family(os.getpid())[1:]))
            self._ended.wait(EVERY)

    def end(self):
        self._ended.set()
        self.join()
        return self.bytes


def _wait_for_orphans():
    """Wait for what the command left behind; end it where it does not end by itself."""
    deadline, ended = time.monotonic() + GRACE, False
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid:
            continue
        if time.monotonic() > deadline and not ended:
            for own in family(os.getpid())[1:]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(own, signal.SIGTERM)
            ended = True
        time.sleep(0.02)


def main(folder, log, *command):
    """Run and measure; see the module."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    load, peak = os.getloadavg()[0], _Peak()
    with open(log, "w", encoding="utf-8") as file:
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, stdout=file, stderr=file)
        peak.start()
        returncode = process.wait()
        seconds = time.perf_counter() - start
    _wait_for_orphans()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "returncode": returncode,
        "seconds": seconds,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "peak_mb": peak.end() / 1e6,
        "load": load,
    }


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
