"""Resampling against analytic integrals, a slow loop and specutils."""

import itertools

import numpy as np
import pytest
from refusal import refused

from skyloom.arms.spectra import resampling, wavelengths


def slow(wavelength, flux, new):
    """The mean over each new pixel, pixel by pixel."""
    old, ours = resampling.edges(wavelength), resampling.edges(new)
    means = []
    for low, high in itertools.pairwise(ours):
        shared = np.minimum(old[1:], high) - np.maximum(old[:-1], low)
        means.append(np.sum(np.clip(shared, 0, None) * flux) / (high - low))
    return np.array(means)


def uneven(rng, count=400):
    return 4000 + np.cumsum(rng.uniform(0.05, 0.3, count))


@pytest.mark.parametrize("pixels", [37, 200, 1500])
def test_means_agree_with_a_slow_loop_on_uneven_grids(pixels):
    rng = np.random.default_rng(1)
    wavelength = uneven(rng)
    flux = rng.random((3, 400))
    new = np.linspace(wavelength[20], wavelength[-21], pixels)
    resampled = resampling.resample(wavelength, flux, new)
    for own, one in zip(flux, resampled, strict=True):
        np.testing.assert_allclose(one, slow(wavelength, own, new), rtol=1e-10)


def test_means_agree_with_specutils():
    specutils = pytest.importorskip("specutils")
    from astropy import units
    from specutils.manipulation import FluxConservingResampler

    rng = np.random.default_rng(2)
    wavelength, flux = wavelengths.linear(4450, 4490, 445), rng.random(445)
    new = wavelengths.linear(4460, 4480, 201)
    spectrum = specutils.Spectrum(
        spectral_axis=wavelength * units.AA, flux=flux * units.dimensionless_unscaled
    )
    theirs = FluxConservingResampler()(spectrum, new * units.AA).flux.value
    np.testing.assert_allclose(
        resampling.resample(wavelength, flux, new), theirs, rtol=1e-8, atol=1e-10
    )


def test_the_integral_is_kept_when_the_new_grid_covers_the_same_range():
    rng = np.random.default_rng(3)
    wavelength, flux = wavelengths.linear(1.5, 300.5, 300), rng.random(300)
    new = wavelengths.linear(6.0, 296.0, 30)  # pixels of 10 from 1 to 301
    resampled = resampling.resample(wavelength, flux, new)
    assert resampled.sum() * 10 == pytest.approx(flux.sum(), rel=1e-12)
    np.testing.assert_allclose(resampled, flux.reshape(30, 10).mean(axis=1), rtol=1e-12)


def test_means_of_a_straight_line_are_exact_where_pixels_divide():
    wavelength = wavelengths.linear(1000, 1999, 1000)
    new = wavelengths.linear(1101.5, 1897.5, 200)
    np.testing.assert_allclose(resampling.resample(wavelength, wavelength, new), new, rtol=1e-12)


def test_the_same_grid_gives_the_same_spectrum():
    rng = np.random.default_rng(4)
    wavelength, flux = uneven(rng), rng.random(400)
    np.testing.assert_allclose(
        resampling.resample(wavelength, flux, wavelength), flux, rtol=0, atol=1e-12
    )


def test_interpolation_of_a_well_sampled_line_recovers_it_on_a_finer_grid():
    wavelength, new = np.arange(4440.2, 4500, 0.9), wavelengths.linear(4460, 4480, 201)

    def line(at):
        return 1 - 0.4 * np.exp(-4 * np.log(2) * ((at - 4471.5) / 2.9) ** 2)

    fine = resampling.resample(wavelength, line(wavelength), new, method="interpolate")
    assert abs(fine - line(new)).max() < 1.5e-3
    stairs = resampling.resample(wavelength, line(wavelength), new)
    assert abs(stairs - line(new)).max() > 0.02


def test_the_automatic_method_conserves_finer_and_interpolates_coarser_observations():
    new = wavelengths.linear(4460, 4480, 201)
    assert resampling.method_for(np.arange(4440, 4500, 0.09), new) == "conserve"
    assert resampling.method_for(new, new) == "conserve"
    assert resampling.method_for(np.arange(4440, 4500, 0.9), new) == "interpolate"


@pytest.mark.parametrize("method", ["conserve", "interpolate"])
def test_pixels_outside_are_refused_or_nan(method):
    wavelength = wavelengths.linear(100, 200, 101)
    new = wavelengths.linear(150, 210, 61)
    with pytest.raises(ValueError, match="covers"):
        resampling.resample(wavelength, wavelength, new, method=method)
    values = resampling.resample(wavelength, wavelength, new, method=method, outside="nan")
    np.testing.assert_array_equal(np.isnan(values), new > 200)


@pytest.mark.parametrize("wrong", [[1, 3, 2], [1, 1, 2], [1, np.nan, 3], [[1, 2], [3, 4]]])
def test_wavelengths_that_do_not_increase_are_refused(wrong):
    refused("wavelengths", resampling.edges, wrong, error=ValueError)


def test_nan_and_wrong_lengths_are_refused():
    refused("NaN", resampling.resample, [1, 2, 3], [1, np.nan, 1], [1, 2], error=ValueError)
    refused("belong", resampling.resample, [1, 2, 3], [1, 1], [1, 2], error=ValueError)


def test_downsampling_is_the_mean_of_blocks():
    flux = np.arange(24, dtype=np.float32).reshape(2, 12)
    np.testing.assert_array_equal(
        resampling.downsample(flux, 4), [[1.5, 5.5, 9.5], [13.5, 17.5, 21.5]]
    )
    assert resampling.downsample(np.zeros((1, 29788)), 4).shape == (1, 7447)
    refused("divide", resampling.downsample, flux, 5, error=ValueError)
