"""The report's last section: what was run, from what, how long it took, and how to do it again."""

from __future__ import annotations

import datetime
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import numpy as np
from bokeh.models import Span

from skyloom import __version__
from skyloom.arms.registry import ARMS
from skyloom.draw import style
from skyloom.io.files import read_json
from skyloom.record import provenance
from skyloom.report import charts, jobs, numerics, page, wording

if TYPE_CHECKING:
    from astropy.table import Table

_QUESTION = "What was run, from what, and how long did it take?"
# Rules with a bar of their own; the rest share one.
_BARS = 20


def section(folder: Path):
    """What was run; None where a run has neither records nor benchmarks.

    Parameters
    ----------
    folder : Path
        ``results/<run>``.

    Returns
    -------
    Section or None
    """
    found = jobs.records(folder)
    done = jobs.table(folder, found)
    if not len(done):
        return None
    newest = max(found, key=lambda record: record["written"]) if found else {}
    config = _configuration(folder, newest)
    rules = jobs.by_rule(done)
    parts = [
        page.answer(_QUESTION, *answer(config, done, found)),
        page.facts(_key_numbers(done, found)),
        *([page.heading("From what"), _inputs(config)] if config else []),
        page.heading("How long it took"),
        _bars(rules),
        page.legend([(_colour(arm), arm) for arm in sorted(set(map(str, done["arm"])))]),
        *_line(done),
        page.details("Every rule as a table", _rules(rules)),
        *([page.heading("How to do it again"), *_again(folder, newest, found)] if found else []),
        page.heading("How to cite it"),
        _citation(config, newest),
    ]
    return page.Section("made", "What was run", parts)


def _configuration(folder, newest):
    """The configuration of the newest record, empty where it was not kept."""
    name = f"{newest.get('config_sha256')}.json"
    path = folder / provenance.FOLDER / "configs" / name
    return read_json(path) if path.is_file() else {}


def source(config, arm):
    """Where an arm's input comes from; profiles of the semantic arm are always its own."""
    return config[arm].get("source", "synthetic")


def answer(config: dict, done: Table, found: list[dict]) -> list[str]:
    """What was run, from what and for how long, in sentences.

    Parameters
    ----------
    config : dict
        Of the run; empty where it is not known.
    done : Table
        As `skyloom.report.jobs.table` makes it.
    found : list of dict
        Records.

    Returns
    -------
    list of str
    """
    said = []
    if config:
        arms = config["arms"]
        own = [arm for arm in arms if source(config, arm) == "synthetic"]
        said.append(f"Run {config['run']} (seed {config['seed']}): {wording.listed(arms)}.")
        if own:
            which = "All arms" if len(own) == len(arms) else f"Of these, {wording.listed(own)}"
            said.append(
                f"{which} worked on synthetic input, files that Skyloom wrote itself in the "
                "archives' formats: nothing of theirs is a measurement."
            )
    else:
        said.append(
            "This run kept no records of its jobs (they begin with version 0.1.0 of the records); "
            "times are Snakemake's benchmarks, of the rules that have one."
        )
    return [*said, _times(done, found)]


def _times(done, found):
    rules = len(set(done["rule"]))
    work = wording.duration(float(np.sum(done["seconds"])))
    text = f"{wording.counted(len(done), 'job')} of {wording.counted(rules, 'rule')} took {work}"
    if not found:
        return f"{text} in all."
    begin, end, _, cuts = jobs.time_line(done)
    lasted = wording.duration(float(end.max() - begin.min()) - len(cuts) * jobs.LEFT)
    text += f" of work in {lasted}"
    if cuts:
        text += f", not counting {wording.counted(len(cuts), 'pause')} between them"
    first, last = (_moment(moment) for moment in _limits(done))
    return f"{text}. The first began on {first} and the last ended on {last} (UTC)."


def _limits(done):
    started = np.asarray(done["started"])
    return started.min(), (started + np.asarray(done["seconds"])).max()


def _moment(seconds):
    moment = datetime.datetime.fromtimestamp(float(seconds), datetime.UTC)
    return f"{moment.day} {moment:%B %Y at %H:%M}"


def _key_numbers(done, found):
    """Cards: jobs, work, memory, what was written."""
    entries = [
        (f"{len(done):,}", "jobs", f"{len(set(done['rule'])):,} rules"),
        (wording.duration(float(np.sum(done["seconds"]))), "work", "sum of all jobs"),
    ]
    memory = np.asarray(done["memory"], dtype=float)
    if np.isfinite(memory).any():
        most = done["rule"][int(np.nanargmax(memory))]
        entries.append((wording.amount(1e6 * float(np.nanmax(memory))), "most memory", str(most)))
    if found:
        entries.append((wording.amount(float(np.sum(done["written"]))), "written", "by all jobs"))
    return entries


def _inputs(config):
    """One row an arm: its source and where that is, without the way to it."""
    rows = [_input(config, arm) for arm in config["arms"]]
    return page.table(
        *zip(("Arm", "Source", "Where", "Synthetic"), zip(*rows, strict=True), strict=True),
        caption="Input of each arm; of folders the end of their path",
    )


