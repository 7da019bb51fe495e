"""Broadening against Gray's analytic transform, direct convolution, PyAstronomy and rotins."""

import numpy as np
import pytest
from scipy import integrate, special

from skyloom.arms.spectra import broadening, wavelengths

EPSILONS = [0.0, 0.3, 0.6, 1.0]


def lines(rng, count, pixels):
    """Spectra with narrow lines at random places, away from the ends."""
    flux = np.ones((count, pixels))
    for row in flux:
        row[rng.integers(pixels // 3, 2 * pixels // 3, 5)] -= rng.uniform(0.1, 0.9, 5)
    return flux


def direct(flux, v_sin_i, step, limb_darkening=0.6):
    """One spectrum, by the sum over pixels."""
    reach = int(v_sin_i / step) + 2
    velocity = np.arange(-reach, reach + 1) * step
    kernel = broadening.rotation_profile(velocity, v_sin_i, limb_darkening, width=step) * step
    return np.convolve(np.pad(flux, reach, mode="edge"), kernel, "valid")


@pytest.mark.parametrize("epsilon", EPSILONS)
def test_the_profile_has_unit_area_and_pixels_hold_its_integral(epsilon):
    def profile(velocity):
        return float(broadening.rotation_profile(velocity, 100.0, epsilon))

    assert integrate.quad(profile, -100, 100)[0] == pytest.approx(1, abs=1e-8)
    mean = broadening.rotation_profile(35.0, 100.0, epsilon, width=10.0)
    assert mean == pytest.approx(integrate.quad(profile, 30, 40)[0] / 10, rel=1e-9)
    edge = broadening.rotation_profile(99.0, 100.0, epsilon, width=10.0)
    assert edge == pytest.approx(integrate.quad(profile, 94, 100)[0] / 10, rel=1e-6)


@pytest.mark.parametrize("epsilon", EPSILONS)
def test_the_kernels_transform_is_the_analytic_one(epsilon):
    step, v = 0.5, 100.0
    velocity = np.arange(-220, 221) * step
    kernel = broadening.rotation_profile(velocity, v, epsilon, width=step) * step
    frequency = np.linspace(1e-4, 0.02, 50)
    transform = np.cos(2 * np.pi * frequency[:, None] * velocity) @ kernel
    u = 2 * np.pi * frequency * v
    sphere = 2 * (1 - epsilon) * special.j1(u) / u
    limb = 2 * epsilon * (np.sin(u) / u**3 - np.cos(u) / u**2)
    analytic = (sphere + limb) / (1 - epsilon / 3) * np.sinc(frequency * step)
    assert abs(transform - analytic).max() < 1e-5


def test_the_transforms_zeros_are_grays():
    # Gray 2005, section 18: zeros at 0.660, 1.162, 1.661 over v sin i for epsilon = 0.6.
    velocity = np.arange(-2000, 2001) * 0.05
    kernel = broadening.rotation_profile(velocity, 100.0, 0.6, width=0.05)
    frequency = np.linspace(0.001, 0.018, 20000)
    values = np.cos(2 * np.pi * frequency[:, None][::20] * velocity) @ kernel
    places = frequency[::20][np.flatnonzero(np.diff(np.sign(values)))] * 100
    assert places == pytest.approx([0.660, 1.162, 1.661], abs=0.003)


def test_rotation_equals_direct_convolution_for_any_velocity():
    rng = np.random.default_rng(1)
    flux, v = lines(rng, 40, 300), rng.uniform(0, 400, 40)
    rotated = broadening.rotate(flux, v, step=3.0)
    for one, own, velocity in zip(rotated, flux, v, strict=True):
        assert abs(one - direct(own, velocity, 3.0)).max() < 1e-13


def test_rotation_agrees_with_convolution_on_a_much_finer_grid():
    def spectrum(velocity):
        return 1 - 0.6 * np.exp(-((velocity / 30) ** 2))

    v, fine = 80.0, np.linspace(-80, 80, 400001)
    profile = broadening.rotation_profile(fine, v, 0.6)
    velocity = np.arange(-200, 201) * 2.0
    rotated = broadening.rotate(spectrum(velocity), v, step=2.0)
    for place in (100, 160, 180, 200, 240):
        exact = integrate.trapezoid(profile * spectrum(velocity[place] - fine), fine)
        assert rotated[place] == pytest.approx(exact, abs=1e-4)


def test_rotation_agrees_with_pyastronomy():
    pyasl = pytest.importorskip("PyAstronomy.pyasl")
    wavelength = np.linspace(4995, 5005, 4001)
    flux = 1 - 0.7 * np.exp(-(((wavelength - 5000) / 0.2) ** 2))
    step = 299792.458 * (wavelength[1] - wavelength[0]) / 5000
    for v, epsilon in ((30.0, 0.6), (80.0, 0.2)):
        theirs = pyasl.fastRotBroad(wavelength, flux, epsilon, v, effWvl=5000)
        ours = broadening.rotate(flux, v, step=step, limb_darkening=epsilon)
        assert abs(ours - theirs)[1500:2500].max() < 2e-5


def test_rotation_and_resolution_agree_with_rotins():
    rotins = pytest.importorskip("rotins")
    wavelength = np.linspace(4990, 5010, 8001)
    flux = 1 - 0.7 * np.exp(-(((wavelength - 5000) / 0.3) ** 2))
    theirs = rotins.core.RotKernel(60.0, 0.6).kernel(5000.0, step=0.0025)[1]
    step = 299792.458 * 0.0025 / 5000
    expected = np.convolve(flux, theirs, "same")
    ours = broadening.rotate(flux, 60.0, step=step)
    assert abs(ours - expected)[2000:6000].max() < 1e-4
    theirs = rotins.InsKernel(10000, "res").kernel(5000.0, step=0.0025, limit=2.0)[1]
    expected = np.convolve(flux, theirs, "same")
    ours = broadening.instrumental(wavelength, flux, 10000)
    assert abs(ours - expected)[3000:5000].max() < 1e-4


@pytest.mark.parametrize("v", [0.0, 1e-9, 0.3, 1.0, 1.7, 5.0, 77.7, 399.0])
def test_rotation_keeps_the_area_of_lines_to_rounding(v):
    flux = lines(np.random.default_rng(2), 4, 1001)
    rotated = broadening.rotate(flux, v, step=2.0)
    assert (1 - rotated).sum(axis=1) == pytest.approx((1 - flux).sum(axis=1), abs=1e-11)


@pytest.mark.parametrize("v", [0.0, 1e-300, 0.1, 0.99])
def test_rotation_below_half_a_pixel_leaves_the_very_same_numbers(v):
    flux = lines(np.random.default_rng(3), 2, 100)
    np.testing.assert_array_equal(broadening.rotate(flux, v, step=2.0), flux)


def test_rotation_does_not_ring_and_a_flat_spectrum_stays_flat_up_to_its_ends():
    step = np.ones(400)
    step[200:] = 0.2
    for v in (1.5, 10.0, 300.0):
        rotated = broadening.rotate(step, v, step=1.0)
        assert rotated.max() < 1 + 1e-12 and rotated.min() > 0.2 - 1e-12
    assert abs(broadening.rotate(np.full(50, 0.7), 500.0, step=1.0) - 0.7).max() < 1e-13


def test_a_spectrums_bytes_do_not_depend_on_its_company_nor_on_threads(monkeypatch):
    rng = np.random.default_rng(4)
    flux, v = lines(rng, 30, 257), rng.uniform(0, 200, 30)
    together = broadening.rotate(flux, v, step=1.5)
    np.testing.assert_array_equal(broadening.rotate(flux, v, step=1.5, workers=2), together)
    for row in range(30):
        np.testing.assert_array_equal(broadening.rotate(flux[row], v[row], step=1.5), together[row])
    monkeypatch.setattr(broadening, "_BLOCK", 1500)
    np.testing.assert_array_equal(broadening.rotate(flux, v, step=1.5), together)


def test_all_spectra_by_all_velocities_are_the_same_as_one_by_one():
    flux, v = lines(np.random.default_rng(5), 6, 300), np.array([0, 0.4, 2, 10, 50, 51, 200.0])
    grid = broadening.rotate_all(flux, v, step=1.0)
    assert grid.shape == (6, 7, 300)
    for column, velocity in enumerate(v):
        np.testing.assert_array_equal(grid[:, column], broadening.rotate(flux, velocity, step=1.0))


@pytest.mark.parametrize(
    ("flux", "v", "options", "words"),
    [
        ([1, np.nan, 1], 10.0, {"step": 1.0}, "NaN"),
        ([1, 1, 1], -1.0, {"step": 1.0}, "v sin i"),
        ([1, 1, 1], np.nan, {"step": 1.0}, "v sin i"),
        ([1, 1, 1], 1.0, {"step": 0.0}, "step"),
        ([1, 1, 1], 1.0, {"step": 1.0, "limb_darkening": 1.5}, "limb darkening"),
    ],
)
def test_impossible_rotations_are_refused(flux, v, options, words):
    with pytest.raises(ValueError, match=words):
        broadening.rotate(flux, v, **options)


def test_a_narrow_line_gets_the_resolutions_width_at_either_end_of_an_uneven_grid():
    wavelength = np.sort(np.concatenate([np.linspace(4000, 6000, 20001) ** 1.0]))
    wavelength = 4000 * (wavelength / 4000) ** 1.1
    for centre in (4200.0, 6000.0):
        flux = np.exp(-0.5 * ((wavelength - centre) / 0.3) ** 2)
        seen = broadening.instrumental(wavelength, flux, 1500.0)
        sigma = np.hypot(0.3, centre / 1500 / (2 * np.sqrt(2 * np.log(2))))
        expected = 0.3 / sigma * np.exp(-0.5 * ((wavelength - centre) / sigma) ** 2)
        # The width changes along the line by its own width over the wavelength: 1 in 3,500.
        assert abs(seen - expected).max() < 2e-3 * expected.max()
        area = [integrate.trapezoid(values, wavelength) for values in (seen, flux)]
        assert area[0] == pytest.approx(area[1], rel=1e-3)


def test_resolution_agrees_with_pyastronomy_on_an_even_grid():
    pyasl = pytest.importorskip("PyAstronomy.pyasl")
    wavelength = np.linspace(4990, 5010, 4001)
    flux = 1 - 0.7 * np.exp(-(((wavelength - 5000) / 0.2) ** 2))
    theirs = pyasl.instrBroadGaussFast(wavelength, flux, 20000, edgeHandling="firstlast")
    assert abs(broadening.instrumental(wavelength, flux, 20000) - theirs).max() < 2e-4


def test_resolution_far_finer_than_pixels_leaves_the_spectrum_and_flat_stays_flat():
    wavelength = wavelengths.linear(4460, 4480, 201)
    flux = lines(np.random.default_rng(6), 3, 201)
    np.testing.assert_allclose(
        broadening.instrumental(wavelength, flux, 1e7), flux, rtol=0, atol=1e-15
    )
    flat = broadening.instrumental(wavelength, np.full(201, 0.3), 1788)
    assert abs(flat - 0.3).max() < 1e-14


def test_resolution_in_blocks_is_the_same_as_at_once(monkeypatch):
    wavelength = wavelengths.logarithmic(5000, 5100, 700)
    flux = lines(np.random.default_rng(7), 3, 700)
    once = broadening.instrumental(wavelength, flux, 3000)
    monkeypatch.setattr(broadening, "_BLOCK", 2000)
    weights = broadening.gaussian_weights(wavelength, 3000)
    assert len(weights) > 3
    np.testing.assert_array_equal(
        broadening.instrumental(wavelength, flux, 3000, weights=weights), once
    )


@pytest.mark.parametrize("power", [0, -5.0, np.nan, np.inf])
def test_impossible_resolutions_are_refused(power):
    with pytest.raises(ValueError, match="resolving power"):
        broadening.instrumental([1.0, 2, 3], [1.0, 1, 1], power)
