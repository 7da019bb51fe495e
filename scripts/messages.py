"""What a whole run says last: what it made and where, or the remedy of what failed.

Snakemake ends with lines of its own (where its log is, that at least one job failed); a user looks
at the last line. What is said here is therefore printed when the interpreter ends, after those.
Like `step`, and unlike the library, this module knows Snakemake.
"""

import atexit
import csv
import logging
import os
import re
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path

from skyloom.errors import nearest

# More jobs that fail for one reason than this are counted, and more paths.
_MOST_JOBS = 5
_KINDS = ("dataset", "network", "table", "figure")
_MARK = "skyloom: "
# Files of a former version, and where their contents are now.
_FORMER = {
    r"/evaluation/(findings|table_III_1|table_[3-8])\.ecsv$": "/evaluation/published.ecsv",
    r"/figures/(findings|tables)\.(png|pdf)$": r"/figures/published.\2",
}


class _Run(logging.Handler):
    """Which jobs of a run ended how, from the events that Snakemake logs."""

    def __init__(self):
        super().__init__(logging.INFO)
        self.begun = time.time()
        self.outputs, self.done, self.failed = {}, [], {}
        # Of jobs whose last words are for whoever asked for their answers.
        self.answering = {}
        self.remedy, self.error = None, None
        self.targets = []
        # Where results are: --directory may set it, and is over when the interpreter ends.
        self.folder = None

    def emit(self, record):
        event = getattr(getattr(record, "event", None), "name", None)
        if event == "JOB_INFO":
            self.outputs[record.jobid] = list(record.output or [])
            if "predict" in str(getattr(record, "rule_name", "")):
                self.answering[record.jobid] = list(record.log or [])
        elif event == "JOB_FINISHED":
            self.done.append(record.job_id)
            # A job may have been tried before.
            self.failed.pop(record.job_id, None)
        elif event == "JOB_ERROR":
            self.failed[record.jobid] = (record.rule_name, list(record.log or []))
        elif event == "ERROR":
            self.error = (getattr(record, "exception", None), record.getMessage())


_run = _Run()


def watch(workflow):
    """Say at the end of this process how the run went.

    Parameters
    ----------
    workflow : snakemake.workflow.Workflow
        Nothing is said in the processes that Snakemake starts for single jobs.
    """
    from snakemake.logging import logger

    if workflow.is_main_process and _run not in logger.handlers:
        _run.folder = os.getcwd()
        logger.addHandler(_run)
        atexit.register(_say)
        mine = threading.current_thread() is threading.main_thread()
        if mine and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, _interrupted)
    # The first process decides: those that run its jobs inherit what it says.
    os.environ.setdefault("SKYLOOM_CORES", str(workflow.resource_settings.cores or 0))


def _interrupted(number, frame):
    # Snakemake takes an interrupt for an error of the rule whose functions it calls just then.
    _run.remedy = "Stopped; run the same command again to go on."
    signal.default_int_handler(number, frame)


def look_once(scheduler):
    """Let the scheduler look for jobs to start when one has ended, and not every second besides.

    So that no more than 100 jobs start in a second, which is what it does unless told otherwise,
    Snakemake 9.27 looks again a second after it has looked. As it looks when a job ends too, it
    looks once more a second for every job that has ended: after 200 jobs, 200 times.

    Parameters
    ----------
    scheduler : snakemake.scheduling.job_scheduler.JobScheduler
    """
    limiter = scheduler.job_rate_limiter
    if limiter is not None and (limiter.max_jobs, limiter.timespan) == (100, 1):
        scheduler.job_rate_limiter = None


def remedy(sentence):
    """Keep a sentence that is to be the last line."""
    _run.remedy = sentence


def targets(names):
    """Keep the names of all targets, for the case that one is misspelt."""
    _run.targets = sorted(names)


def _say():
    try:
        here = os.getcwd()
        os.chdir(_run.folder)
    except OSError:  # one of them was removed meanwhile
        return
    lines = failure(_run) or success(_run)
    if lines and _run.folder != here:
        lines.insert(0, f"{_MARK}in {_run.folder}:")
    if lines:
        if sys.stdout:
            sys.stdout.flush()
        print("\n" + "\n".join(lines), file=sys.stderr, flush=True)


def failure(run):
    """The lines that end a run which failed, the last of them the remedy; none where it did not."""
    causes = {}
    for rule, logs in run.failed.values():
        paths = [log.partition(" (")[0] for log in logs]
        said = (_last_words(path, run.begun) for path in paths)
        sentence = next((words for words in said if words), None) or _silent(rule)
        causes.setdefault(sentence, []).append(f"{rule} failed{_see(paths)}")
    lines = []
    for sentence, jobs in causes.items():
        lines += [_MARK + job for job in jobs[:_MOST_JOBS]]
        if len(jobs) > _MOST_JOBS:
            lines.append(f"{_MARK}and {_counted(len(jobs) - _MOST_JOBS, 'more job')} likewise")
        lines.append(_MARK + sentence)
    last = run.remedy or (None if lines else _of_snakemake(run))
    if last and _MARK + last not in lines[-1:]:
        lines.append(_MARK + last)
    return lines


