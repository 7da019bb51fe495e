"""Profiles against astropy's, scipy's integrals and analytic fluxes; documented models work."""

import itertools
import math
import re
from pathlib import Path

import numpy as np
import pytest
from astropy.modeling.models import Moffat2D, Sersic2D
from refusal import refused
from scipy import integrate, special

from skyloom.arms.semantic import profiles, sampling
from skyloom.arms.semantic.sampling import Grid
from skyloom.errors import InputError

DOCS = Path(__file__).parents[2] / "docs" / "decoders.md"
#: The paper's thinnest disc is a sixteenth of a pixel wide.
THINNEST = {"scale": 0.01, "ellipticity": 0.8}


def astropy_sersic(grid, *, scale, ellipticity, angle, intensity, centre, index):
    """The same profile in astropy's parameters: amplitude at the half-light radius."""
    b = special.gammaincinv(2 * index, 0.5)
    model = Sersic2D(
        amplitude=intensity * np.exp(-b),
        r_eff=scale * b**index,
        n=index,
        x_0=centre[0],
        y_0=centre[1],
        ellip=ellipticity,
        theta=-np.deg2rad(angle),
    )
    return model(*np.meshgrid(grid.centres, grid.centres))


@pytest.mark.parametrize("angle", [0.0, 25.0, 90.0, 160.0])
@pytest.mark.parametrize("index", [1.0, 0.7, 4.0])
def test_profiles_are_those_of_astropy(angle, index):
    grid = Grid(64)
    shape = {"scale": 0.21, "ellipticity": 0.6, "angle": angle, "intensity": 1.7}
    values = {**shape, "centre_x": 0.11, "centre_y": -0.23}
    expected = astropy_sersic(grid, **shape, centre=(0.11, -0.23), index=index)
    found = profiles.evaluate("sersic", {**values, "sersic_index": index}, grid)
    np.testing.assert_allclose(found[0], expected, rtol=1e-10)
    if index == 1:
        np.testing.assert_allclose(
            profiles.evaluate("exponential", values, grid)[0], expected, rtol=1e-10
        )


def test_many_images_are_each_their_own():
    random, grid = np.random.default_rng(2), Grid(16)
    values = {"scale": random.uniform(0.1, 0.5, 5), "angle": random.uniform(0, 180, 5)}
    together = profiles.evaluate("exponential", values, grid)
    for row, image in enumerate(together):
        one = {name: value[row] for name, value in values.items()}
        np.testing.assert_array_equal(profiles.evaluate("exponential", one, grid)[0], image)


def pixel_by_scipy(grid, row, column, *, scale, ellipticity, angle, centre=(0.0, 0.0)):
    """Mean over one pixel by adaptive quadrature, parted at the centre of the profile."""
    minor, turn = scale * (1 - ellipticity), np.deg2rad(angle)

    def value(y, x):
        u, v = x - centre[0], y - centre[1]
        along = math.cos(turn) * u - math.sin(turn) * v
        across = math.sin(turn) * u + math.cos(turn) * v
        return math.exp(-math.hypot(along / scale, across / minor))

    def parts(index, middle):
        low, high = grid.edges[index], grid.edges[index + 1]
        ends = [low, middle, high] if low < middle < high else [low, high]
        return itertools.pairwise(ends)

    total = 0.0
    for x in parts(column, centre[0]):
        for y in parts(row, centre[1]):
            total += integrate.dblquad(value, *x, *y, epsabs=1e-11, epsrel=1e-8)[0]
    return total / grid.width**2


@pytest.mark.parametrize(("row", "column"), [(31, 31), (31, 32), (33, 32)])
def test_integrated_pixels_of_the_thinnest_disc_are_right_to_1e_6(row, column):
    grid = Grid(64, "integrated", 8)
    found = profiles.evaluate("exponential", {**THINNEST, "angle": 52.0}, grid)[0]
    expected = pixel_by_scipy(grid, row, column, **THINNEST, angle=52.0)
    assert found[row, column] == pytest.approx(expected, abs=1e-6)


def test_integrated_pixels_are_right_with_the_cusp_inside_a_pixel():
    grid, centre = Grid(64, "integrated", 8), (0.003, -0.011)
    values = {"scale": 0.03, "ellipticity": 0.7, "angle": 20.0}
    shifted = {**values, "centre_x": centre[0], "centre_y": centre[1]}
    found = profiles.evaluate("exponential", shifted, grid)[0]
    for row, column in [(31, 32), (31, 33)]:
        expected = pixel_by_scipy(grid, row, column, **values, centre=centre)
        assert found[row, column] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("nodes", "accuracy"), [(4, 6e-4), (6, 4e-5), (8, 2e-6)])
