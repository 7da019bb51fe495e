"""The model of He I 4471: densities and populations, the Stark profile, published widths."""

import numpy as np
import pytest
from astropy import constants
from scipy.integrate import solve_ivp

from skyloom.simulate.helium import atmosphere, profile

#: Barnard, Cooper & Smith 1974 at 20,000 K: density (cm-3), then Å from 4471.5 and profile (per Å).
PUBLISHED = {
    1e13: {-3: 1.26e-4, -1.45: 2.06e-3, -0.8: 9.9e-4, 0: 3.74, 0.2: 0.876, 1: 7.6e-4, 3: 7.0e-5},
    1e14: {-3: 1.27e-3, -1.45: 1.75e-2, -0.8: 9.2e-3, 0: 3.10, 0.2: 1.00, 1: 7.7e-3, 3: 7.2e-4},
    1e15: {-3: 1.42e-2, -1.6: 7.75e-2, -0.8: 5.3e-2, 0.2: 1.19, 0.5: 0.51, 1: 0.100, 3: 7.4e-3},
    3e15: {-3: 4.21e-2, -1.8: 9.30e-2, -1.0: 6.6e-2, 0.4: 0.435, 1: 0.258, 2: 0.070, 5: 7.9e-3},
}
#: Jaschek & Jaschek 1987, main sequence: T_eff (K) of the type and equivalent width (Å).
MAIN_SEQUENCE = {
    "B5": (15_400, 0.84),
    "B3": (18_700, 1.39),
    "B2": (21_500, 1.47),
    "B0": (29_500, 1.12),
    "O9": (33_000, 1.0),
    "O8": (35_000, 0.9),
    "O6": (39_000, 0.4),
}
HELIUM = np.arange(4420, 4478, 0.04)


def width(teff, log_g):
    return profile.equivalent_width(HELIUM, profile.spectrum(HELIUM, teff, log_g))


@pytest.mark.parametrize("density", sorted(PUBLISHED))
def test_stark_profile_is_that_of_barnard_cooper_and_smith(density):
    offsets, values = map(np.array, zip(*PUBLISHED[density].items(), strict=True))
    sigma = profile.doppler(4471.5, 20_000.0, 4.0026, 0.0)
    ours = profile.helium_profile(4471.5 + offsets, density, sigma)
    error = np.log(ours / values)
    assert np.sqrt(np.mean(error**2)) < 0.25 and abs(error).max() < 0.5


@pytest.mark.parametrize("density", [1e13, 1e14, 1e15])
def test_stark_profile_has_area_one(density):
    near = 4471.5 + np.concatenate([np.arange(-4000, -10, 0.5), np.arange(-10, 10, 0.005)])
    wide = np.concatenate([near, 4471.5 + np.arange(10, 4000, 0.5)])
    area = np.trapezoid(profile.helium_profile(wide, density, 0.1), wide)
    assert area == pytest.approx(1, abs=2e-3)


def test_doppler_width_is_that_of_thermal_and_turbulent_speeds():
    speed = np.sqrt(constants.k_B.value * 20_000 / (4.0026 * constants.u.value) + 5e3**2 / 2)
    expected = 4471.5 * speed / constants.c.value
    assert profile.doppler(4471.5, 20_000.0, 4.0026, 5.0) == pytest.approx(expected, rel=1e-5)


def test_saha_equation_agrees_with_its_constants():
    c = constants
    t, electrons = 17_000.0, 3e14
    thermal = (2 * np.pi * c.m_e * c.k_B / c.h**2).si.value * t
    energy = 24.587 * c.e.si.value / (c.k_B.value * t)
    expected = 2 * 2.0 * thermal**1.5 * np.exp(-energy) / (electrons * 1e6)
    assert atmosphere.saha(t, electrons, 24.587, 2.0) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("log_g", [2.0, 4.0])
