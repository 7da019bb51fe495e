"""The stellar grid: the slide's counts, ids, sub-grids, blocks."""

import numpy as np
import pytest
from refusal import refused

from skyloom.arms.spectra.stellar import grid
from skyloom.simulate.stellar import blocks

# The slide's column "No.", and its totals over [m/H] and v sin i.
COUNTS = {11: range(3500, 6001, 250), 10: range(6250, 7501, 250), 9: range(7750, 8251, 250)} | {
    8: range(8500, 9001, 250),
    7: range(9250, 9751, 250),
}
TOTALS = {11: 2233, 10: 2030, 9: 1827, 8: 1624, 7: 1421}


@pytest.fixture(scope="module")
def whole():
    chosen = grid.axes({})
    return grid.atmospheres(chosen), chosen["v_sin_i"]


def test_the_axes_have_the_slides_numbers_of_values():
    assert [len(values) for values in grid.AXES.values()] == [26, 11, 7, 29]
    assert grid.AXES["v_sin_i"][:9] == (0, 1, 2, 4, 6, 8, 10, 12, 16)
    assert grid.AXES["v_sin_i"][-5:] == (120, 140, 160, 180, 200)


@pytest.mark.parametrize("count", COUNTS)
def test_every_temperature_has_the_slides_number_of_gravities_and_spectra(whole, count):
    found, velocities = whole
    for teff in COUNTS[count]:
        own = [one for one in found if one.teff == teff]
        assert len({one.log_g for one in own}) == count
        assert len(own) * len(velocities) == TOTALS[count]


def test_the_whole_grid_has_51359_spectra(whole):
    found, velocities = whole
    assert len(found) * len(velocities) == 51359 == 253 * 203


def test_ids_are_unique_sorted_and_carry_the_labels(whole):
    table = grid.table(whole[0][::97], whole[1])
    names = [str(name) for name in table["id"]]
    assert names == sorted(set(names))
    assert [grid.identifier(*one.labels, 0) for one in whole[0]] == sorted(
        {grid.identifier(*one.labels, 0) for one in whole[0]}
    )
    for row in table[:: len(table) // 40]:
        assert grid.labels_of(f"star_{row['id']}.fits") == {n: row[n] for n in grid.LABELS}
    assert str(table["v_sin_i"].unit) == "km / s" and table.meta["synthetic"] is True


def test_an_id_is_spelt_as_documented():
    assert grid.identifier(5250, 4.5, -0.5, 100) == "t05250g45m-05v100"
    assert grid.identifier(9750, 2.0, -0.0, 0) == "t09750g20m+00v000"
    assert grid.labels_of("HD_1234.txt") is None
    refused("finer", grid.identifier, 5250, 4.55, 0, 0, error=ValueError)


def test_the_staircase_cuts_a_sub_grid_too():
    chosen = grid.axes({"teff": [9500, 4000], "log_g": [1.0, 2.0, 4.5], "v_sin_i": [0]})
    found = grid.atmospheres(chosen)
    assert {(one.teff, one.log_g) for one in found} == {
        (4000, 1.0),
        (4000, 2.0),
        (4000, 4.5),
        (9500, 2.0),
        (9500, 4.5),
    }


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"teff": []}, "teff is empty"),
        ({"m_h": [0.0, 0.0]}, "m_h is empty or repeats"),
        ({"teff": [12000]}, "beyond 3500 to 9750 K"),
        ({"log_g": [2.25]}, "finer than 0.1 dex"),
        ({"teff": [9500], "log_g": [0.5]}, "lies below the grid"),
    ],
)
def test_a_bad_axis_is_named(options, words):
    refused(words, lambda: grid.atmospheres(grid.axes(options)))


@pytest.mark.parametrize("count", [1, 3, 7])
def test_blocks_together_are_the_grid(whole, count):
    parts = [blocks.plan({}, block, count)[0] for block in range(count)]
    assert [one for part in parts for one in part] == whole[0]
    assert np.ptp([len(part) for part in parts]) <= 1


def test_more_blocks_than_atmospheres_are_refused():
    options = {"teff": [5000], "log_g": [4.0], "m_h": [0.0]}
    refused("stellar.blocks is 2", blocks.plan, options, 0, 2)