def test_accuracy_of_integrated_pixels_is_as_documented(nodes, accuracy):
    random = np.random.default_rng(1)
    values = {
        "scale": np.append(random.uniform(0.01, 0.05, 20), 0.01),
        "ellipticity": np.append(random.uniform(0, 0.9, 20), 0.8),
        "angle": np.append(random.uniform(0, 180, 20), 45.0),
        "centre_x": np.append(random.uniform(-0.2, 0.2, 20), 0.0),
        "centre_y": np.append(random.uniform(-0.2, 0.2, 20), 0.0),
    }
    fine = profiles.evaluate("exponential", values, Grid(64, "integrated", 32))
    found = profiles.evaluate("exponential", values, Grid(64, "integrated", nodes))
    assert np.abs(found - fine).max() < accuracy


@pytest.mark.parametrize("scale", [0.01, 0.03, 0.05])
@pytest.mark.parametrize("ellipticity", [0.2, 0.8])
def test_integrated_images_hold_all_the_flux(scale, ellipticity):
    grid = Grid(64, "integrated", 6)
    values = {"scale": scale, "ellipticity": ellipticity, "angle": 33.0, "intensity": 3.0}
    image = profiles.evaluate("exponential", values, grid)
    flux = 2 * np.pi * scale**2 * (1 - ellipticity) * 3.0
    assert image.sum() * grid.width**2 == pytest.approx(flux, rel=1e-7)


def test_centres_of_pixels_do_not_hold_the_flux_of_the_thinnest_disc():
    grid = Grid(64)
    image = profiles.evaluate("exponential", {**THINNEST, "angle": 0.0}, grid)
    assert image.sum() * grid.width**2 < 0.2 * 2 * np.pi * 0.01**2 * 0.2


@pytest.mark.parametrize("index", [0.5, 1.0, 1.5])
def test_sersic_flux_is_that_of_the_gamma_function(index):
    grid = Grid(64, "integrated", 8)
    values = {"scale": 0.02, "ellipticity": 0.4, "angle": 70.0, "sersic_index": index}
    flux = 2 * np.pi * 0.02**2 * 0.6 * index * special.gamma(2 * index)
    image = profiles.evaluate("sersic", values, grid)
    assert image.sum() * grid.width**2 == pytest.approx(flux, rel=1e-3)


def test_both_ways_to_integrate_agree():
    grid = Grid(32, "integrated", 16)
    values = {"scale": 0.3, "ellipticity": 0.3, "angle": 15.0, "centre_x": 0.04}
    edges = profiles.evaluate("exponential", values, grid)
    np.testing.assert_allclose(profiles.evaluate("sersic", values, grid), edges, atol=2e-5)


@pytest.mark.parametrize("way", sampling.SAMPLINGS)
@pytest.mark.parametrize("decoder", ["exponential", "sersic"])
def test_a_centre_on_a_node_or_on_an_edge_is_finite(decoder, way):
    for pixels in (8, 9):
        values = {"scale": 0.05, "angle": 45.0, "sersic_index": 4.0}
        image = profiles.evaluate(decoder, values, Grid(pixels, way, 3))
        assert np.isfinite(image).all() and image.max() > 0.01


def test_end_points_are_the_coordinates_of_the_article_s_code():
    grid = Grid(64, "endpoints", half_width=0.0625)
    # Cells 5, 6 and 15 of its notebook, in their own words: from -1 to 1, over 64 pixels, times 4.
    steps = np.linspace(-1, 1, 64) / 64 * 4
    np.testing.assert_allclose(grid.centres, steps, rtol=1e-14)
    assert grid.width == pytest.approx(steps[1] - steps[0])
    np.testing.assert_allclose(grid.edges[1:] - grid.width / 2, steps, rtol=0, atol=1e-16)
    x, y = np.meshgrid(steps, steps)
    c, s = np.cos(np.deg2rad(40)), np.sin(np.deg2rad(40))
    expected = np.exp(-np.hypot((c * x - s * y) / 0.03, (s * x + c * y) / (0.03 * 0.4)))
    values = {"scale": 0.03, "ellipticity": 0.6, "angle": 40.0}
    np.testing.assert_allclose(profiles.evaluate("exponential", values, grid)[0], expected)


@pytest.mark.parametrize("way", sampling.SAMPLINGS)
@pytest.mark.parametrize("half_width", [0.0625, 1, 30.0])
@pytest.mark.parametrize("decoder", ["exponential", "sersic"])
def test_an_image_does_not_depend_on_the_unit_of_its_lengths(decoder, half_width, way):
    plain = {"scale": 0.3, "ellipticity": 0.4, "angle": 20.0, "centre_x": 0.1, "centre_y": -0.2}
    lengths = {"scale", "centre_x", "centre_y"}
    scaled = {name: v * (half_width if name in lengths else 1) for name, v in plain.items()}
    expected = profiles.evaluate(decoder, plain, Grid(16, way, 4))
    grid = Grid(16, way, 4, half_width)
    np.testing.assert_allclose(profiles.evaluate(decoder, scaled, grid), expected, rtol=1e-9)
    # What is left out has the same share of the image.
    np.testing.assert_allclose(
        profiles.evaluate(decoder, {}, grid), profiles.evaluate(decoder, {}, Grid(16, way, 4))
    )


