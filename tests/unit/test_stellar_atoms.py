"""Ionisation, the line list, continuous opacity and the layer, against printed values."""

from pathlib import Path

import numpy as np
import pytest
from scipy import constants

from skyloom.errors import InputError
from skyloom.simulate.stellar import atmosphere, atoms, opacity

LINES = Path(__file__).parents[2] / "resources/lines/5000-5300.ecsv"


def ratio(elements, symbol, temperature, electron_pressure):
    """Singly ionised over neutral atoms."""
    row = elements.symbols.index(symbol)
    neutral, single, _ = elements.stages(temperature, electron_pressure)[row]
    return single / neutral


def test_ionisation_in_the_sun_is_as_carroll_and_ostlie_work_it_out(lines):
    # An Introduction to Modern Astrophysics, example 8.1.5: T = 5777 K, P_e = 1.5 N m^-2;
    # hydrogen 7.69e-5; calcium 918 with Z = 1.32 and 2.30.
    assert ratio(lines.elements, "H", 5777, 15) == pytest.approx(7.69e-5, rel=0.01)
    assert ratio(lines.elements, "Ca", 5777, 15) == pytest.approx(918, rel=0.03)


@pytest.mark.parametrize(("symbol", "energy"), [("Fe", 7.902), ("Mg", 7.646), ("Na", 5.139)])
def test_ionisation_follows_grays_logarithmic_formula(lines, symbol, energy):
    # log(N1/N0 P_e) = log(u1/u0) + 2.5 log T - 5040 I / T - 0.1762 (Gray, chapter 1).
    temperature, pressure = 6300.0, 20.0
    u = lines.elements.partition_functions(temperature)[lines.elements.symbols.index(symbol)]
    expected = np.log10(u[1] / u[0]) + 2.5 * np.log10(temperature) - 5040 * energy / temperature
    found = np.log10(ratio(lines.elements, symbol, temperature, pressure) * pressure)
    assert found == pytest.approx(expected - 0.1762, abs=0.004)


def test_partition_functions_have_their_textbook_values(lines):
    # Gray, table D.2, at theta = 1.0: log u of Fe I 1.43, Fe II 1.63, Na I 0.31,
    # Mg I 0.00; of hydrogen 2 exactly, of a bare proton 1.
    u = dict(zip(lines.elements.symbols, lines.elements.partition_functions(5040), strict=True))
    assert u["H"][:2] == pytest.approx([2, 1], rel=2e-3)
    assert np.log10(u["Fe"][:2]) == pytest.approx([1.43, 1.63], abs=0.03)
    assert np.log10([u["Na"][0], u["Mg"][0]]) == pytest.approx([0.31, 0.0], abs=0.02)


def test_the_parts_of_an_element_add_up_to_one(lines):
    assert lines.elements.stages(8000, 100).sum(axis=1) == pytest.approx(1)


def test_the_line_list_is_small_and_says_where_it_comes_from(lines):
    text = LINES.read_text()
    assert len(text) < 100_000 and 100 <= len(lines.wavelength) <= 400
    for word in ("Gaia-ESO", "turbospectrum", "Irwin", "Asplund"):
        assert word in text
    assert np.all(np.diff(lines.wavelength) >= 0)


@pytest.mark.parametrize(
    ("wavelength", "species", "log_gf", "excitation"),
    [
        # NIST Atomic Spectra Database: Mg b, Fe I 5250.2 and 5232.9, Fe II 5169.0
        (5167.322, "Mg I", -0.93, 2.709),
        (5172.684, "Mg I", -0.39, 2.712),
        (5183.604, "Mg I", -0.18, 2.717),
        (5250.209, "Fe I", -4.94, 0.121),
        (5232.940, "Fe I", -0.06, 2.940),
        (5169.030, "Fe II", -1.00, 2.891),
    ],
)
def test_well_known_lines_have_the_values_of_nist(lines, wavelength, species, log_gf, excitation):
    near = [
        row
        for row, own in enumerate(lines.species)
        if own == species and abs(lines.wavelength[row] - wavelength) < 0.01
    ]
    assert len(near) == 1
    assert lines.log_gf[near[0]] == pytest.approx(log_gf, abs=0.05)
    assert lines.excitation[near[0]] == pytest.approx(excitation, abs=0.002)


