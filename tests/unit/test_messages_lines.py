"""The last lines of a run, from the events that Snakemake logs."""

import logging
from types import SimpleNamespace

import pytest
from astropy.table import Table

import messages
from skyloom.io.files import write_table


def event(name, text="", **fields):
    """One of Snakemake's log records."""
    record = logging.LogRecord("snakemake", logging.INFO, "", 0, text, None, None)
    record.__dict__.update(fields, event=SimpleNamespace(name=name))
    return record


def run(*events):
    """A run in which these happened."""
    made = messages._Run()
    for happened in events:
        made.emit(happened)
    return made


def failed(number, rule, log):
    return event("JOB_ERROR", jobid=number, rule_name=rule, log=[f"{log} (check log file(s))"])


def test_jobs_that_fail_for_one_reason_share_its_remedy(tmp_path):
    logs = [tmp_path / f"{number}.log" for number in range(8)]
    for log in logs:
        log.write_text("skyloom: a warning.\nskyloom: b.h5 is damaged: fetch it again.\n")
    lines = messages.failure(run(*(failed(n, f"tng_{n}", log) for n, log in enumerate(logs))))
    assert lines[0] == f"skyloom: tng_0 failed; its log is {logs[0]}"
    assert lines[-2:] == [
        "skyloom: and 3 more jobs likewise",
        "skyloom: b.h5 is damaged: fetch it again.",
    ]
    assert len(lines) == 7


def test_a_job_that_succeeds_at_its_second_attempt_has_not_failed(tmp_path):
    log = tmp_path / "a.log"
    log.write_text("skyloom: the server did not answer.\n")
    assert messages.failure(run(failed(1, "a", log), event("JOB_FINISHED", job_id=1))) == []


def test_a_killed_job_is_told_from_one_that_spoke(tmp_path):
    lines = messages.failure(run(failed(1, "tng_maps", tmp_path / "none.log")))
    assert "ended without a word" in lines[-1] and "memory" in lines[-1]


def test_a_run_that_made_the_report_alone_names_it_and_promises_nothing_else(tmp_path):
    page = tmp_path / "report" / "index.html"
    page.parent.mkdir()
    page.write_text("page")
    made = run()
    made.done, made.outputs = [1], {1: [str(page)]}
    head, last = messages.success(made)
    assert head.startswith("skyloom: done: 1 job in ") and head.endswith(".")
    assert last == f"skyloom: open {page} in a browser"


@pytest.mark.parametrize(
    ("seconds", "text"), [(7.6, "8 s"), (252, "4 min 12 s"), (11100, "3 h 5 min")]
)
def test_times_are_said_as_people_say_them(seconds, text):
    assert messages.duration(seconds) == text


def test_what_was_made_is_counted_by_arm_and_few_files_are_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = [
        *(f"results/demo/tng/datasets/{name}.h5" for name in ("mass", "entropy")),
        *(f"results/demo/tng/figures/{number}.png" for number in range(4)),
        "results/demo/xmm/models/demo/model.keras",
        "results/demo/tng/maps/snap_099.part_0.h5",
        "results/demo/report/index.html",
    ]
    for name in made:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    events = []
    for number, name in enumerate(made):
        events.append(event("JOB_INFO", jobid=number, output=[name]))
        events.append(event("JOB_FINISHED", job_id=number))
    lines = messages.success(run(*events))
    assert lines[0].startswith("skyloom: done: 9 jobs in ")
    assert lines[1:] == [
        "  results/demo/tng  2 datasets, 4 figures",
        "  results/demo/xmm  models/demo/model.keras",
        "skyloom: open results/demo/report/index.html in a browser",
    ]


def test_paths_are_those_of_the_working_folder_that_the_run_had(tmp_path, monkeypatch, capsys):
    # Snakemake leaves the folder of --directory before the interpreter ends.
    elsewhere = tmp_path / "elsewhere"
    for folder in (elsewhere / "logs", tmp_path / "here"):
        folder.mkdir(parents=True)
    (elsewhere / "logs" / "a.log").write_text("skyloom: b.h5 is damaged: fetch it again.\n")
    monkeypatch.chdir(tmp_path / "here")
    ended = run(failed(1, "a", "logs/a.log"))
    ended.folder = str(elsewhere)
    monkeypatch.setattr(messages, "_run", ended)
    messages._say()
    said = capsys.readouterr().err.split("\n")
    assert said[1] == f"skyloom: in {elsewhere}:"
    assert said[3] == "skyloom: b.h5 is damaged: fetch it again."


@pytest.mark.parametrize(
    ("former", "now"),
    [
        ("results/a/xmm/evaluation/table_3.ecsv", "results/a/xmm/evaluation/published.ecsv"),
        ("results/a/tng/evaluation/table_III_1.ecsv", "results/a/tng/evaluation/published.ecsv"),
        ("results/a/tng/evaluation/findings.ecsv", "results/a/tng/evaluation/published.ecsv"),
        ("results/a/xmm/figures/tables.pdf", "results/a/xmm/figures/published.pdf"),
        ("results/a/tng/figures/findings.png", "results/a/tng/figures/published.png"),
    ],
)
def test_the_name_of_a_former_version_s_file_says_the_new_one(former, now):
    text = f"No rule to produce {former} (if you use input functions make sure that they don't"
    lines = messages.failure(run(event("ERROR", text, exception="MissingRuleException")))
    assert lines == [f"skyloom: {former} is now part of {now}: ask for that."]


def made(folder, good, lost):
    """A run that has looked at a folder of files."""
    tables = {"inventory": ("file", "id"), "rejects": ("file", "reason")}
    for (name, columns), files in zip(tables.items(), (good, lost), strict=True):
        rows = [(file, f'{file}: is "no image".\n') for file in files]
        table = Table(rows=rows or None, names=columns, dtype=(str, str))
        write_table(table, folder / f"{name}.ecsv")
    paths = [str(folder / f"{name}.ecsv") for name in tables]
    own = run()
    own.done, own.outputs = [1], {1: paths}
    return messages.success(own)


@pytest.mark.parametrize("name", ["xmm", "results/mine/xmm"])
def test_files_of_a_folder_that_are_not_used_are_counted_and_their_list_is_named(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir(parents=True)
    lost = ["a file.fits", "b.fits", "b.fits", "c.fits"]
    assert made(folder, ["d.fits"], lost)[-1] == (
        f"skyloom: 1 of 4 files used, 3 rejected: {folder}/rejects.ecsv says why"
    )
    assert not any("rejected" in line for line in made(folder, ["d.fits"], []))
