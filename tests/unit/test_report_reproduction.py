"""What the report says of a run's jobs: from their records, where there are any."""

import json
import re

import numpy as np
import pytest
from astropy.table import Table

from skyloom.report import jobs, page, reproduction

CONFIG = {
    "run": "demo",
    "seed": 7,
    "arms": ["tng", "semantic", "xmm"],
    "tng": {"source": "local", "base_path": "/home/someone/private/TNG50-1/output"},
    "semantic": {"grid": 64},
    "xmm": {"source": "synthetic", "images": None},
}
NOON = "2026-11-21T12:00:00+00:00"


def record(rule, output, *, started=NOON, seconds=10.0, config="c" * 64, **more):
    """A job's record, as far as it is read here."""
    return {
        "format": 1,
        "rule": rule,
        "wildcards": {},
        "parameters": {},
        "parameters_sha256": "d" * 64,
        "outputs": {output: {"bytes": 1000, "sha256": "0" * 64}},
        "inputs": {},
        "read": {},
        "config_sha256": config,
        "commit": "a" * 40,
        "packages": {"numpy": "2.4.6"},
        "python": "3.11.7",
        "machine": "x86_64",
        "version": "0.1.0",
        "threads": 2,
        "started": started,
        "seconds": seconds,
        "written": started,
        **more,
    }


def write(folder, records, config=CONFIG):
    for number, content in enumerate(records):
        path = folder / "provenance" / content["rule"] / f"part={number}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
        kept = folder / "provenance" / "configs" / f"{content['config_sha256']}.json"
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(json.dumps(config))
    return folder


def benchmark(folder, arm, name, seconds, memory):
    path = folder / arm / "benchmarks" / f"{name}.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"s\th:m:s\tmax_rss\n{seconds}\t0:00:02\t{memory}\n")


def words(section):
    return " ".join(part for part in section.parts if isinstance(part, str))


@pytest.fixture
def run(tmp_path):
    """A run of four jobs: two at once, one later, one after a long pause."""
    return write(
        tmp_path / "demo",
        [
            record("tng_maps", "results/demo/tng/maps/a.h5"),
            record("tng_maps", "results/demo/tng/maps/b.h5", seconds=20.0),
            record("xmm_train", "results/demo/xmm/models/m", started="2026-11-21T12:00:30+00:00"),
            record(
                "spectra_train",
                "results/demo/helium/models/m",
                started="2026-11-21T14:00:30+00:00",
                seconds=30.0,
            ),
        ],
    )


def test_times_are_those_of_the_records(run):
    section = reproduction.section(run)
    text = words(section)
    assert "4 jobs of 3 rules took 1 min 10 s of work in 1 min 10 s" in text
    assert "not counting 1 pause between them" in text
    assert (
        "began on 21 November 2026 at 12:00 and the last ended on 21 November 2026 at 14:01" in text
    )


def test_each_rule_has_the_sum_of_its_jobs_the_longest_first(run):
    rules = jobs.by_rule(jobs.table(run, jobs.records(run)))
    assert list(rules["rule"]) == ["spectra_train", "tng_maps", "xmm_train"]
    assert list(rules["seconds"]) == [30, 30, 10]
    assert list(rules["longest"]) == [30, 20, 10]
    assert list(rules["jobs"]) == [1, 2, 1]
    assert list(rules["arm"]) == ["helium", "tng", "xmm"]


def test_bars_are_as_long_as_their_share_of_the_longest(run):
    assert re.findall(r"--share:([\d.]+)", words(reproduction.section(run))) == [
        "1.0000",
        "1.0000",
        "0.3333",
    ]


def test_memory_is_that_of_the_rule_whose_name_the_benchmark_has(run):
    benchmark(run, "tng", "maps_099_0", 9.0, 812.5)
    benchmark(run, "tng", "maps_099_1", 9.0, 700.0)
    benchmark(run, "helium", "train_clean_initial", 9.0, 1500.0)
    benchmark(run, "xmm", "training_other", 9.0, 9000.0)
    done = jobs.table(run, jobs.records(run))
    peaks = dict(zip(done["rule"], done["memory"], strict=True))
    assert peaks["tng_maps"] == 812.5
    assert peaks["spectra_train"] == 1500
    assert np.isnan(peaks["xmm_train"])


def line(*spans):
    started, seconds = np.array(spans, dtype=float).T
    return jobs.time_line(Table({"started": started, "seconds": seconds}))


