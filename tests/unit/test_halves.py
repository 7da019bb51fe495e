"""Two halves of a galaxy's cells: whole together, and as alike as counting statistics say."""

import numpy as np
import pytest
import small_tng
from astropy.table import Table
from small_tng import OPTIONS

from skyloom.arms.tng import halves, maps, selection
from skyloom.arms.tng.simulation import Simulation
from skyloom.draw import tng_halves
from skyloom.report import tng_ranking

VIEW = {"width": 60.0, "scale_factor": 1.0, "hubble": 0.7}
BOOTSTRAP = {"samples": 200, "level": 0.95, "seed": 3}
COMPOSITE = {"kind": "composite", "beta": 0.001, "overflow": "clip"}


@pytest.fixture(scope="module")
def simulation(tmp_path_factory):
    base = tmp_path_factory.mktemp("universe") / "output"
    return Simulation(small_tng.write(base, 99, gas_cells=400), 99)


@pytest.fixture(scope="module")
def galaxies(simulation):
    return selection.select(simulation, cuts=small_tng.WIDE)[:6]


def halved(kernel, simulation, galaxies, **options):
    return list(halves.half_maps(kernel, simulation, galaxies, OPTIONS, **{"seed": 5, **options}))


def test_halves_add_up_to_the_whole_galaxy(kernel, simulation, galaxies):
    whole = [one.maps for one in maps.project_all(kernel, simulation, galaxies, OPTIONS)]
    pairs = halved(kernel, simulation, galaxies)
    assert len(pairs) == len(whole) > 3
    for (first, second), stack in zip(pairs, whole, strict=True):
        assert first[1].any() and second[1].any() and not np.array_equal(first[1], second[1])
        # Each half's mass stands for the whole; temperature is a mean by mass of both.
        np.testing.assert_allclose((first[1] + second[1]) / 2, stack[1], rtol=1e-5)
        heat = (first[1] * first[2] + second[1] * second[2]) / 2
        np.testing.assert_allclose(heat, stack[1] * stack[2], rtol=1e-4)


def test_halves_depend_on_seed_and_galaxy_and_on_no_other_galaxy(kernel, simulation, galaxies):
    pairs = halved(kernel, simulation, galaxies)
    again = halved(kernel, simulation, galaxies[2:], threads=2)
    other = halved(kernel, simulation, galaxies, seed=6)
    assert all(np.array_equal(a, b) for a, b in zip(pairs[2:], again, strict=True))
    assert not any(np.array_equal(a, b) for a, b in zip(pairs, other, strict=True))


@pytest.mark.parametrize("contrast", [0.0, 0.3, 3.0])
def test_correlation_of_counts_is_what_poisson_statistics_say(contrast):
    # Counts of two halves share the variance of their mean; each has its own variance, the mean.
    rng = np.random.default_rng(1)
    mean = 4.0 * np.exp(contrast * rng.normal(size=(200, 200, 1)) - contrast**2 / 2)
    mean = np.minimum(mean, 400.0)
    first, second = rng.poisson(mean), rng.poisson(mean)
    expected = mean.var() / (mean.var() + mean.mean())
    assert halves.correlation(first, second) == pytest.approx(expected, abs=0.02)


def test_channels_of_different_brightness_do_not_correlate_for_that_alone():
    rng = np.random.default_rng(2)
    first, second = (rng.normal([0, 50, 100], 1, (64, 64, 3)) for _ in range(2))
    assert abs(halves.correlation(first, second)) < 0.05
    assert np.isnan(halves.correlation(np.ones((4, 4, 3)), first[:4, :4]))


def test_what_halves_share_is_one_and_what_they_do_not_share_is_nothing():
    rng = np.random.default_rng(3)
    images = rng.lognormal(0, 1, (2, 12, 3, 32, 32)).astype(np.float32)
    maxima = {"entropy": 20.0, "mass": 20.0, "temperature": 20.0}
    same = [np.stack([stack] * 2) for stack in images[0]]
    apart = list(np.moveaxis(images, 0, 1))
    one, none = (
        halves.measure(pairs, {"composite": COMPOSITE}, maxima, view=VIEW, **BOOTSTRAP)
        for pairs in (same, apart)
    )
    assert one["half_r"][0] == pytest.approx(1) and one["galaxies"][0] == 12
    assert none["half_low"][0] < none["half_r"][0] < none["half_high"][0]
    assert abs(none["half_r"][0]) < 0.02


def test_a_summary_has_the_halves_beside_its_cases_and_a_sentence_where_they_differ():
    table = Table({"variant": ["mass", "unsharp_3"]})
    for name, values in (
        ("half_r", [0.9, 0.1]),
        ("half_low", [0.8, 0.0]),
        ("half_high", [0.95, 0.2]),
    ):
        table[name] = np.ma.array(values)
    table["galaxies"] = 9
    table.meta = {"level": 0.95}
    summary = halves.beside(Table({"variant": ["unsharp_3", "matter", "mass"]}), table)
    assert list(summary["half_r"].filled(-1)) == [0.1, -1, 0.9]
    (sentence,) = tng_ranking.accidental(summary)
    assert "(0.10)" in sentence and "0.90" not in sentence
    assert tng_ranking.accidental(summary[2:]) == []
    figure = tng_halves.halves(table, synthetic=True)
    assert "Synthetic" in figure.get_suptitle()
    assert [text.get_text() for text in figure.axes[0].texts] == ["0.90", "0.10"]
