"""Give damaged files to readers, in processes that may crash or hang, and count what happens.

Every input has a number, which is its seed and chooses its reader: it is the same for any number
of processes. ``python tests/fuzz/fuzz_runner.py files 1234`` shows what one input does.
"""

import contextlib
import copy
import multiprocessing
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path

if __name__ == "__main__":
    tests = Path(__file__).resolve().parents[1]
    sys.path[:0] = [str(tests.parent / "src"), str(tests / "unit")]

import fuzz_mutations

from skyloom.errors import InputError
from skyloom.progress import track

#: Seconds that one input may take, and bytes that reading it may add to a process.
TIME, MEMORY = 10, 2 << 30
# What happened to an input.
READ, REFUSED, FAILED = range(3)
# A process is exchanged for a new one after so many inputs: what leaks must not add up.
_MOST = 20_000


class Seeds:
    """The valid files of every target, copied for one process."""

    def __init__(self, targets, folder):
        self.folder, self.files = folder, []
        for number, target in enumerate(targets):
            own = folder / f"{number}"
            own.mkdir(parents=True)
            made = [(path.relative_to(folder), path.read_bytes()) for path in target.make(own)]
            self.files.append(made)

    def moved(self, folder):
        """The same files in another folder."""
        other = copy.copy(self)
        other.folder = Path(shutil.copytree(self.folder, folder))
        return other


def schedule(targets):
    """Numbers of the targets, each as often as its share, spread evenly."""
    most = max(target.share for target in targets)
    return [n for turn in range(most) for n, one in enumerate(targets) if turn < one.share]


