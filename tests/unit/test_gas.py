"""Thermodynamics against numbers worked out by hand and with astropy's units."""

import numpy as np
import pytest
from astropy import constants as const
from astropy import units as u

from skyloom.arms.tng import gas


def test_neutral_primordial_gas_weighs_1_22_protons_and_ionised_gas_0_59():
    assert gas.mean_molecular_weight(0.0) == pytest.approx(4 / 3.28)
    assert gas.mean_molecular_weight(1.158) == pytest.approx(0.588, abs=1e-3)


def test_temperature_agrees_with_astropy_units():
    energy, abundance = np.array([100.0, 2.5e4]), np.array([0.1, 1.158])
    mu = 4 / (1 + 3 * 0.76 + 4 * 0.76 * abundance)
    expected = ((2 / 3) * energy * (u.km / u.s) ** 2 * mu * const.m_p / const.k_B).to_value(u.K)
    np.testing.assert_allclose(gas.temperature(energy, abundance), expected, rtol=1e-12)


@pytest.mark.parametrize("scale_factor", [1.0, 0.5])
def test_electron_density_agrees_with_astropy_units_at_any_redshift(scale_factor):
    hubble = 0.6774
    code = 1e10 * u.Msun / hubble / (scale_factor * u.kpc / hubble) ** 3
    expected = (1.1 * 0.76 * 3e-6 * code / const.m_p).to_value(u.cm**-3)
    ours = gas.electron_density(
        np.array([3e-6]), np.array([1.1]), scale_factor=scale_factor, hubble=hubble
    )
    np.testing.assert_allclose(ours, expected, rtol=1e-12)


def test_entropy_of_a_kev_at_one_electron_per_cubic_centimetre_is_one_kev_cm2():
    kelvin = (1 * u.keV / const.k_B).to_value(u.K)
    np.testing.assert_allclose(gas.entropy([kelvin, kelvin], [1.0, 8.0]), [1.0, 0.25], rtol=1e-12)


def cells(**changes):
    return {
        "Masses": np.full(3, 2.0),
        "Density": np.full(3, 1e-6),
        "InternalEnergy": np.full(3, 100.0),
        "ElectronAbundance": np.array([0.0, 1e-5, 1.0]),
        "StarFormationRate": np.array([0.0, 1.0, 0.0]),
        **changes,
    }


OPTIONS = {"scale_factor": 1.0, "hubble": 0.6774, "electron_abundance_floor": 1e-4}


def test_neutral_cells_take_the_floor_and_are_counted():
    properties, floored = gas.cell_properties(cells(), **OPTIONS)
    assert floored == 2
    assert np.isfinite(properties["entropy"]).all()


def test_star_forming_gas_takes_the_configured_temperature():
    properties, _ = gas.cell_properties(cells(), **OPTIONS, star_forming_temperature=1e4)
    effective, _ = gas.cell_properties(cells(), **OPTIONS)
    assert properties["temperature"][1] == 1e4
    np.testing.assert_array_equal(
        properties["temperature"][[0, 2]], effective["temperature"][[0, 2]]
    )


def test_log_entropy_is_the_logarithm_of_the_linear_one():
    linear, _ = gas.cell_properties(cells(), **OPTIONS)
    log, _ = gas.cell_properties(cells(), **OPTIONS, entropy_scale="log")
    np.testing.assert_allclose(log["entropy"], np.log10(linear["entropy"]))


@pytest.mark.parametrize(
    "changes",
    [
        {"Density": np.full(3, -1.0)},
        {"InternalEnergy": np.full(3, -1.0)},
        {"Density": np.full(2, 1.0)},
        {"Density": np.zeros(3)},
    ],
)
def test_gas_that_makes_no_sense_is_refused(changes):
    with pytest.raises(ValueError):
        gas.cell_properties(cells(**changes), **OPTIONS)


def test_no_gas_gives_empty_arrays():
    properties, floored = gas.cell_properties({k: v[:0] for k, v in cells().items()}, **OPTIONS)
    assert floored == 0 and all(len(array) == 0 for array in properties.values())
