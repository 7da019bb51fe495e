"""Statistics of images, and the regression that asks whether they tell good from bad."""

import warnings

import numpy as np
import pytest
from astropy.table import Table
from refusal import refused
from scipy import optimize, stats

from skyloom.arms.xmm import splits, statistics
from skyloom.errors import InputError

RANDOM = np.random.default_rng(2)
IMAGES = {
    "sparse counts": RANDOM.poisson(0.03, (648, 648)) / 27890.3,
    "one source": np.where(np.arange(648**2).reshape(648, 648) == 5000, 80.0, 0.0),
    "a pedestal": RANDOM.normal(1e3, 1e-3, (300, 200)),
    "heavy tail": RANDOM.pareto(1.5, (250, 250)),
    "few pixels": RANDOM.random((3, 5)),
    "float32": RANDOM.gamma(0.3, size=(162, 162)).astype(np.float32),
}


@pytest.mark.parametrize("name", IMAGES)
def test_moments_are_those_of_scipy(name):
    image = IMAGES[name]
    precise = image.astype(np.float64)
    expected = (
        precise.std(ddof=1),
        stats.skew(precise, axis=None),
        stats.kurtosis(precise, axis=None),
    )
    np.testing.assert_allclose(statistics.moments(image), expected, rtol=1e-10, atol=1e-10)


def test_sigma_divides_by_one_less_than_the_number_of_pixels():
    sigma, skewness, kurtosis = statistics.moments(np.array([[0.0, 0.0], [0.0, 4.0]]))
    assert sigma == pytest.approx(2.0)
    assert skewness == pytest.approx(6 / 3**1.5) and kurtosis == pytest.approx(21 / 9 - 3)


@pytest.mark.parametrize("value", [0.0, 0.1, 7.0])
def test_a_constant_image_has_no_shape_as_in_scipy(value):
    image = np.full((50, 50), value)
    sigma, skewness, kurtosis = statistics.moments(image)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert np.isnan(stats.skew(image, axis=None)) and np.isnan(skewness)
        assert np.isnan(stats.kurtosis(image, axis=None)) and np.isnan(kurtosis)
    assert sigma == pytest.approx(0.0, abs=1e-15)


def sample(count=400, seed=3, shift=0.6):
    """A table of statistics in which bad images have larger sigma, and its split."""
    random = np.random.default_rng(seed)
    obs_class = random.integers(0, 6, count)
    bad = obs_class >= 2
    table = Table(
        {
            "obs_id": [f"{number:010d}" for number in random.permutation(count)],
            "obs_class": obs_class,
            "sigma": 10 ** random.normal(-4 + shift * bad, 0.5),
            "skewness": 10 ** random.normal(1, 0.3, count),
            "kurtosis": 10 ** random.normal(2, 0.5, count),
        },
        meta={"synthetic": True},
    )
    return table, splits.split(table, validation=0.2, test=0.2, seed=1)


def test_regression_is_the_maximum_of_the_likelihood():
    table, _ = sample()
    x, bad = statistics.features(table), np.asarray(table["obs_class"]) >= 2
    intercept, weights = statistics.fit(x, bad)

    def loss(parameters):
        score = parameters[0] + x @ parameters[1:]
        return np.sum(np.logaddexp(0, score) - bad * score)

    best = optimize.minimize(loss, np.zeros(4), method="BFGS", options={"gtol": 1e-8})
    assert loss([intercept, *weights]) == pytest.approx(best.fun, rel=1e-6)


def test_regression_survives_classes_that_a_line_separates():
    x = np.linspace(0, 1, 60)[:, None] ** [1, 2, 3]
    intercept, weights = statistics.fit(x, np.arange(60) >= 30)
    assert np.isfinite(intercept) and np.isfinite(weights).all()
    assert (((intercept + x @ weights) > 0) == (np.arange(60) >= 30)).all()


def test_separation_is_judged_on_the_test_side_with_an_interval():
    table, split = sample()
    found = statistics.separation(table, split, samples=300, level=0.95, seed=0)
    test = found["auc"]["test"]
    assert test["good"] + test["bad"] == np.sum(split["part"] == "test")
    assert 0.6 < test["low"] < test["auc"] < test["high"] <= 1
    # Fitted to the training side alone: changing the test side's values changes no weight.
    side = np.isin(table["obs_id"], split["id"][split["part"] == "test"])
    table["sigma"][side] *= 100
    again = statistics.separation(table, split, samples=300, level=0.95, seed=0)
    assert again["weights"] == found["weights"] and again["auc"]["train"] == found["auc"]["train"]


def test_statistics_that_tell_nothing_have_an_auc_near_one_half():
    table, split = sample(count=4000, shift=0.0)
    test = statistics.separation(table, split, samples=200, level=0.99, seed=0)["auc"]["test"]
    assert test["low"] < 0.5 < test["high"]


def test_images_without_a_statistic_are_left_out_and_counted():
    table, split = sample()
    table["kurtosis"][::50] = np.nan
    table["sigma"][7] = 0.0
    found = statistics.separation(table, split, samples=50, level=0.9, seed=0)
    assert found["left_out"] == 9
    assert sum(part["good"] + part["bad"] for part in found["auc"].values()) == 391


def test_negative_skewness_and_kurtosis_have_their_place():
    table, split = sample()
    table["skewness"] -= 20.0
    table["kurtosis"] -= 300.0
    found = statistics.separation(table, split, samples=50, level=0.9, seed=0)
    assert found["left_out"] == 0


def test_a_side_with_one_class_has_no_auc_and_says_so_in_json():
    table, split = sample()
    split["part"] = np.where(split["part"] == "test", "train", split["part"])
    test = statistics.separation(table, split, samples=50, level=0.9, seed=0)["auc"]["test"]
    assert test == {"auc": None, "low": None, "high": None, "good": 0, "bad": 0}


def test_what_cannot_be_fitted_is_refused():
    table, split = sample()
    with pytest.raises(InputError, match="list other observations"):
        statistics.separation(table[1:], split, samples=50, level=0.9, seed=0)
    table["obs_class"] = 0
    refused("lacks good images", statistics.separation, table, split, samples=50, level=0.9, seed=0)
    refused("rejects.ecsv", statistics.merge, [table[:0], table[:0]])
