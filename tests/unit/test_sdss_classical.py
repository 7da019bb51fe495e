"""Classes without a network: against arithmetic by hand, and where there is nothing to learn."""

import numpy as np
import pytest
from astropy.table import Table

from skyloom.arms.sdss import classical
from skyloom.arms.sdss.classes import CLASSES
from skyloom.draw import sdss_classical
from skyloom.io.files import atomic_hdf5, create_dataset
from skyloom.learn import baselines
from skyloom.report import sdss as report

BOOTSTRAP = {"samples": 200, "level": 0.95, "seed": 1}


def test_bands_are_mean_fluxes_of_what_was_observed():
    flux = np.array([[2.0, 2, 4, 4, 6, 6], [0, 0, 4, 0, 6, 2]])
    found = classical.bands(flux)
    np.testing.assert_allclose(found[0], np.array([2, 4, 6]) / 12)
    np.testing.assert_allclose(found[1], np.array([0, 4, 4]) / 8)
    assert not classical.bands(np.zeros((1, 6))).any()


def test_the_nearest_spectrum_knows_no_brightness():
    train = np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1]])
    asked = np.array([[50.0, 3, 1], [0.001, 0.02, 0.001], [1, 1, 9]])
    assert list(classical.nearest(train, np.array([2, 0, 1]), asked)) == [2, 0, 1]


def test_a_logistic_regression_finds_the_boundary_of_two_gaussians():
    # Of unit variance about -1 and 1 the log odds are 2 x (Bayes).
    rng = np.random.default_rng(2)
    classes = rng.integers(0, 2, 20000)
    x = rng.normal(2.0 * classes - 1, 1)[:, None]
    chances = baselines.softmax_fit(x, classes, np.arange(20000), 2, penalty=0)
    slope = np.polyfit(x[:, 0], np.log(chances[:, 1] / chances[:, 0]), 1)
    assert slope == pytest.approx([2.0, 0.0], abs=0.1)
    np.testing.assert_allclose(chances.sum(axis=1), 1)


def test_a_logistic_regression_on_nothing_says_the_shares_of_the_classes():
    classes = np.array([0] * 60 + [1] * 30 + [2] * 10)
    chances = baselines.softmax_fit(np.ones((100, 1)), classes, np.arange(100), 3)
    np.testing.assert_allclose(chances[0], [0.6, 0.3, 0.1], atol=1e-3)


@pytest.fixture
def measured(tmp_path):
    """Spectra whose brightest third is their class, and a network that guesses."""
    rng = np.random.default_rng(3)
    true = np.arange(240) % 3
    flux = rng.uniform(0.5, 1.0, (240, 30))
    for row, kind in enumerate(true):
        flux[row, 10 * kind : 10 * kind + 10] += 1.0
    ids = [f"s{row:03d}" for row in range(240)]
    with atomic_hdf5(tmp_path / "spectra.h5") as file:
        create_dataset(file, "spectra", flux.astype(np.float32))
        create_dataset(file, "id", np.array(ids, "S"))
    order = rng.permutation(240)
    table = Table({"id": np.array(ids)[order], "class": np.array(CLASSES)[true[order]]})
    table["part"] = np.where(np.arange(240) % 4 == 0, "test", "train")
    table["object"] = np.arange(240) // 2
    table["predicted"] = np.array(CLASSES)[rng.integers(0, 3, 240)]
    noise = {name: float(rng.lognormal()) for name in ids}
    return classical.measure(tmp_path / "spectra.h5", noise, {"cnn_1d_80_20": table}, **BOOTSTRAP)


def test_what_needs_no_network_is_judged_on_the_networks_own_test_side(measured):
    rows = {str(row["method"]): row for row in measured}
    assert {*rows} == {"cnn_1d", "nearest", "bands", "noise"}
    assert all(row["spectra"] == 60 and row["split"] == "80_20" for row in measured)
    assert rows["nearest"]["accuracy"] == rows["bands"]["accuracy"] == 1
    assert rows["noise"]["accuracy"] < 0.6
    assert rows["bands"]["against_low"] > 0.3
    assert np.ma.is_masked(rows["cnn_1d"]["against"])


def test_the_report_says_whether_a_network_was_needed(measured):
    (sentence,) = report.beaten(measured)
    assert "better than every network" in sentence and "80/20" in sentence
    figure = sdss_classical.classical(measured, synthetic=True)
    assert "Synthetic" in figure.get_suptitle()
    assert report.beaten(None) == []
