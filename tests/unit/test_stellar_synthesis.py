"""Synthetic spectra: profiles, curve of growth, trends with every label, rotation."""

import dataclasses

import numpy as np
import pytest
from astropy import units
from astropy.modeling.models import BlackBody
from scipy import special

from skyloom import prefetch
from skyloom.arms.spectra import broadening
from skyloom.arms.spectra.stellar import grid
from skyloom.errors import InputError
from skyloom.simulate.stellar import atmosphere, atoms, blocks, synthesis

C = 299792.458
SUN = (5772, 4.44, 0.0)


def only(lines, wavelength, species, log_gf=None):
    """A line list of one line."""
    row = next(
        number
        for number, own in enumerate(lines.species)
        if own == species and abs(lines.wavelength[number] - wavelength) < 0.02
    )
    chosen = {
        name: getattr(lines, name)[row : row + 1]
        for name in (field.name for field in dataclasses.fields(lines) if field.name != "elements")
    }
    if log_gf is not None:
        chosen["log_gf"] = np.array([log_gf])
    return atoms.Lines(**chosen, elements=lines.elements)


def around(wavelength, half=12.0, step=0.002):
    """Wavelengths, even in velocity, around a line."""
    count = round(2 * half / step) + 1
    return np.exp(np.linspace(np.log(wavelength - half), np.log(wavelength + half), count))


def width(one, star, **room):
    """Equivalent width in mÅ of a line alone."""
    layer = atmosphere.layer(one.elements, *star)
    wavelength = around(one.wavelength[0], **room)
    return 1e3 * np.trapezoid(1 - synthesis.residual_flux(one, layer, wavelength), wavelength)


def test_a_line_has_the_voigt_profile_of_scipy(lines):
    one = only(lines, 5183.604, "Mg I")
    layer = atmosphere.layer(lines.elements, *SUN)
    strength, doppler, damping = (value[0] for value in synthesis.line_strengths(one, layer))
    wavelength = around(5183.604, half=3.0)
    velocity = np.log(wavelength / 5183.604) * C
    # H(a, u) = sqrt(pi) b x Voigt profile of sigma = b / sqrt(2) and gamma = a b.
    profile = special.voigt_profile(velocity, doppler / np.sqrt(2), damping * doppler)
    expected = strength * np.sqrt(np.pi) * doppler * profile
    np.testing.assert_allclose(
        synthesis.opacity_ratio(one, layer, wavelength), expected, rtol=1e-6, atol=1e-4
    )


@pytest.mark.parametrize("star", [SUN, (3500, 5.0, 0.5), (9500, 4.0, 0.0)])
def test_cutting_lines_short_changes_the_flux_by_less_than_a_thousandth(lines, star):
    layer = atmosphere.layer(lines.elements, *star)
    wavelength = synthesis.pixels((5000, 5300), 3000, 0).wavelength
    velocity = np.log(wavelength[:, None] / lines.wavelength) * C
    strength, doppler, damping = synthesis.line_strengths(lines, layer)
    whole = (strength * special.wofz(velocity / doppler + 1j * damping).real).sum(axis=1)
    depth = synthesis.greatest_depth(layer, wavelength)
    expected = 1 - depth * whole / (1 + whole)
    found = synthesis.residual_flux(lines, layer, wavelength)
    # 400 lines, each cut at 5e-5 of the continuum, most of them far away.
    assert np.abs(found - expected).max() < 2e-3
    assert np.abs(found - expected).mean() < 5e-4


def test_a_weak_line_has_the_width_of_the_optically_thin_limit(lines):
    # W = (pi e^2 / m c^2) lambda^2 N f / kappa x greatest depth.
    one = only(lines, 5250.209, "Fe I", log_gf=-7.5)
    layer = atmosphere.layer(lines.elements, *SUN)
    thermal = atoms.BOLTZMANN * layer.temperature
    row = lines.elements.symbols.index("Fe")
    u = lines.elements.partition_functions(layer.temperature)[row, 0]
    lower = layer.abundances[row] * layer.stages[row, 0] * np.exp(-0.121 / thermal) / u
    lower *= 1 - np.exp(-12398.42 / 5250.209 / thermal)
    thin = 8.8528e-13 * (5250.209e-8) ** 2 * lower * 10**-7.5 / layer.absorption
    expected = 1e8 * 1e3 * thin * synthesis.greatest_depth(layer, 5250.209)
    assert width(one, SUN, half=1.0) == pytest.approx(expected, rel=0.02)


