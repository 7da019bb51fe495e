"""The synthetic universe's laws give the numbers that their papers print."""

import numpy as np
import pytest
from refusal import refused

from skyloom.simulate.universe import cosmology, gas_laws, lineages
from skyloom.simulate.universe import galaxy_laws as laws


def density_of(hydrogen):
    """Msun/kpc^3 for n_H in cm^-3, from constants written out anew."""
    return hydrogen * 1.67262192e-24 / 0.76 * (3.0856776e21) ** 3 / 1.98841e33


def test_age_and_its_inverse_agree_with_astropy():
    from astropy.cosmology import FlatLambdaCDM

    reference = FlatLambdaCDM(H0=67.74, Om0=0.3089, Tcmb0=0)
    z = np.array([0.0, 0.0994, 0.1973, 1.0])
    np.testing.assert_allclose(cosmology.age(z), reference.age(z).value, rtol=1e-5)
    np.testing.assert_allclose(cosmology.scale_factor_at(cosmology.age(z)), 1 / (1 + z), rtol=1e-9)
    density = reference.critical_density(z).to("Msun / kpc3").value
    np.testing.assert_allclose(cosmology.critical_density(z), density, rtol=1e-4)


def test_a_snapshot_without_a_redshift_is_refused():
    refused(r"tng\.snapshots holds 50", cosmology.redshift, 50)
    refused("each once", cosmology.check_snapshots, [99, 99])


def test_stellar_mass_at_the_characteristic_mass_is_the_printed_normalisation():
    assert laws.stellar_mass(10**11.590) == pytest.approx(0.0351 * 10**11.590)


def test_stellar_efficiency_peaks_where_moster_prints_it():
    # Moster et al. (2013), section 4.2: the peak at z = 0 is at 10^11.8 Msun.
    mass = np.logspace(11, 13, 2001)
    peak = mass[np.argmax(laws.stellar_mass(mass) / mass)]
    assert np.log10(peak) == pytest.approx(11.8, abs=0.1)


def test_milky_way_halo_has_the_concentration_radius_and_growth_of_the_literature():
    assert laws.concentration(1e12 / 0.6774) == pytest.approx(10**0.905)
    assert cosmology.radius_200(1e12, 0.0) == pytest.approx(211, abs=2)
    assert laws.halo_growth(1e12, 8.2, 1.0) == pytest.approx(1e12 * np.exp(-1.0))


def test_quenched_fraction_is_one_minus_one_over_e_at_the_scale_mass():
    assert laws.quenched_fraction(10**10.56) == pytest.approx(1 - np.exp(-1))
    assert laws.quenched_fraction(1.0, satellite=True) == pytest.approx(0.4, abs=1e-6)


def test_gas_fraction_and_hi_diameter_are_those_of_their_papers():
    assert laws.cold_gas_mass(1e10) == pytest.approx(1e10 * 10**-0.41)
    hydrogen = 1e9
    cold = hydrogen * laws.HELIUM_FACTOR / (1 - laws.MOLECULAR_SHARE)
    length = laws.atomic_scale_length(cold)
    assert 4.4 * length == pytest.approx(10 ** (0.506 * 9 - 3.293))
    at_edge = hydrogen / (2 * np.pi * (1e3 * length) ** 2) * np.exp(-2.2)
    assert at_edge == pytest.approx(1.0, rel=0.1)


def test_tully_fisher_gives_the_milky_way_some_200_km_per_s():
    assert laws.flat_velocity(47 * 200.0**4) == pytest.approx(200)


def test_random_walk_keeps_its_spread_and_forgets():
    rng = np.random.default_rng(3)
    walk = laws.ornstein_uhlenbeck([0.0, 0.17, 5.0], 0.2, 0.17, rng, 40000)
    np.testing.assert_allclose(walk.std(axis=0), 0.2, rtol=0.02)
    correlation = np.corrcoef(walk.T)
    assert correlation[0, 1] == pytest.approx(np.exp(-1), abs=0.02)
    assert correlation[0, 2] == pytest.approx(0.0, abs=0.02)


def test_halo_masses_follow_the_slope_of_the_mass_function():
    mass = laws.halo_mass((np.arange(100000) + 0.5) / 100000, 1e11, 1e13)
    count = np.histogram(np.log10(mass), bins=[11, 11.5, 12])[0]
    assert count[0] / count[1] == pytest.approx(10 ** (0.9 * 0.5), rel=0.01)