@contextlib.contextmanager
def damaged(seeds, turn, number):
    """One input in its place: yields the target's number and its folder."""
    which = turn[number % len(turn)]
    files = seeds.files[which]
    name, content = files[number // len(turn) % len(files)]
    path = seeds.folder / name
    path.write_bytes(fuzz_mutations.mutate(content, number))
    try:
        yield which, seeds.folder / f"{which}"
    finally:
        path.write_bytes(content)


def _place(error):
    """Where in Skyloom an error arose, or the last place known."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "skyloom" in frame.filename] or frames
    last = own[-1]
    return f"{'/'.join(Path(last.filename).parts[-2:])}:{last.lineno}"


def attempt(target, folder):
    """Read a folder once: what happened, and how it failed."""
    try:
        target.read(folder)
    except InputError as error:
        text = str(error)
        # One sentence, that a person can read.
        if len(text) > 2000 or not text.strip():
            return FAILED, f"a message of {len(text)} characters"
        return REFUSED, None
    except Exception as error:
        return FAILED, f"{type(error).__name__}: {str(error)[:150]} at {_place(error)}"
    return READ, None


def _limit_memory():
    with open("/proc/self/statm") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _work(targets, seeds, folder, numbers, shared, pipe):
    """The life of one process: inputs one after another until it dies or there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    warnings.simplefilter("ignore")
    _limit_memory()
    seeds, turn = seeds.moved(folder), schedule(targets)
    now, counts, slowest = shared
    for number in numbers:
        now[0], now[1] = number, time.monotonic()
        with damaged(seeds, turn, number) as (which, own):
            outcome, failure = attempt(targets[which], own)
        counts[3 * which + outcome] += 1
        slowest[which] = max(slowest[which], time.monotonic() - now[1])
        if failure:
            pipe.send((number, f"{targets[which].name}: {failure}"))
    pipe.close()


class _Worker:
    """One process after another, for every `step`-th number from `first`."""

    def __init__(self, targets, seeds, folder, first, step, last):
        self.targets, self.seeds, self.folder = targets, seeds, folder
        self.next, self.step, self.last = first, step, last
        context = multiprocessing.get_context("fork")
        self.shared = (
            context.RawArray("d", 2),
            context.RawArray("q", 3 * len(targets)),
            context.RawArray("d", len(targets)),
        )
        self.context, self.failures, self.again, self.lives = context, [], set(), 0
        self._begin()

    def _begin(self):
        self.lives += 1
        self.end = min(self.last, self.next + _MOST * self.step)
        numbers = range(self.next, self.end, self.step)
        own = self.folder / f"{self.next % self.step}-{self.lives}"
        self.shared[0][0], self.shared[0][1] = self.next, time.monotonic() + 60
        self.pipe, other = self.context.Pipe(duplex=False)
        arguments = (self.targets, self.seeds, own, numbers, self.shared, other)
        self.process = self.context.Process(target=_work, args=arguments, daemon=True)
        self.process.start()
        other.close()
        self.own = own

    def _hear(self):
        with contextlib.suppress(EOFError, OSError):
            while self.pipe.poll():
                self.failures.append(self.pipe.recv())

    def look(self):
        """Hear what the process says, end it if it hangs, and start the next; True while busy."""
        self._hear()
        number, began = int(self.shared[0][0]), self.shared[0][1]
        hangs = self.process.is_alive() and time.monotonic() - began > TIME
        if hangs:
            self.process.kill()
        elif self.process.is_alive():
            return True
        self.process.join()
        self._hear()
        shutil.rmtree(self.own, ignore_errors=True)
        if hangs and number not in self.again:
            # Another program may have held the machine: such an input is tried once more.
            self.again.add(number)
            self.next = number
        elif hangs or self.process.exitcode:
            why = f"took more than {TIME} s" if hangs else f"ended by {-self.process.exitcode}"
            turn = schedule(self.targets)
            which = turn[number % len(turn)]
            self.failures.append((number, f"{self.targets[which].name}: the process {why}"))
            self.shared[1][3 * which + FAILED] += 1
            self.next = number + self.step
        else:
            self.next = self.end
        if self.next >= self.last:
            return False
        self._begin()
        return True

    @property
    def done(self):
        """Inputs that it is through with."""
        return sum(self.shared[1])

    def stop(self):
        """End the process."""
        self.process.kill()
        self.process.join()


def run(targets, count, *, first=0, processes=None, label="fuzz"):
    """Run inputs.

    Parameters
    ----------
    targets : list of `fuzz_targets.Target`
    count, first : int
        How many, and the number of the first.
    processes : int, optional

    Returns
    -------
    counts : dict of str to (read, refused, failed, slowest)
        By target; seconds.
    failures : list of (number, str)
    seconds : float
    """
    processes = processes or os.cpu_count()
    memory = "/dev/shm"
    scratch = tempfile.mkdtemp(dir=memory if os.path.isdir(memory) else None, prefix="skyloom-fuzz")
    began, workers = time.monotonic(), []
    try:
        seeds = Seeds(targets, Path(scratch) / "seeds")
        workers = [
            _Worker(targets, seeds, Path(scratch), first + place, processes, first + count)
            for place in range(min(processes, count))
        ]
        with track(None, label=label, total=count, unit="input") as bar:
            busy = list(workers)
            while busy:
                time.sleep(0.1)
                busy = [worker for worker in busy if worker.look()]
                bar.update(sum(worker.done for worker in workers) - bar.n)
    finally:
        for worker in workers:
            worker.stop()
        shutil.rmtree(scratch, ignore_errors=True)
    counts = {}
    for which, target in enumerate(targets):
        parts = [worker.shared[1][3 * which : 3 * which + 3] for worker in workers]
        slowest = max(worker.shared[2][which] for worker in workers)
        counts[target.name] = *map(sum, zip(*parts, strict=True)), slowest
    failures = sorted(failure for worker in workers for failure in worker.failures)
    return counts, failures, time.monotonic() - began


def report(counts, failures, seconds, group):
    """The result as text: a table of the readers, the rate, and every failure once."""
    lines = [f"{'reader':24}{'inputs':>9}{'read':>9}{'refused':>9}{'failed':>8}{'slowest':>9}"]
    for name, (read, refused, failed, slowest) in counts.items():
        total = read + refused + failed
        lines.append(f"{name:24}{total:9}{read:9}{refused:9}{failed:8}{slowest:8.2f}s")
    read, refused, failed = (sum(one[place] for one in counts.values()) for place in range(3))
    total = read + refused + failed
    lines.append(f"{'all':24}{total:9}{read:9}{refused:9}{failed:8}")
    rate = total / seconds
    lines.append(f"{rate:.0f} inputs/s; a million take {1e6 / rate / 60:.0f} minutes here")
    # One line for each kind of error and place, with the first of them.
    alike = {}
    for number, text in failures:
        kind = text.split(":")[0], text.split(":")[1], text.rpartition(" at ")[2]
        alike.setdefault(kind, []).append((number, text))
    for found in sorted(alike.values(), key=len, reverse=True):
        number, text = found[0]
        lines.append(f"{len(found)} x {text}")
        lines.append(f"    python tests/fuzz/fuzz_runner.py {group} {number}")
    return "\n".join(lines)


def _show(group, number):
    """Run one input here and let its error be seen."""
    import fuzz_groups

    targets = fuzz_groups.targets(group)
    with tempfile.TemporaryDirectory() as folder:
        seeds, turn = Seeds(targets, Path(folder) / "seeds"), schedule(targets)
        with damaged(seeds, turn, number) as (which, own):
            print(f"{targets[which].name}, in {own}", flush=True)
            targets[which].read(own)
    print("read without an error")


if __name__ == "__main__":
    _show(sys.argv[1], int(sys.argv[2]))
