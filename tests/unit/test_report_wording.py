"""Numbers in the report's sentences read as a person writes them."""

import numpy as np
import pytest

from skyloom.report import marks, wording


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (wording.fixed(-0.001), "0.00"),
        (wording.fixed(-1.255, 1), "−1.3"),
        (wording.fixed(1234.5, 0), "1,234"),
        (wording.fixed(np.nan), "–"),
        (wording.interval(0.62, 0.45, 0.78), "0.62 (0.45 to 0.78)"),
        (wording.interval(0.62, np.nan, np.nan), "0.62"),
        (wording.share(0.983, 0.957, 1.0), "98 % (96 to 100 %)"),
        (wording.rounded(50987.0, 6), "50987"),
        (wording.rounded(0.00048), "0.000480"),
        (wording.plain(0.00049), "0.00049"),
        (wording.listed(["a"]), "a"),
        (wording.listed("abc"), "a, b and c"),
        (wording.counted(1, "galaxy", "galaxies"), "1 galaxy"),
        (wording.counted(2000, "image"), "2,000 images"),
        (wording.duration(9.96), "10 s"),
        (wording.duration(3599.7), "1 h 0 min"),
        (wording.duration(11_520), "3 h 12 min"),
        (wording.amount(1_870_000_000), "1.87 GB"),
        (wording.amount(12), "12 B"),
    ],
)
def test_numbers_are_written_as_a_reader_says_them(written, expected):
    assert written == expected


def test_thinned_rows_are_even_and_hold_both_ends():
    kept = wording.thinned(6420, 1500)
    assert len(kept) == 1500
    assert kept[0] == 0 and kept[-1] == 6419
    assert np.ptp(np.diff(kept)) <= 1
    assert list(wording.thinned(3, 1500)) == [0, 1, 2]


def test_spread_points_stay_nearer_to_their_value_than_to_the_next():
    values = np.repeat([2.0, 2.5, 4.0], 20)
    moved = marks.spread(values)
    assert np.max(np.abs(moved - values)) == pytest.approx(0.15)
    assert np.mean(moved) == pytest.approx(np.mean(values))
    assert len(set(moved)) == 60
    different = np.linspace(0, 1, 30)
    assert np.array_equal(marks.spread(different), different)