def test_star_formation_consumes_gas_in_2_2_gyr_at_the_threshold_and_none_below():
    density = density_of(np.array([0.0999, 0.1001, 10.0]))
    rate = gas_laws.star_formation_rate(np.full(3, 2.2e9), density)
    np.testing.assert_allclose(rate, [0.0, 1.0, 10.0], rtol=2e-3)


def test_a_sheet_of_gas_follows_kennicutt_schmidt():
    # Kennicutt (1998): 2.5e-4 (S / Msun pc^-2)^1.4 Msun/yr/kpc^2, scatter 0.3 dex.
    surface = np.array([15.0, 30.0, 100.0])
    middle = gas_laws.midplane_density(surface * 1e6)
    rate = gas_laws.star_formation_rate(surface * 1e6, middle)
    assert np.all(np.abs(np.log10(rate / (2.5e-4 * surface**1.4))) < 0.3)


def test_star_forming_gas_is_1e4_kelvin_at_the_threshold_and_1e5_kelvin_at_a_hundred_times_it():
    temperature, clouds = gas_laws.multiphase(density_of(np.array([0.1, 10.0])))
    np.testing.assert_allclose(temperature, [1e4, 1e5], rtol=0.2)
    assert np.all((clouds > 0.9) & (clouds < 1))


def test_virial_temperature_of_a_milky_way_halo_is_7_6e5_kelvin():
    # By hand: 1.98e4 (1e4)^(2/3) (102.4 / 177.7)^(1/3) / 10 with d = -0.6911.
    assert gas_laws.virial_temperature(1e12 / 0.6774, 0.0) == pytest.approx(7.65e5, rel=0.01)
    # At high redshift the universe is flat matter: Om Dc / 18 pi^2 tends to Om.
    high = gas_laws.virial_temperature(1e8 / 0.6774, 99.0)
    assert high == pytest.approx(1.98e4 * 0.3089 ** (1 / 3) * 10, rel=0.01)


def test_ionisation_rates_are_those_of_cen():
    # Katz et al. (1996), table 2, worked out at T = 1e5 K, where T5 = 1, T3 = 100, T6 = 0.1.
    rate = gas_laws.ionisation_rates(1e5)
    assert rate["ionise_H"] == pytest.approx(5.85e-11 * 316.23 / 2 * np.exp(-1.578091), rel=1e-4)
    assert rate["recombine_H+"] == pytest.approx(8.4e-11 / 316.23 * 0.39811 / 1.19953, rel=1e-4)
    assert rate["recombine_He++"] == pytest.approx(4 * rate["recombine_H+"])


def test_hydrogen_is_half_ionised_near_1_6e4_kelvin_and_hot_gas_wholly():
    electrons = gas_laws.electron_abundance(np.array([6e3, 1.57e4, 1e7]))
    assert electrons[0] < 1e-6
    assert 0.3 < electrons[1] < 0.7
    assert electrons[2] == pytest.approx(1.158, abs=1e-3)


def test_internal_energy_of_ionised_gas_is_that_of_its_sound_speed():
    # mu = 0.588; u = 3/2 k T / (mu m_p) = 3/2 x 8254 / 0.588 (km/s)^2 at 1e6 K.
    assert gas_laws.internal_energy(1e6, 1.158) == pytest.approx(1.5 * 8254 / 0.588, rel=2e-3)


def test_beta_model_encloses_its_mass():
    x, central = gas_laws.beta_profile(np.array([0.0, 0.5, 1.0]), 20.0)
    grid = np.linspace(0, x[1], 20001)
    half = np.trapezoid(4 * np.pi * grid**2 * central * (1 + grid**2) ** -0.75, grid)
    assert (x[0], x[2]) == (0.0, 20.0)
    assert half == pytest.approx(0.5, rel=1e-3)


def test_arms_have_the_asked_contrast():
    uniform = (np.arange(200000) + 0.5) / 200000 * 2 * np.pi
    phase = gas_laws.arm_phase(uniform, 2, 0.8)
    density = np.histogram(np.mod(2 * phase, 2 * np.pi), bins=400)[0] / 500
    assert (density.max(), density.min()) == pytest.approx((1.8, 0.2), abs=0.01)


def test_clouds_have_the_slope_of_rice():
    mass = gas_laws.cloud_masses((np.arange(100000) + 0.5) / 100000)
    assert mass.min() >= 1e6 and mass.max() <= 1e7
    share = (1 - 3**-0.59) / (1 - 10**-0.59)
    assert np.mean(mass < 3e6) == pytest.approx(share, abs=1e-3)


def test_too_few_galaxies_for_the_hard_cases_are_refused():
    refused(r"tng\.synthetic\.galaxies is 11", lineages.draw, galaxies=11, seed=0)
