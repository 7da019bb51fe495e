"""Ways that need a process of their own, timed in turn.

TensorFlow's threads are set once a process, and a machine's pace changes from minute to minute: so
all processes are started first, and then each does a round while the others wait.
"""

import json
import subprocess
import sys
import time


def work(ways):
    """In such a process: do what is asked for, and tell how long it took.

    Parameters
    ----------
    ways : dict of callable
        Name -> a call without arguments; each is called once before it is timed.
    """
    for way in ways.values():
        way()
    print("ready", flush=True)
    for line in sys.stdin:
        wall, processor = time.perf_counter(), time.process_time()
        ways[line.strip()]()
        taken = time.perf_counter() - wall, time.process_time() - processor
        print(json.dumps(taken), flush=True)


def seconds(commands, rounds):
    """Least seconds of every way over some rounds, on the clock and of all processors.

    Parameters
    ----------
    commands : dict of (list of str, sequence of str)
        Name -> the command of a process that calls `work`, and its ways.
    rounds : int

    Returns
    -------
    dict of (float, float)
        (name, way) -> seconds of wall time, CPU seconds.
    """
    started, taken = {}, {}
    for name, (command, _) in commands.items():
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        started[name] = subprocess.Popen(command, **pipes)
        while (line := started[name].stdout.readline()).strip() != "ready":
            if not line:
                raise RuntimeError(f"{name} ended before it was ready")
    for _ in range(rounds):
        for name, process in started.items():
            for way in commands[name][1]:
                process.stdin.write(f"{way}\n")
                process.stdin.flush()
                taken.setdefault((name, way), []).append(json.loads(process.stdout.readline()))
    for process in started.values():
        process.stdin.close()
        process.wait()
    return {key: tuple(map(min, zip(*times, strict=True))) for key, times in taken.items()}