def test_the_curve_of_growth_has_a_linear_a_flat_and_a_damping_part(lines):
    strength = np.arange(-8, 0.51, 0.5)
    widths = [
        width(only(lines, 5250.209, "Fe I", log_gf), SUN, half=40.0, step=0.004)
        for log_gf in strength
    ]
    slope = np.gradient(np.log10(widths), strength)
    assert slope[0] == pytest.approx(1, abs=0.03)
    flattest = int(np.argmin(slope))
    assert slope[flattest] < 0.3 and 3 < flattest < len(slope) - 4
    assert slope[-2] == pytest.approx(0.5, abs=0.05)


def test_no_line_is_deeper_than_plancks_functions_allow(lines):
    layer = atmosphere.layer(lines.elements, *SUN)
    wavelength = around(5183.604, half=3.0)
    # astropy's B_nu at the surface and at Teff.
    surface, continuum = (
        BlackBody(temperature * units.K)(5183.604 * units.AA)
        for temperature in (0.75 * 5772, 5772.0)
    )
    deepest = 1 - float(surface / continuum)
    assert synthesis.greatest_depth(layer, 5183.604) == pytest.approx(deepest, rel=1e-6)
    flux = synthesis.residual_flux(lines, layer, wavelength)
    assert flux.min() > 1 - deepest - 1e-3
    assert flux.min() == pytest.approx(1 - deepest, abs=0.01)


def test_known_lines_of_the_sun_have_about_their_observed_widths(lines):
    # mÅ, rounded, as observed in the Sun: within a factor 1.5, without a free parameter.
    observed = {
        (5247.050, "Fe I"): 66,
        (5250.209, "Fe I"): 65,
        (5250.646, "Fe I"): 104,
        (5225.526, "Fe I"): 72,
        (5197.567, "Fe II"): 84,
        (5234.623, "Fe II"): 87,
        (5264.802, "Fe II"): 48,
        (5183.604, "Mg I"): 1584,
        (5172.684, "Mg I"): 1259,
    }
    found = [width(only(lines, *line), SUN, half=40.0) for line in observed]
    ratio = np.array(found) / list(observed.values())
    assert np.all((ratio > 1 / 1.5) & (ratio < 1.5))


def test_neutral_iron_weakens_with_temperature_and_ionised_iron_gains_on_it(lines):
    neutral, ionised = only(lines, 5250.209, "Fe I"), only(lines, 5234.623, "Fe II")
    stars = [(teff, 4.0, 0.0) for teff in (4500, 5500, 6500, 7500)]
    first, second = (
        np.array([width(one, star, half=3.0) for star in stars]) for one in (neutral, ionised)
    )
    assert np.all(np.diff(first) < 0)
    assert np.all(np.diff(second / first) > 0)


def test_lower_gravity_strengthens_ionised_over_neutral_iron(lines):
    neutral, ionised = only(lines, 5250.646, "Fe I"), only(lines, 5234.623, "Fe II")
    ratios = [
        width(ionised, (5500, log_g, 0.0), half=3.0) / width(neutral, (5500, log_g, 0.0), half=3.0)
        for log_g in (4.5, 3.5, 2.5, 1.5)
    ]
    assert np.all(np.diff(ratios) > 0)


@pytest.mark.parametrize("line", [(5250.209, "Fe I"), (5197.567, "Fe II"), (5172.684, "Mg I")])
def test_lines_strengthen_with_metallicity(lines, line):
    one = only(lines, *line)
    widths = [width(one, (5500, 4.0, m_h)) for m_h in (-2.5, -1.5, -0.5, 0.5)]
    assert np.all(np.diff(widths) > 0)