def test_a_broken_line_list_is_refused_in_one_sentence(tmp_path):
    text = LINES.read_text()
    for old, new, words in (
        ('"Mg I"', '"Mg IX"', "species is unknown"),
        ("abundance: 7.5\n", "abondance: 7.5\n", "elements cannot be used"),
    ):
        assert old in text
        (tmp_path / "lines.ecsv").write_text(text.replace(old, new))
        with pytest.raises(InputError, match=words):
            atoms.read_lines(tmp_path / "lines.ecsv")


@pytest.mark.parametrize(
    ("energy", "megabarn"), [(0.8603280, 11.635), (1.00319, 26.318), (1.05625, 29.994)]
)
def test_detachment_of_h_minus_is_that_of_mclaughlin_2017(energy, megabarn):
    # J. Phys. B 50, 114001: its table, as Korg.jl keeps it. The free-free part is taken off by
    # going to a temperature at which next to nothing is left of it.
    wavelength = constants.h * constants.c / constants.e / energy * 1e10
    cold = 1500.0
    saha = 15 * 10 ** (0.754 * 5040 / cold) / (0.6665 * cold**2.5 * 2)
    stimulated = 1 - np.exp(-energy / (atoms.BOLTZMANN * cold))
    found = opacity.h_minus(wavelength, cold, 15.0) / (saha * stimulated)
    assert found == pytest.approx(megabarn * 1e-18, rel=0.04)


def test_hydrogen_jumps_at_the_balmer_limit_and_kramers_law_holds_between():
    below, above = (opacity.hydrogen(wavelength, 9000.0) for wavelength in (3640.0, 3650.0))
    assert below > 10 * above
    stimulated = [-np.expm1(-1.43878e8 / (w * 9000.0)) for w in (4000.0, 8000.0)]
    strength = [
        opacity.hydrogen(w, 9000.0) / s for w, s in zip((4e3, 8e3), stimulated, strict=True)
    ]
    assert strength[1] / strength[0] == pytest.approx(8)


def test_rayleigh_and_thomson_scattering_have_their_known_sizes():
    assert opacity.THOMSON == pytest.approx(6.652e-25, rel=1e-3)
    # lambda^-4 law far from Lyman alpha.
    assert opacity.rayleigh(20000.0) * 16 == pytest.approx(opacity.rayleigh(10000.0), rel=0.03)


def test_the_suns_layer_is_like_a_solar_model(lines):
    # At tau = 0.25 solar models (VAL, Holweger-Mueller) have about log P_g 4.9, P_e 8-15.
    sun = atmosphere.layer(lines.elements, 5772, 4.44, 0.0)
    assert 4.6 < np.log10(sun.gas_pressure) < 5.0
    assert 5 < sun.electron_pressure < 16
    assert sun.stages[0, 0] > 0.999


@pytest.mark.parametrize("star", [(4000, 1.0, -1.0), (5772, 4.44, 0.0), (9500, 3.0, 0.5)])
def test_charges_add_up_and_the_layer_is_in_hydrostatic_equilibrium(lines, star):
    layer = atmosphere.layer(lines.elements, *star)
    thermal = 1e7 * constants.k * layer.temperature
    ions = layer.abundances @ (layer.stages[:, 1] + 2 * layer.stages[:, 2])
    nuclei = layer.neutral_hydrogen / layer.stages[0, 0]
    assert layer.electrons == pytest.approx(nuclei * ions)
    assert layer.electron_pressure == pytest.approx(layer.electrons * thermal)
    total = (nuclei * layer.abundances.sum() + layer.electrons) * thermal
    assert layer.gas_pressure == pytest.approx(total)
    mass = 1e3 * constants.atomic_mass * (layer.abundances @ lines.elements.mass)
    weight = 10.0 ** star[1] * atmosphere.DEPTH * mass / layer.absorption
    assert layer.gas_pressure == pytest.approx(weight, rel=1e-6)


def test_electron_pressure_rises_with_the_cube_root_of_gravity_in_cool_stars(lines):
    # Gray, chapter 9: P_e ~ g^(1/3) in cool stars.
    pressures = [
        atmosphere.layer(lines.elements, 5000, log_g, 0.0).electron_pressure
        for log_g in (1.0, 2.0, 3.0, 4.0)
    ]
    slopes = np.diff(np.log10(pressures))
    assert np.all((slopes > 0.28) & (slopes < 0.55))
