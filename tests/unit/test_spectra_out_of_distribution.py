"""What is recognised as unlike the training side, and what is not."""

import numpy as np
import pytest
from refusal import refused

from skyloom.arms.spectra import broadening, noise, out_of_distribution, resampling, wavelengths

GRID = wavelengths.linear(4460, 4480, 201)
FINE = wavelengths.logarithmic(4440, 4500, 1200)


def family(count, seed):
    """Rotating stars with a He I 4471-like line, its forbidden neighbour and Mg II 4481."""
    rng = np.random.default_rng(seed)
    depth, width = rng.uniform(0.3, 0.6, (count, 1)), rng.uniform(0.6, 2, (count, 1))
    flux = 1 - depth * np.exp(-abs(FINE - 4471.5) / width)
    flux -= rng.uniform(0, 0.2, (count, 1)) * np.exp(-(((FINE - 4470) / 0.5) ** 2))
    flux -= rng.uniform(0, 0.3, (count, 1)) * np.exp(-(((FINE - 4481.2) / 0.3) ** 2))
    step = wavelengths.velocity_step(FINE)
    return broadening.rotate(flux, rng.uniform(100, 400, count), step=step)


def on_grid(flux, *, velocity=0.0):
    return resampling.resample(wavelengths.to_rest(FINE, -velocity), flux, GRID)


@pytest.fixture(scope="module")
def spectra():
    return [on_grid(family(count, seed)) for count, seed in ((800, 1), (300, 2), (100, 3))]


@pytest.fixture(scope="module")
def clean(spectra):
    return out_of_distribution.Coverage.fit(*spectra[:2])


def noisy(flux, snr, seed=9):
    return noise.add(flux, snr, seed=seed, rows=np.arange(len(flux)))


@pytest.mark.parametrize("snr", [None, 200, 100, 20])
def test_new_members_of_the_family_are_inside_whatever_their_noise(spectra, clean, snr):
    outside = clean.outside(noisy(spectra[2][:60], snr))
    assert outside.mean() <= 0.05


def test_a_noisy_training_side_takes_clean_and_noisy_members_in(spectra):
    train, validation, test = spectra
    region = out_of_distribution.Coverage.fit(noisy(train, 100, 1), noisy(validation, 100, 2))
    for snr in (None, 100):
        assert region.outside(noisy(test[:30], snr)).mean() <= 0.07
    emission = test[:10] + 0.2 * np.exp(-(((GRID - 4466) / 0.6) ** 2))
    assert region.outside(noisy(emission, 100)).all()


def strangers(flux):
    yield "shifted by 300 km/s", on_grid(family(8, 5), velocity=300.0)
    yield "an emission line", flux[:8] + 0.2 * np.exp(-(((GRID - 4466) / 0.6) ** 2))
    yield "another line", 1 - 0.5 * np.exp(-((GRID - 4465.0) ** 2))[None]
    yield "a continuum of 0.8", 0.8 * flux[:8]
    yield "not normalised", 1e-3 * flux[:8]
    yield "a narrow line", 1 - 0.9 * np.exp(-(((GRID - 4471.5) / 0.3) ** 2))[None]
    yield "a slope", flux[:8] * np.linspace(0.9, 1.1, 201)


@pytest.mark.parametrize("snr", [None, 100])
def test_strangers_are_outside(spectra, clean, snr):
    for name, flux in strangers(spectra[2]):
        assert clean.outside(noisy(flux, snr)).mean() >= 0.95, name


def test_the_share_of_the_validation_side_within_the_limit_is_the_quantile(spectra):
    region = out_of_distribution.Coverage.fit(*spectra[:2], quantile=0.9)
    distance = region.distance(spectra[1], noise=np.zeros(300))
    assert np.mean(distance <= region.limit) == pytest.approx(0.9, abs=0.01)


def test_interpolated_noise_of_coarse_pixels_is_judged_as_such(spectra, clean):
    draws = np.random.default_rng(4).standard_normal((40, 26)) / 50
    coarse = np.arange(26) * 0.9 + 4459.2
    flux = spectra[2][:40] + np.array([np.interp(GRID, coarse, row) for row in draws])
    told = clean.outside(flux, noise=np.full(40, 0.02), correlation=9.0)
    assert told.mean() <= 0.1
    assert clean.outside(flux).mean() > 0.5


def test_judging_is_the_same_each_time_and_one_by_one(spectra, clean):
    flux = noisy(spectra[2][:4], 50)
    distance, limit = clean.judge(flux)
    for row in range(4):
        alone = clean.judge(flux[row])
        assert (alone[0][0], alone[1][0]) == pytest.approx((distance[row], limit[row]), rel=1e-9)


def test_spectra_that_cannot_be_judged_are_refused(spectra, clean):
    refused(
        "two spectra",
        out_of_distribution.Coverage.fit,
        spectra[0][:1],
        spectra[1],
        error=ValueError,
    )
    with pytest.raises(ValueError, match="the same"):
        out_of_distribution.Coverage.fit(np.ones((5, 201)), np.ones((5, 201)))
    refused("201 pixels", clean.judge, np.ones((1, 200)), error=ValueError)
    refused("NaN", clean.judge, np.full((1, 201), np.nan), error=ValueError)
    refused("noise", clean.judge, spectra[2][:1], noise=-1.0, error=ValueError)
