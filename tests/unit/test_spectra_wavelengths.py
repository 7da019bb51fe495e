"""Wavelength scales against PyAstronomy, published values and their own inverses."""

import numpy as np
import pytest
from refusal import refused

from skyloom.arms.spectra import wavelengths


def test_vacuum_to_air_agrees_with_pyastronomys_ciddor():
    pyasl = pytest.importorskip("PyAstronomy.pyasl")
    vacuum = np.linspace(3000, 16900, 500)
    theirs = pyasl.vactoair2(vacuum, mode="ciddor")
    assert abs(wavelengths.vacuum_to_air(vacuum) - theirs).max() < 1e-10


def test_helium_and_hydrogen_lines_are_where_nist_lists_them_in_air_and_vacuum():
    # NIST Atomic Spectra Database: H alpha 6562.79 (air), 6564.61 (vacuum); Na D2 5889.951 and
    # 5891.583; He I 10830.34 and 10833.31.
    air = wavelengths.vacuum_to_air([6564.61, 5891.583, 10833.31])
    assert air == pytest.approx([6562.79, 5889.951, 10830.34], abs=0.01)


def test_air_to_vacuum_is_the_inverse_of_vacuum_to_air():
    vacuum = np.linspace(2300, 16900, 1000)
    air = wavelengths.vacuum_to_air(vacuum)
    assert abs(wavelengths.air_to_vacuum(air) - vacuum).max() < 1e-10


@pytest.mark.parametrize("value", [1200.0, 25000.0, np.nan])
def test_wavelengths_beyond_the_formula_are_refused(value):
    refused("refractive index", wavelengths.vacuum_to_air, [5000.0, value], error=ValueError)


def test_a_receding_stars_line_comes_back_to_rest():
    observed = 4471.5 * (1 + 300 / 299792.458)
    assert wavelengths.to_rest(observed, 300) == pytest.approx(4471.5, abs=1e-10)
    assert wavelengths.to_rest(4471.5, -100) > 4471.5


@pytest.mark.parametrize("velocity", [np.nan, 3e5, -3e5])
def test_impossible_velocities_are_refused(velocity):
    refused("not possible", wavelengths.to_rest, 5000.0, velocity, error=ValueError)


def test_logarithmic_grid_has_even_steps_of_velocity_and_exact_ends():
    grid = wavelengths.logarithmic(5000, 5300, 7447)
    assert (grid[0], grid[-1]) == (5000, 5300)
    step = 299792.458 * np.log(5300 / 5000) / 7446
    assert wavelengths.velocity_step(grid) == pytest.approx(step, rel=1e-12)


def test_velocity_step_of_a_linear_grid_is_refused():
    with pytest.raises(ValueError, match="logarithmic"):
        wavelengths.velocity_step(wavelengths.linear(4460, 4480, 201))


@pytest.mark.parametrize("make", [wavelengths.linear, wavelengths.logarithmic])
def test_a_grid_is_made_again_bit_by_bit_from_its_attributes(make):
    grid = make(4460.0, 4480.0, 201)
    np.testing.assert_array_equal(wavelengths.grid(wavelengths.attributes(grid), 201), grid)


def test_a_grid_of_neither_kind_has_no_attributes():
    refused("neither", wavelengths.attributes, np.linspace(60, 70, 100) ** 2, error=ValueError)
    with pytest.raises(ValueError, match="wavelength_last"):
        wavelengths.grid({"wavelength_first": 1.0, "wavelength_scale": "log"}, 5)


@pytest.mark.parametrize("ends", [(5000, 4000, 10), (0, 10, 5), (1, 2, 1)])
def test_impossible_grids_are_refused(ends):
    refused("not possible", wavelengths.linear, *ends, error=ValueError)
