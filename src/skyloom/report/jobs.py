"""The jobs of a run, from their records and Snakemake's benchmarks: what ran, when, how long."""

from __future__ import annotations

import csv
import datetime
from pathlib import Path, PurePosixPath

import numpy as np
from astropy.table import Table

from skyloom.record import provenance, verification

#: Pauses longer than this, in seconds, are cut out of a time line, but for so much.
PAUSE, LEFT = 120.0, 10.0
_SHARED = "spectra"  # what the helium and stellar arms have in common


def records(folder: Path) -> list[dict]:
    """The records of a run's jobs, oldest first; none where the run has none.

    Parameters
    ----------
    folder : Path
        Of the run.

    Returns
    -------
    list of dict
    """
    if not any((folder / provenance.FOLDER).glob("*/*.json")):
        return []
    return list(verification.records(folder)[0].values())


def benchmarks(folder) -> Table:
    """What Snakemake measured, of the rules that ask for it.

    Returns
    -------
    Table
        arm, job (name of the file), seconds, memory (largest resident set, MB; NaN where the
        system does not say). Empty without any.
    """
    rows = []
    for path in sorted(folder.glob("*/benchmarks/**/*.tsv")):
        with path.open(encoding="utf-8", newline="") as file:
            lines = list(csv.DictReader(file, delimiter="\t"))
        if lines:
            said = [max(_number(line.get(key)) for line in lines) for key in ("s", "max_rss")]
            rows.append((path.relative_to(folder).parts[0], path.stem, *said))
    return Table(rows=rows, names=("arm", "job", "seconds", "memory"), dtype=(str, str, "f8", "f8"))


def _number(text):
    try:
        return float(text)
    except (TypeError, ValueError):
        return np.nan


def table(folder: Path, found: list[dict]) -> Table:
    """One row a job.

    Parameters
    ----------
    folder : Path
        Of the run.
    found : list of dict
        As `records` gives them; without any, benchmarks stand in for them.

    Returns
    -------
    Table
        rule, wildcards, arm, started (seconds since 1970, UTC; NaN where it is not known),
        seconds, memory (MB: the most that any job of the rule took), threads, written (bytes).
    """
    measured = benchmarks(folder)
    names = ("rule", "wildcards", "arm", "started", "seconds", "memory", "threads", "written")
    kinds = (str, str, str, "f8", "f8", "f8", int, "f8")
    if not found:
        rows = [
            (
                f"{row['arm']}_{row['job']}",
                "",
                row["arm"],
                np.nan,
                row["seconds"],
                row["memory"],
                1,
                0,
            )
            for row in measured
        ]
        return Table(rows=rows, names=names, dtype=kinds)
    peaks = _peaks(measured, {record["rule"] for record in found})
    rows = [
        (
            record["rule"],
            ", ".join(f"{key} {value}" for key, value in record.get("wildcards", {}).items()),
            _arm(record),
            datetime.datetime.fromisoformat(record["started"]).timestamp(),
            float(record.get("seconds", 0)),
            peaks.get(record["rule"], np.nan),
            int(record.get("threads", 1)),
            sum(said["bytes"] for said in record["outputs"].values()),
        )
        for record in found
    ]
    return Table(rows=rows, names=names, dtype=kinds)


def _arm(record):
    """The arm that a job worked for, by where its results are, or else by its rule's name."""
    for path in record["outputs"]:
        parts = PurePosixPath(path).parts
        if len(parts) > 3 and parts[0] == "results":
            return parts[2]
    return record["rule"].partition("_")[0]


def _peaks(measured, rules):
    """Largest memory of each rule: a benchmark is named after its rule, without the arm."""
    peaks = {}
    for row in measured:
        own = (str(row["arm"]), _SHARED)
        fit = [
            rule for rule in rules for arm in own if f"{arm}_{row['job']}_".startswith(f"{rule}_")
        ]
        if fit and np.isfinite(row["memory"]):
            rule = max(fit, key=len)
            peaks[rule] = max(peaks.get(rule, 0.0), float(row["memory"]))
    return peaks


def by_rule(jobs) -> Table:
    """One row a rule, that with the most time first.

    Returns
    -------
    Table
        rule, arm (several with commas), jobs, seconds (of all), longest (seconds of one), memory.
    """
    rows = []
    for rule in sorted(set(jobs["rule"])):
        own = jobs[jobs["rule"] == rule]
        arms = ", ".join(sorted(set(own["arm"])))
        seconds = np.asarray(own["seconds"])
        rows.append((rule, arms, len(own), seconds.sum(), seconds.max(), np.max(own["memory"])))
    names = ("rule", "arm", "jobs", "seconds", "longest", "memory")
    made = Table(rows=rows, names=names, dtype=(str, str, int, "f8", "f8", "f8"))
    return made[np.argsort(-made["seconds"], kind="stable")]


def time_line(jobs: Table) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[tuple[float, float]]]:
    """Where each job stands on a line of time from which long pauses are cut, and in which row.

    Parameters
    ----------
    jobs : Table
        With ``started`` and ``seconds``.

    Returns
    -------
    begin, end : (N,) array
        Seconds since the first job began, without the pauses.
    row : (N,) int array
        Jobs that overlap in time have different rows, from 0; as few as possible.
    cuts : list of (float, float)
        Where a pause was cut, on that line, and how many seconds it had lasted.
    """
    started, seconds = (np.asarray(jobs[name], dtype=float) for name in ("started", "seconds"))
    begin, row = np.zeros(len(jobs)), np.zeros(len(jobs), dtype=int)
    cuts, free, latest, gone = [], [], None, 0.0
    for job in np.lexsort((seconds, started)):
        if latest is not None and started[job] - latest > PAUSE:
            pause = started[job] - latest
            gone += pause - LEFT
            cuts.append((float(started[job] - gone - LEFT / 2), float(pause)))
        latest = max(started[job] + seconds[job], started[job] if latest is None else latest)
        begin[job] = started[job] - gone
        # Starts are known to a second.
        place = next((at for at, end in enumerate(free) if end <= begin[job] + 1), len(free))
        free[place : place + 1] = [begin[job] + seconds[job]]
        row[job] = place
    first = begin.min() if len(begin) else 0.0
    return begin - first, begin - first + seconds, row, [(at - first, last) for at, last in cuts]
