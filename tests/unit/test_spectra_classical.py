"""Labels of spectra without a network: against exact answers of models that have them."""

import numpy as np
import pytest

from skyloom.arms.spectra import classical, classical_comparison
from skyloom.draw import spectra_classical
from skyloom.report import spectra as report

WAVELENGTH = np.linspace(4460, 4480, 120)
NAMES, UNITS = ["teff", "v_rot"], ["K", "km / s"]
BOOTSTRAP = {"samples": 200, "level": 0.95, "seed": 1}


def lines(labels, velocity=0.0):
    """One line: its depth follows the first label, its width the second."""
    depth, width = np.atleast_2d(labels).T[:, :, None]
    x = WAVELENGTH - 4470 * (1 + velocity / 299792.458)
    return 1 - (0.1 + 1e-5 * depth) * np.exp(-0.5 * (x / (0.01 * width)) ** 2)


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(1)
    return np.stack([rng.uniform(1e4, 4e4, 400), rng.uniform(100, 300, 400)], axis=1)


@pytest.fixture(scope="module")
def grid(sample):
    check = sample[300:]
    return classical.Grid(lines(sample[:300]), sample[:300], WAVELENGTH, (lines(check), check))


def test_the_nearest_spectrum_is_that_of_the_least_difference(sample):
    flux = lines(sample)
    found = classical.nearest(flux[:300], sample[:300], flux[300:])
    for one, labels in zip(flux[300:], found, strict=True):
        differences = ((flux[:300] - one) ** 2).sum(axis=1)
        np.testing.assert_array_equal(labels, sample[np.argmin(differences)])


def test_a_polynomial_of_components_reads_labels_of_other_spectra(sample):
    flux, train = lines(sample), np.arange(300)
    found = classical.components(flux, sample, train, np.arange(400), seed=1)[300:]
    error = np.abs(found - sample[300:]).mean(axis=0)
    assert (error < 0.01 * np.ptp(sample, axis=0)).all()


def test_spectra_between_those_of_a_grid_are_the_models_own(grid, sample):
    # Away from the edges, where nothing stands on the other side.
    inner = sample[300:]
    inner = inner[(np.abs(grid.scaled(inner) - 0.5) < 0.4).all(axis=1)]
    assert np.abs(grid.at(grid.scaled(inner)) - lines(inner)).max() < 2e-3


def test_a_fit_finds_labels_velocity_and_scale_of_a_shifted_star(grid):
    labels = np.array([23456.0, 187.0])
    flux = lines(labels, velocity=35.0)[0] * (1.03 + 0.02 * np.linspace(-1, 1, 120))
    sigma = np.full(120, 1e-3)
    found = classical.fit(grid, flux, sigma, np.array([[15000.0, 250.0], [30000.0, 150.0]]))
    assert found.labels == pytest.approx(labels, rel=0.01)
    assert found.velocity == pytest.approx(35.0, abs=1.0)
    assert found.chi_squared < 1


def test_scatter_of_fits_is_the_bound_of_cramer_and_rao(grid):
    rng = np.random.default_rng(2)
    labels = np.tile([[25000.0, 200.0]], (60, 1))
    flux = lines(labels)
    sigma = classical.noise_of(flux, 100.0)
    noisy = flux + sigma * rng.normal(size=flux.shape)
    found = [one.labels for one in classical.fits(grid, noisy, sigma, labels[None] * 1.05)]
    bound = grid.bound(labels[:1], sigma[:1])[0]
    scatter = np.std(found, axis=0)
    assert (np.abs(scatter / bound - 1) < 0.25).all()
    # By hand: of a linear model, from its own derivatives.
    step = np.array([[100.0, 0.0], [0.0, 1.0]])
    slopes = [
        (lines(labels[:1] + one)[0] - lines(labels[:1] - one)[0]) / (2 * one.sum()) for one in step
    ]
    shift = (lines(labels[:1], 1.0)[0] - lines(labels[:1], -1.0)[0]) / 2
    x = np.linspace(-1, 1, 120)
    jacobian = np.stack([*slopes, shift, flux[0], flux[0] * x], axis=1) / sigma[:1].T
    exact = np.sqrt(np.diag(np.linalg.inv(jacobian.T @ jacobian)))[:2]
    assert bound == pytest.approx(exact, rel=0.05)


def test_noise_does_not_draw_the_grid_to_itself(sample):
    rng = np.random.default_rng(3)
    check = sample[300:]
    noisy = lines(sample[:300]) + 0.01 * rng.normal(size=(300, 120))
    own = classical.Grid(noisy, sample[:300], WAVELENGTH, (lines(check), check))
    off = np.abs(own.at(own.scaled(check)) - lines(check)).mean()
    assert off < 0.005


def compared(best=None):
    rng = np.random.default_rng(4)
    true = np.stack([rng.uniform(1e4, 4e4, 90), rng.uniform(100, 300, 90)], axis=1)
    answers = {
        "clean_initial": true + rng.normal(0, [3000, 5], true.shape),
        "nearest": true + rng.normal(0, [1000, 30], true.shape),
        "chi_squared": true + rng.normal(0, [100, 5.1], true.shape),
    }
    bound = np.full(true.shape, [90.0, 4.0])
    groups = np.arange(90) // 3
    options = {"bound": bound, "best": best, **BOOTSTRAP}
    table = classical_comparison.compare(answers, true, groups, NAMES, UNITS, **options)
    table.add_column(["clean"] * len(table), name="dataset", index=0)
    return true, answers, table


def test_errors_stand_beside_each_other_with_paired_intervals():
    true, answers, table = compared()
    for row in table:
        column = NAMES.index(str(row["label"]))
        error = np.abs(answers[str(row["method"])][:, column] - true[:, column])
        assert row["mae"] == pytest.approx(error.mean())
        assert row["mae_low"] < row["mae"] < row["mae_high"]
    fitted = table[(table["method"] == "chi_squared") & (table["label"] == "teff")][0]
    assert fitted["against_high"] < 0
    # Of a Gaussian the mean absolute error is sigma times the root of 2 / pi.
    assert fitted["bound"] == pytest.approx(90 * np.sqrt(2 / np.pi))
    network = table[table["method"] == "clean_initial"][0]
    assert np.ma.is_masked(network["against"])


def test_the_report_says_who_is_better_and_where_nothing_is_shown():
    _, _, table = compared()
    (sentence,) = report.beaten(table)
    assert "needs no network is better at effective temperature" in sentence
    assert "neither is shown to be better at rotational velocity" in sentence
    assert report.beaten(None) == []
    figure = spectra_classical.classical(table, synthetic=True)
    assert "Synthetic" in figure.get_suptitle() and len(figure.axes) == 2


def test_test_spectra_are_chosen_evenly_and_all_where_there_are_few():
    class Sample:
        def rows(self, part):
            return np.arange(50, 90)

    assert len(classical_comparison.chosen(Sample(), None)) == 40
    assert list(classical_comparison.chosen(Sample(), 2)) == [50, 89]
