"""Noise: its statistics, its independence of blocks, and its estimate."""

import numpy as np
import pytest
from refusal import refused

from skyloom.arms.spectra import noise, variants, wavelengths


def test_noise_has_the_standard_deviation_of_photons():
    flux = np.tile([[1.0, 0.25, 0.0, -0.1]], (20000, 1))
    noisy = noise.add(flux, 50, seed=1, rows=np.arange(20000))
    np.testing.assert_allclose((noisy - flux).std(axis=0), [0.02, 0.01, 0, 0], rtol=0.02)
    assert abs((noisy - flux).mean(axis=0)).max() < 5e-4


def test_noise_depends_on_seed_and_row_alone():
    flux = np.ones((6, 50))
    whole = noise.add(flux, 100, seed=3, rows=np.arange(6))
    part = noise.add(flux[2:4], 100, seed=3, rows=np.array([2, 3]))
    np.testing.assert_array_equal(part, whole[2:4])
    assert not np.array_equal(noise.add(flux, 100, seed=4, rows=np.arange(6)), whole)
    assert len(np.unique(whole[:, 0])) == 6


def test_each_spectrum_may_have_its_own_ratio_and_none_adds_nothing():
    flux = np.ones((2, 20000), np.float32)
    noisy = noise.add(flux, np.array([20, 200]), seed=1, rows=[0, 1])
    assert noisy.dtype == np.float32
    np.testing.assert_allclose(noisy.std(axis=1), [0.05, 0.005], rtol=0.03)
    assert noise.add(flux, None, seed=1, rows=[0, 1]) is flux


@pytest.mark.parametrize("snr", [0, -3, np.nan, np.inf])
def test_impossible_ratios_are_refused(snr):
    refused("signal to noise", noise.add, np.ones((1, 5)), snr, seed=1, rows=[0], error=ValueError)


def test_the_estimate_finds_the_noise_below_lines_wider_than_five_pixels():
    place = np.arange(4000)
    flux = 1 - 0.5 * np.exp(-(((place % 400) - 200) ** 2) / 30**2)
    draws = np.random.default_rng(5).standard_normal((10, 4000))
    estimated = noise.estimate(flux + 0.01 * draws)
    np.testing.assert_allclose(estimated, 0.01, rtol=0.1)
    assert abs(estimated.mean() - 0.01) < 2e-4
    assert noise.estimate(flux) < 2e-4
    refused("five", noise.estimate, np.ones(4), error=ValueError)


def test_a_dataset_is_first_widened_then_made_noisy_and_does_not_depend_on_blocks():
    wavelength = wavelengths.linear(4460, 4480, 201)
    flux = np.ones((10, 201))
    flux[:, 100] = 0
    rows = np.arange(10)
    parameters = {"resolving_power": 1788, "snr": 1e5}
    whole = np.concatenate(list(variants.render([(flux, rows)], wavelength, parameters, 7)))
    blocks = ((flux[i : i + 3], rows[i : i + 3]) for i in range(0, 10, 3))
    parts = np.concatenate(list(variants.render(blocks, wavelength, parameters, 7)))
    np.testing.assert_array_equal(parts, whole)
    assert whole.dtype == np.float32
    # 2.5 Å wide: the lowest point is 0.1 / (2.5 * 1.0645) below the continuum.
    assert whole[:, 100] == pytest.approx(1 - 0.1 / (2.5 * 1.0645), abs=1e-3)
    plain = next(variants.render([(flux, rows)], wavelength, {}, 7))
    np.testing.assert_array_equal(plain, flux.astype(np.float32))