def _see(paths):
    # Snakemake's '<path> (check log file(s) for error details)' is a path by now.
    return f"; its log is {paths[0]}" if paths else ""


def _last_words(path, since):
    """The last sentence that a step left in its log during this run, or None."""
    try:
        if os.path.getmtime(path) < since - 1:
            return None
        text = Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    said = [line for line in text.splitlines() if line.startswith(_MARK)]
    return said[-1].removeprefix(_MARK) if said else None


def _silent(rule):
    return (
        f"{rule} ended without a word, as a job does that is killed: see that memory and time "
        "suffice (fewer --cores, a larger limit), then run the same command again."
    )


def _of_snakemake(run):
    """A remedy for errors that Snakemake finds itself, or None where it names one."""
    if run.error is None:
        return None
    kind, text = run.error
    if "InputError: " in text:
        return text.partition("InputError: ")[2].splitlines()[0]
    if kind == "MissingRuleException":
        found = re.search(r"No rule to produce (\S+)", text)
        wanted = found[1].strip("'\"") if found else "of that name"
        if now := _moved(wanted):
            return f"{wanted} is now part of {now}: ask for that."
        near = nearest(wanted, run.targets)
        return (
            f"There is no target {wanted}{f', perhaps {near}' if near else ''}: "
            "snakemake --list-target-rules shows them all."
        )
    if kind == "MissingInputException":
        return (
            "The files named above are not there: put them there, or correct the path in the "
            "configuration (config/README.md describes each key), then run the same command again."
        )
    return None


def _moved(path):
    """Where what was in a file of a former version is now, or None."""
    for former, now in _FORMER.items():
        if re.search(former, path):
            return re.sub(former, now, path)
    return None


def success(run):
    """The lines that end a run which made something; none where nothing was to do."""
    done = [path for job in run.done for path in run.outputs.get(job, []) if os.path.exists(path)]
    if not done or run.error:
        return []
    jobs = sum(1 for job in run.done if run.outputs.get(job))
    head = f"{_MARK}done: {_counted(jobs, 'job')} in {duration(time.time() - run.begun)}."
    used = [said for path in map(Path, done) if (said := _used(path))]
    worth = [path for job in run.done for path in run.answering.get(job, [])]
    worth = [_MARK + said for path in worth if (said := _last_words(path, run.begun))]
    folders, reports = {}, []
    for path in map(Path, done):
        kind = _kind(path)
        if kind == "report":
            reports.append(path)
        elif kind is not None:
            folders.setdefault(_arm(path), []).append((kind, path))
    if not folders and not reports:
        few = [f"  {path}" for path in done[:_MOST_JOBS]]
        more = len(done) - len(few)
        return [f"{head} Made:", *few, *([f"  and {more} more"] if more else []), *used, *worth]
    width = max((len(str(folder)) for folder in folders), default=0)
    lines = [f"  {folder!s:<{width}}  {_contents(folders[folder])}" for folder in sorted(folders)]
    lines += used + [f"{_MARK}open {path} in a browser" for path in reports] + worth
    return [f"{head} Made:" if folders else head, *lines]


def _used(path):
    """What a list of rejects says: '1 of 4 files used, 3 rejected: …'; None where all were used."""
    if path.name != "rejects.ecsv":
        return None
    rejected = _files(path)
    # A reject may name a table whose row is without use; who is used is not rejected.
    good = _files(path.with_name("inventory.ecsv")) or _files(path.with_name("predictions.ecsv"))
    if lost := rejected - good:
        total = len(good) + len(lost)
        return f"{_MARK}{len(good)} of {total} files used, {len(lost)} rejected: {path} says why"
    return None


def _files(path):
    """The column ``file`` of a table, as text: astropy would take a second."""
    try:
        with path.open(encoding="utf-8", newline="") as text:
            rows = csv.DictReader((line for line in text if line[:1] != "#"), delimiter=" ")
            return {row["file"] for row in rows}
    except (OSError, KeyError, csv.Error):
        return set()


def _kind(path):
    """What a file is to its reader; None for what is only on the way to that."""
    parts = path.parts
    if path.name == "index.html" and "report" in parts:
        return "report"
    if path.name == "model.keras":
        return "network"
    if "datasets" in parts and path.suffix == ".h5":
        return "dataset"
    if "figures" in parts and path.suffix == ".png":
        return "figure"
    return "table" if path.suffix == ".ecsv" and parts[-2] != "logs" else None


def _arm(path):
    """The folder results/<run>/<arm> of a file, or the one that it lies in."""
    parts = path.parts
    if "results" not in parts:
        return path.parent
    return Path(*parts[: parts.index("results") + 3])


def _contents(files):
    """'10 datasets, 22 figures'; a file that is the only one of its kind by its name."""
    number = Counter(kind for kind, _ in files)
    said = []
    for kind in _KINDS:
        if number[kind] == 1 and len(files) <= _MOST_JOBS:
            path = next(path for found, path in files if found == kind)
            said.append(str(path.relative_to(_arm(path))))
        elif number[kind]:
            said.append(_counted(number[kind], kind))
    return ", ".join(said)


def _counted(number, noun):
    return f"{number} {noun}{'' if number == 1 else 's'}"


def duration(seconds):
    """A time as people say it: '8 s', '4 min 12 s', '3 h 5 min'."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
