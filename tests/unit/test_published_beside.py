"""Printed numbers beside ours: one table, one figure, one part of the report for every arm."""

import fake_sdss_results
import fake_semantic_results
import fake_spectra_results
import fake_step
import figure_axes
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from skyloom.draw import published as drawing
from skyloom.draw import style
from skyloom.io.columns import numbers
from skyloom.io.files import read_table, write_table
from skyloom.judge import published
from skyloom.report import page
from skyloom.report import published as report

DOCUMENT = {"called": "the article", "source": "its author"}


def made(*rows, **options):
    return published.table(rows, DOCUMENT, **{"synthetic": False, **options})


def row(**changes):
    return {"quantity": "AUC", "model": "mnist", "ours": 0.6, "printed": 0.86} | changes


def written(figure):
    return {text.get_text(): to_rgb(text.get_color()) for text in figure.axes[0].texts}


def test_a_printed_number_without_a_reason_against_it_is_comparable():
    table = made(row(low=0.5, high=0.7), row(why=["epochs is 5"]), row(ours=np.ma.masked))
    assert list(table["comparable"]) == [True, False, True]
    assert table["difference"][0] == pytest.approx(-0.26)
    assert list(table["ours"].mask) == [False, False, True]
    assert list(table["low"].mask) == [False, True, True]
    table = made(row(why=["epochs is 5"]), common=["source is synthetic"])
    assert table["reason"][0] == "source is synthetic; epochs is 5"


def test_what_is_not_printed_is_never_comparable_and_has_no_other_reason():
    table = made(row(printed=None), row(printed=None, holds="yes"), common=[])
    assert list(table["comparable"]) == [False, True]
    assert list(table["reason"]) == [published.NOT_PRINTED, ""]


def test_the_table_reads_back_as_it_was_written(tmp_path):
    table = made(row(low=0.1, high=0.9), row(ours=None, why=["mnist was not trained"]), notes=["n"])
    write_table(table, tmp_path / "published.ecsv")
    found = read_table(tmp_path / "published.ecsv")
    assert found.colnames == table.colnames and dict(found.meta) == dict(table.meta)
    for name in ("ours", "low", "high", "printed", "difference"):
        np.testing.assert_array_equal(numbers(found[name]), numbers(table[name]))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"ours": 0.61234, "printed": 0.86}, ("0.612", "0.86")),
        ({"ours": -0.00052, "low": -0.001, "high": 0.0}, ("−0.0005 [−0.0010, 0.0000]", "–")),
        ({"ours": 50987.0, "printed": 50981}, ("50,987", "50,981")),
        ({"ours": 23.5, "printed": 23}, ("23.5", "23")),
        ({"ours": None, "printed": 0.0013}, ("–", "0.0013")),
        ({"ours": 55.0, "printed": 100 * 519 / 927}, ("55.000", "55.99")),
        ({"ours": 24.0}, ("24", "–")),
        ({"ours": 0.7, "printed": 0.752, "holds": "yes"}, ("0.7000", "0.752: yes")),
        ({"ours": 0.7, "holds": "undecided"}, ("0.7000", "undecided")),
    ],
)
def test_ours_has_one_decimal_more_than_is_printed(values, said):
    assert drawing.cells(made(row(printed=None) | values)[0]) == said


ARMS = {
    "sdss": lambda: fake_sdss_results.evaluation(("mnist",), ("80_20",))["published"],
    "semantic": fake_semantic_results.published,
    "helium": lambda: fake_spectra_results.published("helium"),
    "stellar": lambda: fake_spectra_results.published("stellar"),
}
WORDS = {
    "sdss": ("the article", "accuracy of STAR", "0.900 [0.800, 0.950]", "comparable: source"),
    "semantic": ("812,963", "1.13", "50,981", "add up to 50,987", "not trained"),
    "helium": ("the document", "clean_modified", "0.1377", "epochs is 20 (published: 100)"),
    "stellar": ("clean_starnet", "source is synthetic"),
}


@pytest.mark.parametrize("arm", ARMS)
def test_the_figure_is_the_same_twice_and_says_why_it_is_grey(arm, tmp_path, monkeypatch):
    path = tmp_path / "published.ecsv"
    write_table(ARMS[arm](), path)
    files = {"published": str(path)}
    figure = fake_step.draw_twice("published.beside", files, tmp_path, monkeypatch)
    assert figure.get_suptitle().startswith("Synthetic demonstration: numbers of the")
    figure_axes.check(figure, (*WORDS[arm], "Grey, not comparable"))


def test_only_comparable_numbers_are_not_grey():
    table = made(row(printed=1.13), row(quantity="loss", printed=0.00049, why=["epochs is 5"]))
    drawn = written(drawing.published(table, synthetic=False))
    assert drawn["1.13"] == to_rgb(style.BLUE)
    assert drawn["0.00049"] == to_rgb(style.FAINT)
    text = "\n".join(written(drawing.published(table[:1], synthetic=False)))
    assert "Grey" not in text and "own choices" in text


def test_a_finding_has_the_colour_of_its_verdict_and_is_grey_where_not_judged():
    for holds, why, colour in (
        ("yes", [], style.GREEN),
        ("no", [], style.ORANGE),
        ("not judged", ["source is synthetic"], style.FAINT),
    ):
        table = made(row(printed=None, holds=holds, why=why))
        assert written(drawing.published(table, synthetic=False))[holds] == to_rgb(colour)


def test_every_number_is_drawn_once_whichever_way_a_block_is_laid_out():
    names = [f"{number} of {kind}" for number in range(3) for kind in "ab"]
    for models in (["x"], ["x", "y"], [f"m{number}" for number in range(9)]):
        rows = [
            row(quantity=name, model=model, ours=None, printed=round(0.1 + 0.001 * place, 3))
            for place, (name, model) in enumerate((n, m) for n in names for m in models)
        ]
        for kept in (rows, rows[:-1]):
            figure = drawing.published(made(*kept), synthetic=False)
            drawn = [text.get_text() for text in figure.axes[0].texts]
            for one in kept:
                assert drawn.count(f"{one['printed']:g}") == 1


def test_printed_numbers_that_may_not_be_compared_are_grey_and_say_why_once():
    table = made(
        row(why=["source is synthetic", "epochs is 5"]),
        row(),
        row(quantity="loss", why=["source is synthetic", "dropout is 0"]),
        row(quantity="AUC, test", printed=None),
    )
    beside, apart = report.beside(table)
    assert "muted" not in beside
    assert apart.count('class="muted"') == 2
    assert apart.count("source is synthetic") == 1
    assert "2 numbers of the article" in apart
    assert "epochs is 5" in apart and "dropout is 0" in apart
    assert "AUC, test" not in beside + apart
    assert page.MISSING not in beside


def test_an_arm_without_the_table_has_no_such_part(tmp_path):
    assert report.part(tmp_path) == []
