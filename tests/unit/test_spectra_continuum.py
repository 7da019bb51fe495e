"""Continuum fits against polynomials known beforehand and a slow loop of NumPy's fits."""

import numpy as np
import pytest

from skyloom.arms.spectra import continuum

WAVELENGTH = np.linspace(4440, 4500, 601)


def absorbed(level, depth=0.5):
    lines = [4452, 4471.5, 4481.2]
    flux = np.ones_like(WAVELENGTH)
    for line in lines:
        flux -= depth * np.exp(-(((WAVELENGTH - line) / 1.5) ** 2))
    return flux * level


def polynomial(a, b, c):
    x = (WAVELENGTH - 4470) / 30
    return a + b * x + c * x**2


def slow(flux, order, low, high, iterations):
    kept = np.ones(len(flux), bool)
    x = (WAVELENGTH - 4470) / 30
    for iteration in range(iterations + 1):
        fit = np.polynomial.Polynomial.fit(x[kept], flux[kept], order)
        if iteration == iterations:
            return fit(x)
        residual = flux - fit(x)
        sigma = np.sqrt(np.mean(residual[kept] ** 2))
        kept = (residual >= -low * sigma) & (residual <= high * sigma)


def test_a_polynomial_continuum_is_recovered_below_lines_that_are_excluded():
    level = polynomial(3, 0.4, -0.2)
    normalised, fitted = continuum.normalise(
        WAVELENGTH,
        absorbed(level),
        order=2,
        exclude=[[4445, 4459], [4464, 4490]],
        low=5,
        high=5,
    )
    np.testing.assert_allclose(fitted, level, rtol=1e-5)
    np.testing.assert_allclose(normalised, absorbed(1), rtol=0, atol=1e-5)


def test_clipping_finds_the_continuum_between_lines_nobody_named():
    level = polynomial(2, -0.3, 0.1)
    _, fitted = continuum.normalise(WAVELENGTH, absorbed(level), order=2, iterations=30)
    np.testing.assert_allclose(fitted, level, rtol=2e-3)
    _, unclipped = continuum.normalise(WAVELENGTH, absorbed(level), order=2, iterations=0)
    assert abs(unclipped / level - 1).max() > 0.02


def test_a_batch_agrees_with_a_slow_loop():
    rng = np.random.default_rng(1)
    levels = [polynomial(*rng.uniform(0.5, 1, 3)) for _ in range(8)]
    flux = np.array([absorbed(level) for level in levels]) + rng.normal(0, 0.01, (8, 601))
    _, fitted = continuum.normalise(WAVELENGTH, flux, order=3, low=1.5, high=3.0, iterations=4)
    for row, own in zip(fitted, flux, strict=True):
        np.testing.assert_allclose(row, slow(own, 3, 1.5, 3.0, 4), rtol=1e-9)


def test_asymmetric_clipping_lifts_the_continuum_by_the_stated_part_of_the_noise():
    noise = np.random.default_rng(2).normal(0, 0.01, (400, 601))
    _, fitted = continuum.normalise(WAVELENGTH, 1 + noise, order=1, low=1.5, high=3.0, iterations=5)
    assert (fitted.mean() - 1) / 0.01 == pytest.approx(0.35, abs=0.03)


def test_a_cosmic_ray_and_tiny_fluxes_do_no_harm():
    level = polynomial(1, 0.1, 0)
    flux = level.copy()
    flux[300] = 50
    normalised, _ = continuum.normalise(WAVELENGTH, 1e-17 * flux, order=1)
    assert np.delete(normalised, 300) == pytest.approx(1, abs=1e-6)


def test_the_window_alone_is_fitted_and_the_continuum_goes_on_beside_it():
    level = polynomial(1, 0.2, 0)
    flux = np.where(WAVELENGTH < 4460, 7.0, level)
    _, fitted = continuum.normalise(WAVELENGTH, flux, order=1, window=(4460, 4500))
    np.testing.assert_allclose(fitted, level, rtol=1e-9)


@pytest.mark.parametrize(
    ("flux", "options", "words"),
    [
        (np.full(601, np.nan), {}, "NaN"),
        (np.ones(601), {"window": (4470, 4470.1), "order": 3}, "points"),
        (np.ones(601), {"exclude": [[4000, 5000]]}, "points"),
        (-np.ones(601), {}, "not positive"),
        (np.zeros(601), {}, "not positive"),
    ],
)
def test_continua_that_cannot_be_fitted_are_refused(flux, options, words):
    with pytest.raises(ValueError, match=words):
        continuum.normalise(WAVELENGTH, flux, **options)