def test_jobs_at_the_same_time_have_rows_of_their_own_and_no_more():
    random = np.random.default_rng(2)
    spans = np.column_stack([random.integers(0, 300, 80), random.uniform(1, 40, 80)])
    begin, end, row, _ = line(*spans)
    for one in np.unique(row):
        own = np.argsort(begin[row == one], kind="stable")
        assert np.all(begin[row == one][own][1:] + 1 >= end[row == one][own][:-1])
    # A job may begin in the second in which another ends.
    moments = np.arange(0, 341, 0.25)
    at_once = max(int(np.sum((begin <= t) & (t < end))) for t in moments)
    assert row.max() + 1 <= at_once


def test_long_pauses_are_cut_from_the_line_and_short_ones_are_not():
    begin, end, _, cuts = line((1000, 10), (1060, 10), (9070, 10))
    assert list(begin) == [0, 60, 70 + jobs.LEFT]
    assert list(end - begin) == [10, 10, 10]
    assert cuts == [(70 + jobs.LEFT / 2, 8000)]


def test_the_way_to_a_users_files_is_not_told(run):
    text = words(reproduction.section(run))
    assert "…/TNG50-1/output" in text
    assert "someone" not in text and "private" not in text


def test_only_what_is_synthetic_is_called_so_and_real_data_are_cited(run):
    text = words(reproduction.section(run))
    assert "Of these, semantic and xmm worked on synthetic input" in text
    assert "ComAC 6, 2" in text
    assert "A&amp;A 641" not in text


def test_doing_it_again_names_commit_and_configuration(run):
    text = words(reproduction.section(run))
    assert f"git checkout {'a' * 40}" in text
    assert f"--configfile results/demo/provenance/configs/{'c' * 64}.json" in text
    assert "+changes" not in text


def test_what_features_were_computed_in_and_on_which_cores_again_is_said(tmp_path):
    both = [{"name": "resnet", "reproducible": "same_cores"}, {"precision": "bfloat16"}]
    rules = ["sdss_features", "tng_features"]
    records = [
        record(rule, f"results/demo/{rule}", parameters=parameters, threads=3)
        for rule, parameters in zip(rules, both, strict=True)
    ]
    text = words(reproduction.section(write(tmp_path / "demo", records)))
    assert "VGG16 (tng) were computed in bfloat16 and have the same bits on any number" in text
    assert "resnet (sdss) have the same bits on the same number of cores alone" in text
    assert "here 3." in text


def test_without_features_nothing_is_said_of_them(run):
    assert "were computed in" not in words(reproduction.section(run))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"commit": "a" * 40 + "+changes"}, "it alone may not give the same"),
        ({"commit": "b" * 40}, "made from 2 commits"),
        ({"config": "d" * 64}, "1 job was made before, under another configuration"),
    ],
)
def test_what_stands_against_doing_it_again_is_said(change, said, tmp_path):
    later = "2026-11-21T13:00:00+00:00"
    first = record("tng_maps", "results/demo/tng/a", **change)
    if "+" in change.get("commit", ""):
        records = [first]
    else:
        records = [first, record("tng_maps", "results/demo/tng/b", started=later)]
    assert said in words(reproduction.section(write(tmp_path / "demo", records)))


def test_a_run_without_records_shows_its_benchmarks(tmp_path):
    benchmark(tmp_path, "xmm", "train_demo", 40.0, 500.0)
    section = reproduction.section(tmp_path)
    text = words(section)
    assert "kept no records" in text
    assert "1 job of 1 rule took 40 s in all" in text
    assert "git checkout" not in text


def test_a_folder_with_neither_has_no_section(tmp_path):
    assert reproduction.section(tmp_path) is None


def test_equal_records_give_an_equal_page(run):
    pages = {
        page.write([reproduction.section(run)], title="t", lead="l", synthetic=False, made="m")
        for _ in range(2)
    }
    assert len(pages) == 1


@pytest.mark.parametrize("commits", ["ab", "ba"])
def test_of_several_commits_the_newest_is_checked_out(tmp_path, commits):
    times = (NOON, "2026-11-21T13:00:00+00:00")
    found = [
        record(f"tng_{letter}", f"results/demo/tng/{letter}.h5", started=time, commit=letter * 40)
        for letter, time in zip(commits, times, strict=True)
    ]
    text = words(reproduction.section(write(tmp_path / "demo", found)))
    assert f"git checkout {commits[1] * 40}" in text and "made from 2 commits" in text
