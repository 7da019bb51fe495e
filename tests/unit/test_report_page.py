"""The report's page: what it escapes, how it sorts out missing values, and that bytes repeat."""

import re

import cv2
import numpy as np
import pytest
from astropy.table import MaskedColumn
from bokeh.models import ColumnDataSource
from bokeh.plotting import figure

from skyloom.draw import style
from skyloom.errors import InputError
from skyloom.report import page


def written(parts, **options):
    section = page.Section("one", "First", parts)
    asked = {"title": "T", "lead": "L", "synthetic": False, "made": "M"} | options
    return page.write([section, None], **asked)


def drawn():
    # A column of a table, as steps have them, not a plain array.
    column = MaskedColumn([1.0, 2.0, 3.0], mask=[False, True, False])
    plot = figure(width=200, height=200)
    plot.scatter("x", "y", source=ColumnDataSource({"x": column, "y": np.arange(3.0)}))
    return page.Chart(plot, 'points & "lines"', "seen < unseen")


def test_equal_sections_give_equal_bytes_whatever_was_drawn_before():
    assert written([drawn()]) == written([drawn()])


def test_our_own_part_of_the_page_fetches_nothing():
    # Bokeh's source holds patterns of elements; tests/browser sees that it asks for nothing.
    made = written([page.table(("A", [1]), caption="C")])
    assert not re.search(r"(src|href)=\"(?!data:|#)[^\"]+\"", made)
    assert "@import" not in made and "url(http" not in made and "fetch(" not in made


def test_a_page_without_charts_has_no_plotting_library():
    assert len(written([page.paragraph("x")])) < 25_000 < len(written([drawn()]))


def test_texts_cannot_become_elements():
    made = written(
        [page.paragraph("<b>x</b>"), page.script_data("d", {"a": "</script><b>"}), drawn()],
        title="<i>",
        lead="a & b",
    )
    assert "<b>x</b>" not in made and "</script><b>" not in made and "<i>" not in made
    assert "a &amp; b" in made and "points &amp; &#34;lines&#34;" in made


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("r = -0.5", "r = −0.5"),
        ("[-0.24, -0.02]", "[−0.24,\u00a0−0.02]"),
        ("0.84 [0.75, 0.91]", "0.84\u00a0[0.75,\u00a00.91]"),
        ("2026-11-02", "2026-11-02"),
        ("-3 dex", "−3 dex"),
        ("--cores 8", "--cores 8"),
        ("HE-4471", "HE-4471"),
    ],
)
def test_numbers_have_true_minus_signs_and_intervals_stay_together(words, shown):
    assert page.text(words) == shown


def test_tables_head_rows_and_columns_and_keep_what_sorting_needs():
    x = MaskedColumn([-1.5, 0.0], mask=[False, True])
    made = page.table(("Name", ["b", "a"]), ("x / dex", x, ".2f"), caption="C")
    assert made.count('<th scope="col">') == 2 and made.count('<th scope="row">') == 2
    assert '<td class="number" data-value="-1.5">−1.50</td>' in made
    assert f"<td>{page.MISSING}</td>" in made or f'<td class="number">{page.MISSING}</td>' in made
    assert "<caption><span>C</span></caption>" in made and 'tabindex="0"' in made


def test_only_a_synthetic_run_says_so_first():
    assert "Synthetic demonstration, not a result" not in written([])
    made = written([], synthetic=True)
    assert made.index("Synthetic demonstration, not a result") < made.index("<h1>")


def test_pictures_are_no_larger_than_a_screen_shows(tmp_path):
    made = style.figure(12, 4, title="Wide", synthetic=True)
    made.subplots().plot(np.arange(50), np.arange(50) ** 2)
    style.save(made, tmp_path / "a.png", tmp_path / "a.pdf")
    shown = page.picture(tmp_path / "a.png", alt="a line", caption="c", width=500)
    assert 'width="800"' in shown and 'alt="a line"' in shown
    assert len(shown) < (tmp_path / "a.png").stat().st_size


def test_a_figure_of_the_run_has_the_words_of_its_entry(tmp_path):
    (tmp_path / "figures").mkdir()
    cv2.imwrite(str(tmp_path / "figures" / "scores.png"), np.full((40, 60, 3), 200, np.uint8))
    shown = page.figure(tmp_path, "sdss.scores")
    assert 'alt="The scores of every network, with intervals and printed numbers."' in shown
    assert "<figcaption>Accuracy, precision, recall and F1 of each class" in shown


def test_a_missing_or_broken_picture_is_named_with_its_remedy(tmp_path):
    for content in (None, b"no picture"):
        if content:
            (tmp_path / "a.png").write_bytes(content)
        with pytest.raises(InputError, match=r"a\.png.*make it again"):
            page.picture(tmp_path / "a.png", alt="")