def _input(config, arm):
    kind = source(config, arm)
    places = [config[arm].get(key) for key in ARMS[arm].reads] if kind == "local" else []
    if kind == "api":
        places = [config[arm]["api"]["simulation"]]
    elif kind == "archive":
        places = [config[arm]["archive"]["release"]]
    shown = ", ".join(_end(place) for place in places if place)
    return arm, kind, shown, "yes" if kind == "synthetic" else "no"


def _end(path):
    """The end of a path: where a user keeps it is nobody else's business."""
    parts = PurePath(path).parts
    return f"…/{'/'.join(parts[-2:])}" if len(parts) > 2 else str(path)


def _colour(arm):
    return style.ARMS.get(arm, style.GREY)


def _bars(rules):
    """Time of each rule, the longest above."""
    shown, rest = rules[:_BARS], rules[_BARS:]
    rows = [(row["rule"], row["seconds"], row["jobs"], row["arm"]) for row in shown]
    if len(rest):
        rows.append((f"{len(rest)} others", np.sum(rest["seconds"]), np.sum(rest["jobs"]), ""))
    longest = max(seconds for _, seconds, *_ in rows) or 1.0
    return page.bars(
        [
            (
                str(name),
                f"{wording.duration(seconds)}, {wording.counted(count, 'job')}",
                seconds / longest,
                _colour(arm),
            )
            for name, seconds, count, arm in rows
        ],
        "Time of the jobs of each rule, added up; colours are arms.",
    )


def _line(done):
    """Every job on a line of time, those at the same time in rows of their own."""
    if not np.isfinite(done["started"]).all():
        return []
    begin, end, row, cuts = jobs.time_line(done)
    rows = int(row.max()) + 1
    made = charts.plot(
        height=min(60 + 22 * rows, 600), x="Since the first job [min]", y="Jobs at once"
    )
    made.y_range.flipped = True
    made.yaxis.visible = False
    made.grid.visible = False
    data = {
        "left": begin / 60,
        "right": end / 60,
        "row": row,
        "colour": [_colour(arm) for arm in done["arm"]],
        "said": [wording.duration(value) for value in done["seconds"]],
        **{name: list(map(str, done[name])) for name in ("rule", "wildcards")},
    }
    look = {"color": "colour", "line_color": "white", "line_width": 0.5}
    made.hbar("row", left="left", right="right", height=0.8, source=data, **look)
    charts.hover(made, [("", "@rule"), ("", "@wildcards"), ("time", "@said")])
    for at, _ in cuts:
        look = {"line_color": style.SOFT, "line_dash": "dotted"}
        made.add_layout(Span(location=at / 60, dimension="height", **look))
    caption = f"Every job, as it ran; at most {wording.counted(rows, 'job')} at once."
    if cuts:
        caption += f" Pauses longer than {wording.duration(jobs.PAUSE)} are cut out (dotted)."
    return [page.Chart(made, "When each job ran, coloured by its arm.", caption)]


def _rules(rules):
    return page.table(
        ("Rule", rules["rule"]),
        ("Arm", rules["arm"]),
        ("Jobs", rules["jobs"]),
        ("Time of all [s]", rules["seconds"], ".1f"),
        ("Longest job [s]", rules["longest"], ".1f"),
        ("Most memory [MB]", rules["memory"], ".0f"),
        caption="Time and memory of each rule; memory of those that have a benchmark",
    )


def _again(folder, newest, found):
    """Commit, versions and the command that makes this run anew."""
    digest = str(newest["config_sha256"])
    said = page.macros("reproduction.html", listed=wording.listed, counted=wording.counted).again(
        f"results/{folder.name}",
        # Where jobs were made from several, the newest is that of the configuration below.
        str(newest.get("commit") or "").partition("+")[0],
        digest,
        sorted({str(record.get("commit") or "not known") for record in found}),
        numerics.sentences(found),
        sum(record["config_sha256"] != digest for record in found),
    )
    return [said, page.details("Versions", _versions(found))]


def _versions(found):
    """Every version of every package, Python and machine that a job ran with."""
    seen = {}
    for record in found:
        for name, version in record.get("packages", {}).items():
            seen.setdefault(name, set()).add(str(version))
        seen.setdefault("Python", set()).add(str(record.get("python")))
        seen.setdefault("machine", set()).add(str(record.get("machine")))
    names = sorted(seen, key=str.lower)
    versions = [", ".join(sorted(seen[name])) for name in names]
    return page.table(("Name", names), ("Version", versions), caption="What the jobs ran with")


def _citation(config, newest):
    """What to cite: the software, the studies, and data that are not synthetic."""
    data = [
        ARMS[arm].sources
        for arm in config.get("arms", ())
        if ARMS[arm].sources and source(config, arm) != "synthetic"
    ]
    version = newest.get("version") or __version__
    return page.macros("reproduction.html").cited(
        version, str(newest.get("commit") or "")[:10], data
    )