def test_the_wings_of_mg_b_widen_with_gravity_in_dwarfs(lines):
    one = only(lines, 5183.604, "Mg I")
    depths = []
    for log_g in (3.0, 3.5, 4.0, 4.5, 5.0):
        layer = atmosphere.layer(lines.elements, 5000, log_g, 0.0)
        flux = synthesis.residual_flux(one, layer, around(5183.604, half=2.0))
        depths.append(1 - flux[0])
    assert np.all(np.diff(depths) > 0) and depths[-1] > 2 * depths[0]


def test_rotation_keeps_the_area_of_the_lines(lines):
    laid = synthesis.pixels((5000, 5300), 7447, 200)
    layer = atmosphere.layer(lines.elements, *SUN)
    one = only(lines, 5172.684, "Mg I")
    still = synthesis.residual_flux(one, layer, laid.wide)
    turned = broadening.rotate_all(still[None], np.array([0.0, 5, 50, 200]), step=laid.step)[0]
    areas = (1 - turned).sum(axis=-1)
    # Sums over pixels of even velocity; the far wings leave the spectrum with the rotation.
    assert areas == pytest.approx(areas[0], rel=1e-4)
    assert np.all(np.diff(turned.min(axis=-1)) > 0)


def test_spectra_of_a_window_know_lines_beyond_its_limits(lines):
    # Fe I 5302.30 is out of the window; at 200 km/s (3.5 Å) it reaches in.
    one = only(lines, 5302.30, "Fe I")
    laid = synthesis.pixels((5000, 5300), 7444, 200)
    slow, fast = synthesis.rotations(one, SUN, [0, 200], laid, limb_darkening=0.6, downsample=4)
    assert 1 - fast[-1] > 3 * (1 - slow[-1]) and fast[-1] < 0.98


def test_pixels_are_even_in_velocity_and_their_means_stay_so():
    laid = synthesis.pixels((5000, 5300), 29788, 200)
    assert laid.wavelength[0] == 5000 and laid.wavelength[-1] == 5300
    steps = np.diff(np.log(laid.wide)) * C
    assert steps == pytest.approx(laid.step, rel=1e-8) and laid.step == pytest.approx(
        0.586, abs=1e-3
    )
    assert laid.margin * laid.step > 200
    centres = synthesis.centres((5000, 5300), 29788, 4)
    means = laid.wavelength.reshape(-1, 4).mean(axis=1)
    assert len(centres) == 7447 and np.abs(centres - means).max() < 1e-6


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_spectra_are_the_same_for_any_number_of_threads_and_blocks(lines, threads):
    options = {"teff": [4000, 9000], "log_g": [4.0, 5.0], "m_h": [0.0], "v_sin_i": [0, 8, 50, 200]}
    shape = {"window": (5000, 5300), "pixels": 2976, "downsample": 4, "limb_darkening": 0.6}
    found, velocities = blocks.plan(options, 0, 1)
    whole = np.concatenate(list(blocks.synthesise(lines, found, velocities, **shape)))
    assert whole.shape == (16, 744) and whole.dtype == np.float32
    with prefetch.Pool(threads) as pool:
        parts = [
            flux
            for block in range(threads)
            for flux in blocks.synthesise(
                lines, *blocks.plan(options, block, threads), **shape, pool=pool
            )
        ]
    assert np.concatenate(parts).tobytes() == whole.tobytes()
    assert [str(name) for name in grid.table(found, velocities)["id"]][5] == "t04000g50m+00v008"


def test_windows_and_pixels_that_cannot_be_are_refused(lines):
    with pytest.raises(InputError, match="stellar.downsample"):
        blocks.check_window(lines, window=(5000, 5300), pixels=29787, downsample=4)
    with pytest.raises(InputError, match="beyond the line list"):
        blocks.check_window(lines, window=(6000, 6300), pixels=29788, downsample=4)
    blocks.check_window(lines, window=(5000, 5300), pixels=29788, downsample=4)


def test_a_layer_is_one_of_plain_numbers(lines):
    layer = atmosphere.layer(lines.elements, *SUN)
    for field in dataclasses.fields(layer)[:9]:
        assert np.isfinite(getattr(layer, field.name)) and getattr(layer, field.name) > 0
