"""The moving average against a slow sum and SciPy's filter."""

import numpy as np
import pytest
from scipy.ndimage import uniform_filter1d

from skyloom.arms.sdss.smoothing import moving_average


def slow(flux, window, good):
    """One pixel after another; then straight lines over what is not known."""
    half, values = window // 2, []
    for pixel in range(len(flux)):
        near = slice(max(0, pixel - half), pixel + half + 1)
        own = flux[near][good[near]]
        values.append(own.mean() if len(own) else np.nan)
    values, place = np.array(values), np.arange(len(flux))
    sure = np.isfinite(values)
    return np.interp(place, place[sure], values[sure])


@pytest.mark.parametrize("window", [1, 3, 9, 51, 401])
def test_masked_pixels_do_not_take_part(window):
    random = np.random.default_rng(window)
    flux = 1e3 + random.normal(size=(6, 300))
    good = random.random(flux.shape) < [[1], [0.9], [0.5], [0.1], [0.02], [1]]
    good[:, 150] = True
    good[5, :40] = good[5, 200:240] = False
    dirty = np.where(good, flux, random.choice([np.nan, np.inf, 1e30], flux.shape))
    ours = moving_average(dirty, window, good)
    for row in range(6):
        np.testing.assert_allclose(ours[row], slow(flux[row], window, good[row]), rtol=1e-12)


@pytest.mark.parametrize("window", [1, 3, 9, 101])
def test_without_masks_it_is_scipys_uniform_filter_of_what_lies_within_the_spectrum(window):
    flux = np.random.default_rng(0).normal(size=(5, 4600))
    inside = {"mode": "constant", "axis": -1}
    expected = uniform_filter1d(flux, window, **inside)
    expected /= uniform_filter1d(np.ones_like(flux), window, **inside)
    np.testing.assert_allclose(moving_average(flux, window), expected, rtol=0, atol=1e-12)
    half = window // 2
    middle = slice(half, 4600 - half)
    plain = uniform_filter1d(flux, window, axis=-1)[:, middle]
    np.testing.assert_allclose(moving_average(flux, window)[:, middle], plain, rtol=0, atol=1e-12)


def test_noise_falls_with_the_root_of_the_window():
    noise = np.random.default_rng(1).normal(size=(20, 4600))
    assert moving_average(noise, 9).std() == pytest.approx(1 / 3, rel=0.02)


def test_a_spectrum_without_good_pixels_is_nan_and_spoils_no_other():
    flux = np.ones((3, 30))
    good = np.array([True, False, True])[:, None] & np.ones((3, 30), bool)
    values = moving_average(flux, 5, good)
    assert np.isnan(values[1]).all() and (values[[0, 2]] == 1).all()


@pytest.mark.parametrize("window", [0, 2, -3, 2.5])
def test_a_window_without_a_middle_is_refused(window):
    with pytest.raises(ValueError, match="odd"):
        moving_average(np.ones(9), window)
