"""The report as the workflow makes it."""

import pytest

pytestmark = pytest.mark.workflow


def test_a_run_ends_with_a_report_that_says_it_is_synthetic(finished):
    path = finished.results.parent / "report" / "index.html"
    page = path.read_text(encoding="utf-8")
    assert "Synthetic demonstration, not a result" in page
    for anchor in ("ranking", "atlas", "scatter"):
        assert f'<section id="{anchor}"' in page
    assert '<section id="xmm"' not in page
    assert len(page) < 25e6


def test_the_report_alone_is_made_again_with_the_same_sections(finished):
    path = finished.results.parent / "report" / "index.html"
    before = path.read_text(encoding="utf-8").split('<section id="')
    path.unlink()
    assert finished.planned() == {"report": 1, "all": 1}
    finished.snakemake("--cores", "1", "report")
    after = path.read_text(encoding="utf-8").split('<section id="')
    # What was run, and when, stands in the last section and in nothing before it.
    names = [part.partition('"')[0] for part in before[1:]]
    assert [part.partition('"')[0] for part in after[1:]] == names
    assert before[1:4] == after[1:4]


def test_snakemakes_own_report_has_every_figure_with_its_caption(finished):
    finished.snakemake("--report", "own.html")
    text = (finished.folder / "own.html").read_text(encoding="utf-8")
    figures = sorted(finished.results.glob("figures/**/*.png"))
    assert len(figures) > 10
    for path in figures:
        entry = text.partition(f'"{path.relative_to(finished.folder).as_posix()}": {{"name"')[2]
        assert '"caption": "<p>' in entry[:2000], path