def test_electron_density_solves_hydrostatic_equilibrium(log_g):
    t = 18_000.0
    mass = 1.4 * atmosphere.ATOMIC_MASS / 1.1

    def slope(_, density):
        opacity = density * (6.652e-25 + atmosphere.hydrogen_opacity(t) * density / 1.1)
        return 10**log_g * mass * density / opacity / (2 * atmosphere.BOLTZMANN * t)

    solved = solve_ivp(slope, (0, 0.3), [1e9], rtol=1e-8, atol=1e3, method="LSODA")
    assert atmosphere.electron_density(t, log_g) == pytest.approx(solved.y[0, -1], rel=1e-3)


def test_densities_are_within_those_the_profile_was_fitted_to():
    teff, log_g = np.meshgrid([15e3, 25e3, 39e3], [2.0, 3.5, 5.0])
    density = atmosphere.layer(teff, log_g).electrons
    assert density.min() > 0.9e13 and density.max() < 3e15
    assert np.all(np.diff(density, axis=0) > 0)


@pytest.mark.parametrize("kind", sorted(MAIN_SEQUENCE))
def test_equivalent_width_is_that_of_main_sequence_stars(kind):
    teff, observed = MAIN_SEQUENCE[kind]
    assert width(teff, 4.0) == pytest.approx(observed, rel=0.25)


def test_equivalent_width_is_largest_at_b2():
    teff = np.arange(15_000, 39_001, 500)
    widths = width(teff, 4.0)
    assert 20_000 <= teff[widths.argmax()] <= 23_000
    assert np.all(np.diff(widths[teff >= 23_000]) < 0)


def test_supergiants_have_weaker_lines_than_dwarfs_where_helium_is_strong():
    assert width(18_500, 2.5) == pytest.approx(0.83, rel=0.25)
    assert np.all(np.diff([width(22_000, g) for g in (2.0, 3.0, 4.0, 5.0)]) > 0.05)


def test_forbidden_component_grows_with_gravity():
    flux = profile.spectrum(np.array([4470.0, 4473.0]), 20_000, np.arange(2, 4.1, 0.5))
    assert np.all(np.diff(flux[:, 1] - flux[:, 0]) > 0)
    assert flux[0, 0] > 0.95 and flux[-1, 0] < 0.75


def test_magnesium_weakens_with_temperature():
    near = np.arange(4480.2, 4482.2, 0.01)
    flux = profile.spectrum(near, np.array([15e3, 20e3, 25e3, 30e3, 35e3]), 4.0)
    ends = np.linspace(flux[:, 0], flux[:, -1], len(near), axis=1)
    widths = profile.equivalent_width(near, flux / ends)
    # B5 about 0.3 Å, B0 about 0.1 Å: bounds of our choice.
    assert np.all(np.diff(widths) < 0)
    assert 0.2 < widths[0] < 0.35 and 0.05 < widths[3] < 0.15


def test_lines_are_never_deeper_than_the_deepest():
    teff, log_g = np.meshgrid(np.arange(15e3, 40e3, 4e3), [2.0, 3.0, 4.0, 5.0])
    flux = profile.spectrum(np.arange(4460, 4485, 0.05), teff, log_g)
    assert flux.min() > 0.30 and flux.max() <= 1


def test_a_stack_of_models_is_each_of_them():
    wavelength = np.arange(4465, 4485, 0.1)
    both = profile.spectrum(wavelength, np.array([16e3, 30e3]), np.array([2.5, 4.5]))
    np.testing.assert_allclose(both[1], profile.spectrum(wavelength, 30e3, 4.5), rtol=1e-13)


def test_hotter_stars_have_hotter_layers():
    teff = np.arange(13_000, 40_001, 250)
    for log_g in (2.0, 3.5, 5.0):
        layer = atmosphere.layer(teff, log_g)
        assert np.all(np.diff(layer.temperature) > 0)
        assert np.all(layer.temperature < teff) and np.all(layer.temperature > 0.79 * teff)
