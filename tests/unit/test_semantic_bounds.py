"""Cramér-Rao bounds against closed forms, the complex step and what the article's range allows."""

import numpy as np
import pytest

from skyloom.arms.semantic import bounds, generation, profiles
from skyloom.arms.semantic.sampling import Grid
from skyloom.errors import InputError

PUBLISHED = {
    "decoder": "exponential",
    "half_width": 0.0625,
    "parameters": {"scale": [0.01, 0.05], "ellipticity": [0.2, 0.8], "angle": [0, 180]},
}
WIDE = {
    "decoder": "exponential",
    "parameters": {**PUBLISHED["parameters"], "scale": [0.1, 0.5]},
}
#: The article's: see `skyloom.arms.semantic.sampling.Grid`.
ARTICLE = Grid(64, "endpoints", half_width=0.0625)


def one(**values):
    return {name: np.array([float(value)]) for name, value in values.items()}


@pytest.mark.parametrize(
    ("decoder", "grid"),
    [
        ("exponential", Grid(32)),
        ("exponential", Grid(32, "integrated", 8)),
        ("sersic", Grid(32)),
        ("sersic", Grid(32, "integrated", 3)),
    ],
)
def test_derivatives_are_those_of_the_complex_step(decoder, grid):
    values = one(scale=0.2, ellipticity=0.4, angle=30, intensity=1.3, centre_x=0.013, centre_y=0.2)
    values |= one(sersic_index=1.4) if decoder == "sersic" else {}
    found = bounds.jacobian(decoder, values, list(values), grid)[0]
    for name, column in zip(values, found, strict=True):
        moved = {**values, name: values[name] + 1e-30j}
        expected = profiles.evaluate(decoder, moved, grid).imag.reshape(-1) / 1e-30
        np.testing.assert_allclose(column, expected, atol=2e-8 * np.abs(expected).max())


@pytest.mark.parametrize(("scale", "ellipticity"), [(0.1, 0.3), (0.12, 0.6)])
def test_bounds_of_a_resolved_disc_are_those_of_the_continuum(scale, ellipticity):
    # With x' = A r cos(phi), y' = B r sin(phi) the Fisher matrix of (ln A, ln B, theta) is made of
    # the integral of r^3 exp(-2 r), 3 / 8, and of cos^4 (3 pi / 4) and cos^2 sin^2 (pi / 4).
    minor, noise = scale * (1 - ellipticity), 0.02
    weight = scale * minor * 3 / 8 / (2 / 256) ** 2
    same, other = weight * 3 * np.pi / 4, weight * np.pi / 4
    expected = [
        noise * scale * np.sqrt(same / (same**2 - other**2)),
        noise * (1 - ellipticity) * np.sqrt(2 / (same - other)),
        np.rad2deg(noise / np.sqrt(other) / (scale / minor - minor / scale)),
    ]
    values = one(scale=scale, ellipticity=ellipticity, angle=27)
    found = bounds.cramer_rao(WIDE, values, Grid(256), noise)[0]
    np.testing.assert_allclose(found, expected, rtol=0.01)


def test_bound_of_the_intensity_alone_is_noise_over_the_length_of_the_image():
    asked = {"decoder": "exponential", "parameters": {"scale": 0.2, "intensity": [0.5, 2]}}
    found = bounds.cramer_rao(asked, one(intensity=1.5), Grid(), 0.1)[0, 0]
    image = profiles.evaluate("exponential", {"scale": 0.2}, Grid())
    assert found == pytest.approx(0.1 / np.linalg.norm(image), rel=1e-9)


def test_many_unknowns_are_worse_than_few():
    values = one(scale=0.2, ellipticity=0.4, angle=30, intensity=1, centre_x=0, centre_y=0)
    more = {name: [value[0] - 1e-3, value[0] + 1e-3] for name, value in values.items()}
    few = bounds.cramer_rao(WIDE, {name: values[name] for name in list(values)[:3]}, Grid(), 0.1)
    all_free = {"decoder": "exponential", "parameters": more}
    many = bounds.cramer_rao(all_free, values, Grid(), 0.1)[:, :3]
    assert (many > 0.999 * few).all() and many[0, 0] > 1.2 * few[0, 0]


@pytest.mark.parametrize("grid", [Grid(), Grid(64, "integrated", 6)])
@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_a_circle_has_no_position_angle(grid, noise):
    found = bounds.cramer_rao(WIDE, one(scale=0.2, ellipticity=0, angle=40), grid, noise)[0]
    assert np.isfinite(found[:2]).all() and np.isinf(found[2])


def test_parameters_that_do_the_same_are_not_determined():
    # Two rows in one direction, and a third that stands alone.
    derivatives = np.array([[[1.0, 2.0, 0.0], [2.0, 4.0, 0.0], [0.0, 0.0, 0.5]]])
    np.testing.assert_array_equal(bounds.spread(derivatives), [[np.inf, np.inf, 2.0]])


@pytest.mark.parametrize(
    ("profile", "grid", "noise", "expected"),
    [
        (PUBLISHED, ARTICLE, 0.05, (0.00020, 0.0050, 0.42)),
        (PUBLISHED, ARTICLE, 0.1, (0.00039, 0.0100, 0.83)),
        (WIDE, Grid(), 0.05, (None, None, 0.60)),
    ],
)
def test_the_noise_of_the_article_allows_angles_to_be_known_to_a_degree(
    profile, grid, noise, expected
):
    values = generation.draw(profile, 300, np.random.default_rng(3))
    found = np.median(bounds.cramer_rao(profile, values, grid, noise), axis=0)
    for ours, theirs in zip(found, expected, strict=True):
        assert theirs is None or ours == pytest.approx(theirs, rel=0.08)


def test_bounds_of_lengths_go_with_the_unit_and_others_do_not():
    values = {"scale": 0.2, "ellipticity": 0.4, "angle": 30.0, "centre_x": 0.01}
    limits = {name: [value - 0.005, value + 0.005] for name, value in values.items()}
    plain = {"decoder": "exponential", "parameters": limits}
    found = bounds.cramer_rao(plain, one(**values), Grid(), 0.05)[0]
    for half_width in (0.0625, 30.0):
        unit = np.array([half_width, 1, 1, half_width])
        scaled = dict(zip(values, np.array(list(values.values())) * unit, strict=True))
        limits = {name: [0.99 * value, 1.01 * value] for name, value in scaled.items()}
        profile = {"decoder": "exponential", "half_width": half_width, "parameters": limits}
        grid = Grid(half_width=half_width)
        own = bounds.cramer_rao(profile, one(**scaled), grid, 0.05)[0]
        np.testing.assert_allclose(own / unit, found, rtol=1e-6)


def test_noise_scales_the_bounds_and_cannot_be_negative():
    values = one(scale=0.2, ellipticity=0.5, angle=40)
    single = bounds.cramer_rao(WIDE, values, Grid(), 0.05)
    np.testing.assert_allclose(bounds.cramer_rao(WIDE, values, Grid(), 0.1), 2 * single)
    assert (bounds.cramer_rao(WIDE, values, Grid(), 0) == 0).all()
    with pytest.raises(InputError, match="set it to 0 or more"):
        bounds.cramer_rao(WIDE, values, Grid(), -1)
