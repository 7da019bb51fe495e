"""Numbers in the report's sentences read as a person writes them."""

import numpy as np
import pytest

from skyloom.report import wording


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
