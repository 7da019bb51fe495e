"""A page of several arms: what is synthetic is said wherever it is read."""

import fake_tng_run
import pytest
from astropy.table import Table

from skyloom.io.files import write_table
from skyloom.report import document, page
from skyloom.report import xmm as xmm_report

MARK = "Synthetic demonstration, not a result"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Makes a run of the tng and xmm arms, each synthetic or not, and gives its page."""
    section = page.Section("xmm", "X-ray images", [page.paragraph("good or bad")])
    monkeypatch.setattr(xmm_report, "section", lambda _: section)

    def make(*, tng, xmm):
        fake_tng_run.write(tmp_path / "tng", cases=("mass",), synthetic=tng)
        path = tmp_path / "xmm" / "evaluation" / "summary.ecsv"
        meta = {} if xmm is None else {"synthetic": xmm}
        write_table(Table({"test_auc": [0.5]}, meta=meta), path)
        made = document.html(tmp_path, arms=["tng", "xmm"])
        return made[made.index("<body>") :]

    return make


def below(made, anchor):
    """The head of one section."""
    return made.partition(f'<section id="{anchor}"')[2].partition("</h2>")[2][:400]


def test_a_page_with_measurements_says_which_of_its_sections_are_synthetic(run):
    made = run(tng=False, xmm=True)
    head = made.partition("<main")[0]
    assert "Partly a synthetic demonstration, not a result" in head and "X-ray images." in head
    assert MARK in below(made, "xmm") and MARK not in below(made, "ranking")
    assert "Synthetic demonstration:" not in head


def test_an_answer_from_synthetic_galaxies_is_called_so_beside_measured_images(run):
    made = run(tng=True, xmm=False)
    assert '<p class="lead">Synthetic demonstration: ' in made
    for anchor in ("ranking", "atlas", "scatter"):
        assert MARK in below(made, anchor)
    assert MARK not in below(made, "xmm")


@pytest.mark.parametrize("xmm", [True, None])
def test_a_page_that_is_synthetic_throughout_says_so_once_above_all(run, xmm):
    made = run(tng=True, xmm=xmm)
    assert made.count(MARK) == 1 and made.index(MARK) < made.index("<h1>")


def test_a_page_of_measurements_alone_says_nothing_of_it(run):
    assert "ynthetic demonstration" not in run(tng=False, xmm=False)
