"""Rounds of faults: disturb a run, run it again, compare with a run that nothing disturbed.

One line a round is printed; the status is 1 if anything was lost, differed, or was ever
half-written under a final name, or if most faults missed. It begins again in mounts of its own.
With ``--results`` it is a campaign: rounds in that file are not played again unless they lost
something.
"""

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

if __name__ == "__main__":
    _HERE = Path(__file__).resolve()
    sys.path[1:1] = [str(_HERE.parents[2] / "src"), str(_HERE.parents[1] / "workflow")]

import numpy as np
from campaigns import Campaign
from harness import Miniature
from injections import EXPLAINED, FAULTS, MOUNTING, full_disk, small_disk, vanished_output

# Mounts that are gone with the process: as root, else where users may have their own.
_WAYS = (["unshare", "--mount"], ["unshare", "--map-root-user", "--mount"])
_TRIAL = ["mount", "-t", "tmpfs", "tmpfs", "/mnt"]
# Says to the program that begins again which mounts it has: its own, or none.
_MOUNTS = "SKYLOOM_FAULT_MOUNTS"
_OUTCOMES = ("survived", "unnoticed", "too late", "left out", "lost")
_HEADER = ("round", "fault", "target", "moment", "struck", "exit", "again", "files", "outcome")
_LINE = "{:>5}  {:<20}  {:<8}  {:<20}  {:<22.22}  {:>4}  {:<11}  {:>5}  {}"


def moment(rng, target, mini):
    """Some files of the run are there, and up to half a second has gone by since the last."""
    files = int(rng.integers(len(mini.expected(target))))
    return files, 0.5 * rng.random()


def disturb(mini, target, fault, rng, watcher):
    """A run with a fault in it: when and what it struck, and how the run ended."""
    files, delay = moment(rng, target, mini)
    run = mini.start(target)
    while watcher.seen < files and run.is_going():
        time.sleep(0.01)
    time.sleep(delay)
    injected = fault(mini, run, watcher, rng)
    struck = next(injected)
    status = run.wait()
    for _ in injected:
        pass
    return run, f"{files} files + {delay:.2f} s", struck, status


def again(mini, target):
    """The same command again; unlocked before where Snakemake was killed and asks for it."""
    run, how = mini.start(target), "plain"
    status = run.wait()
    if status and "--unlock" in run.text:
        mini.start(target, "--unlock").wait()
        run, how = mini.start(target), "after unlock"
        status = run.wait()
    return run, how, status


def judge(mini, target, fault, run, status, watcher):
    """What is wrong after the second run, as sentences; none if all is well."""
    wrong = list(watcher.faults)
    if status:
        tail = " / ".join(run.text.strip().splitlines()[-6:])
        wrong.append(f"the second run ended with {status}: {tail}")
    expected, found = mini.expected(target), mini.digests()
    for name, digest in expected.items():
        if found.get(name, digest) != digest:
            wrong.append(f"{name} differs")
        # What vanished and nothing needs any more is not made again.
        if name not in found and (fault is not vanished_output or "datasets" in name):
            wrong.append(f"{name} is missing")
    wrong += [f"{name} should not be there" for name in sorted(set(found) - set(expected))]
    wrong += [f"{name} was left behind" for name in mini.leftovers()]
    if not mini.is_done(target):
        wrong.append("a third run would do something")
    return wrong


def taken_up(mini, struck_at):
    """Whether a killed training went on from its last state instead of from its beginning."""
    epochs = mini.epochs()
    if struck_at >= len(epochs):
        # It had ended, all but its last writing.
        return True
    return epochs[struck_at] in (epochs[struck_at - 1], epochs[struck_at - 1] + 1)


def play(mini, number, seed):
    """One round: cells of the table, the outcome, and what was wrong."""
    rng = np.random.default_rng([seed, number])
    name, fault, targets = FAULTS[number % len(FAULTS)]
    target = targets[rng.integers(len(targets))]
    mini.clear()
    with contextlib.ExitStack() as stack:
        if fault is full_disk:
            stack.enter_context(small_disk(mini.results))
        watcher = mini.watch()
        first, when, struck, status = disturb(mini, target, fault, rng, watcher)
        before = len(mini.epochs())
        second, how, last = again(mini, target)
        first.outlive()
        watcher.stop()
        wrong = judge(mini, target, fault, second, last, watcher)
    if status == "hung":
        wrong.append("the disturbed run hung")
    if fault in EXPLAINED and "This was not foreseen" in first.text:
        wrong.append(f"not said in one sentence: {first.sentences}")
    if "training" in name and struck is not None and not taken_up(mini, before):
        wrong.append(f"the training began anew: {mini.epochs()}")
    outcome = "lost" if wrong else "too late" if struck is None else "survived"
    if outcome == "survived" and status == 0:
        # A file that had been read already, for example.
        outcome = "unnoticed"
    return (number, name, target, when, struck or "", status, how, watcher.seen), outcome, wrong


def own_mounts():
    """Begin this program again with mounts of its own; whether it has them."""
    if _MOUNTS not in os.environ:
        for words in _WAYS:
            if shutil.which(words[0]) and not subprocess.run([*words, *_TRIAL]).returncode:
                environment = {**os.environ, _MOUNTS: "own"}
                os.execvpe(words[0], [*words, sys.executable, *sys.argv], environment)
    return os.environ.get(_MOUNTS) == "own"


def arguments():
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--first", type=int, default=0, help="number of the first round")
    parser.add_argument("--seed", type=int, default=8)
    parser.add_argument("--results", help="file of a campaign over several runs")
    return parser.parse_args()


def main():
    """Play the rounds asked for and print them as a table."""
    options, mounts = arguments(), own_mounts()
    with tempfile.TemporaryDirectory(prefix="skyloom-faults-") as folder:
        folder = Path(folder)
        campaign = Campaign(options.results or folder / "rounds.jsonl", seed=options.seed)
        numbers = range(options.first, options.first + options.rounds)
        known = campaign.tried()
        left = [n for n in numbers if known.get(n, {"outcome": "lost"})["outcome"] == "lost"]
        if len(left) < options.rounds:
            print(f"{options.rounds - len(left)} rounds are in {options.results}", flush=True)
        mini = Miniature(folder / "mini") if left else None
        print(_LINE.format(*_HEADER), flush=True)
        for number in left:
            name, fault, _ = FAULTS[number % len(FAULTS)]
            if fault in MOUNTING and not mounts:
                campaign.add(number, fault=name, outcome="left out")
                print(f"{number:>5}  {name}: left out, since nothing can be mounted", flush=True)
                continue
            cells, outcome, wrong = play(mini, number, options.seed)
            line = _LINE.format(*cells, "; ".join([outcome, *wrong]))
            campaign.add(number, fault=name, outcome=outcome, line=line)
            print(line, flush=True)
        known, commits = campaign.tried(), campaign.commits()
    outcomes = [known[number]["outcome"] for number in numbers]
    tally = {outcome: outcomes.count(outcome) for outcome in _OUTCOMES}
    said = ", ".join(f"{count} {outcome}" for outcome, count in tally.items())
    print(f"{said}; at {commits}", flush=True)
    # A harness whose faults mostly miss shows nothing.
    missed = 2 * tally["survived"] < options.rounds - tally["left out"]
    sys.exit(bool(tally["lost"]) or missed)


if __name__ == "__main__":
    main()