def test_lengths_have_the_unit_of_the_profile_s_coordinates():
    limits = {"scale": [0.01, 0.05], "ellipticity": [0.2, 0.8]}
    asked = {"decoder": "exponential", "half_width": 0.0625, "parameters": limits}
    assert profiles.units(asked) == {"scale": "16 half-width", "ellipticity": ""}
    assert profiles.resolve(profiles.resolve(asked)) == profiles.resolve(asked)
    kpc = {**asked, "half_width": 30, "parameters": {"scale": [100, 200], "centre_x": 20}}
    assert profiles.fixed(kpc)["centre_x"] == 20
    with pytest.raises(InputError, match="scale is .*between 0.003 and 300"):
        profiles.resolve({**kpc, "parameters": {"scale": [100, 400]}})
    with pytest.raises(InputError, match="centre_x is .*between -0.0625 and 0.0625"):
        profiles.resolve({**asked, "parameters": {**limits, "centre_x": 0.1}})


def test_a_profile_says_how_its_own_images_are_sampled():
    grid = {"pixels": 32, "sampling": "integrated", "subpixels": 4}
    assert Grid(**profiles.on_grid({}, grid)) == Grid(32, "integrated", 4, 1.0)
    own = {"half_width": 0.0625, "sampling": "endpoints"}
    assert Grid(**profiles.on_grid(own, grid)) == Grid(32, "endpoints", 4, 0.0625)


def test_interior_is_continuous_where_the_series_ends():
    r = np.array([1e-5, 0.3, 0.4999999, 0.5, 2.0, 40.0])
    expected = [integrate.quad(lambda s, r=r: s * math.exp(-r * s), 0, 1)[0] for r in r]
    np.testing.assert_allclose(profiles._interior(np, r**2), expected, rtol=1e-9)


def test_documented_models_can_be_added(monkeypatch):
    monkeypatch.setattr(profiles, "DECODERS", dict(profiles.DECODERS))
    code = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    exec("\n".join(code), {})
    grid = Grid(32)
    x, y = np.meshgrid(grid.centres, grid.centres)
    moffat = profiles.evaluate("moffat", {"scale": 0.2, "ellipticity": 0.0, "slope": 3.0}, grid)
    np.testing.assert_allclose(moffat[0], Moffat2D(1, 0, 0, 0.2, 3.0)(x, y), rtol=1e-10)
    ring = profiles.evaluate("ring", {"radius": 0.4, "thickness": 0.05}, Grid(64, "integrated", 4))
    # Flux of a thin ring: its circumference times the area of its cross-section.
    expected = 2 * np.pi * 0.4 * 0.05 * np.sqrt(2 * np.pi)
    assert ring.sum() * Grid(64).width ** 2 == pytest.approx(expected, rel=1e-6)
    asked = {"decoder": "moffat", "parameters": {"scale": [0.05, 0.3], "slope": [2, 5]}}
    assert profiles.free(asked) == {"scale": (0.05, 0.3), "slope": (2.0, 5.0)}


def test_a_profile_is_resolved_in_the_decoders_order():
    asked = {"decoder": "exponential", "parameters": {"angle": [0, 180], "scale": [0.01, 0.05]}}
    assert list(profiles.free(asked)) == ["scale", "angle"]
    assert profiles.fixed(asked) == {
        "ellipticity": 0.5,
        "intensity": 1.0,
        "centre_x": 0.0,
        "centre_y": 0.0,
    }
    assert profiles.units(asked) == {"scale": "half-width", "angle": "deg"}
    assert profiles.resolve(profiles.resolve(asked)) == profiles.resolve(asked)


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        ({"decoder": "exponentail"}, "did you mean exponential"),
        ({"decoder": "exponential", "parameters": {"scael": 0.1}}, "did you mean scale"),
        ({"decoder": "exponential", "parameters": {"scale": [0.5, 0.1]}}, "the lower first"),
        ({"decoder": "exponential", "parameters": {"scale": [0, 0.1]}}, "between 0.0001 and 10"),
        ({"decoder": "exponential", "parameters": {"ellipticity": [0, 1]}}, "0 and 0.999"),
        ({"decoder": "exponential", "parameters": {"scale": 0.1}}, "no free parameter"),
    ],
)
def test_wrong_profiles_are_refused(profile, message):
    refused(message, profiles.resolve, profile)


def test_wrong_grids_are_refused():
    refused("set it to centre", Grid, 64, "center")
    refused("semantic.grid.subpixels is 0", Grid, 64, "integrated", 0)
    for half_width in (0, -1.0, math.inf, math.nan):
        refused("half_width of a semantic profile is", Grid, 64, half_width=half_width)
    refused("needs 2 or more", Grid, 1, "endpoints")


def test_a_model_without_its_formula_cannot_be_made():
    class Empty(profiles.Elliptical):
        pass

    refused("radial", Empty, error=TypeError)
