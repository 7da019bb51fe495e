"""Logarithmic axes have numbers that are read without a power of ten."""

import pytest
from matplotlib.figure import Figure

from skyloom.draw import ticks


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ((0.5, 2000), ["1", "10", "100", "1000"]),
        ((0.9, 40), ["1", "3", "10", "30"]),
        ((0.0095, 0.05), ["0.01", "0.02", "0.05"]),
        ((1.4, 3.1), ["1.5", "2", "3"]),
    ],
)
@pytest.mark.parametrize("which", ["xaxis", "yaxis"])
def test_numbers_are_the_roundest_that_are_three_or_more(which, limits, expected):
    axes = Figure().subplots()
    axes.set(xscale="log", yscale="log", xlim=limits, ylim=limits)
    axis = getattr(axes, which)
    ticks.plain(axis, limits, "{:g}".format)
    assert [label.get_text() for label in axis.get_ticklabels()] == expected
    assert not len(axis.get_minorticklocs())
