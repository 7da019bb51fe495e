"""Rotations: proper ones, for every direction a spin can have."""

import numpy as np
import pytest
from astropy.cosmology import FlatLambdaCDM
from hypothesis import given
from hypothesis import strategies as st

from skyloom.arms.tng import cosmology, rotation

AXES = [sign * axis for axis in np.eye(3) for sign in (1, -1)]


def is_proper(matrix):
    return np.allclose(matrix @ matrix.T, np.eye(3), atol=1e-12) and np.isclose(
        np.linalg.det(matrix), 1.0
    )


@pytest.mark.parametrize("spin", AXES, ids=str)
def test_spin_along_each_axis_is_turned_to_plus_z_without_reflection(spin):
    matrix = rotation.face_on(spin)
    assert is_proper(matrix)
    np.testing.assert_allclose(matrix @ spin, [0, 0, 1], atol=1e-12)


@given(st.tuples(*[st.floats(-1, 1, allow_subnormal=False)] * 3), st.floats(1e-8, 1e8))
def test_any_spin_is_turned_to_plus_z_by_a_proper_rotation(direction, length):
    spin = np.array(direction) * length
    norm = np.linalg.norm(spin)
    if norm < 1e-100:
        return
    matrix = rotation.face_on(spin)
    assert is_proper(matrix)
    np.testing.assert_allclose(matrix @ spin / norm, [0, 0, 1], atol=1e-9)


@pytest.mark.parametrize("spin", [[0, 0, 0], [np.nan, 0, 1]])
def test_spin_without_direction_is_refused(spin):
    with pytest.raises(ValueError, match="direction"):
        rotation.face_on(spin)


@pytest.mark.parametrize("inclination", [0, 30, 90, 180])
def test_inclination_is_the_angle_between_spin_and_line_of_sight(inclination):
    spin = np.array([1.0, -2.0, 0.5])
    matrix = rotation.inclined(rotation.face_on(spin), inclination)
    assert is_proper(matrix)
    cosine = (matrix @ spin)[2] / np.linalg.norm(spin)
    assert cosine == pytest.approx(np.cos(np.deg2rad(inclination)), abs=1e-12)


def test_offset_is_taken_to_the_nearest_image_in_double_precision():
    box = 35000.0
    points = np.array([[34999.5, 0.25, 17500.0]])
    np.testing.assert_array_equal(
        rotation.periodic_offset(points, [0.5, 34999.75, 17500.0], box), [[-1.0, 0.5, 0.0]]
    )
    exact = np.array([[34999.001, 1.0, 1.0]])
    offset = rotation.periodic_offset(exact, [34999.0, 1.0, 1.0], box)[0, 0]
    assert offset == pytest.approx(0.001, abs=1e-10)


def disc(n, spin, rng, sfr=0.0):
    """Particles on circular orbits about an axis."""
    turn = rotation.face_on(spin).T
    angle, radius = rng.uniform(0, 2 * np.pi, n), rng.uniform(1, 10, n)
    position = np.stack([radius * np.cos(angle), radius * np.sin(angle), 0 * angle], axis=1)
    velocity = np.stack([-np.sin(angle), np.cos(angle), 0 * angle], axis=1) * 200.0
    return {
        "position": position @ turn.T,
        "velocity": velocity @ turn.T,
        "mass": np.ones(n),
        "formation": np.full(n, 0.99),
        "sfr": np.full(n, sfr),
    }


OPTIONS = {"formation_limit": 0.9, "min_stars": 20, "aperture": 20.0}
EMPTY = {k: v[:0] for k, v in disc(1, [0, 0, 1], np.random.default_rng(0)).items()}


@pytest.mark.parametrize(
    ("stars", "gas", "source"),
    [
        ("young", "forming", "young_stars"),
        ("old", "forming", "star_forming_gas"),
        ("old", "quiet", "all_stars"),
        ("wind", "quiet", "none"),
        ("none", "none", "none"),
    ],
)
def test_spin_falls_back_from_young_stars_to_gas_to_all_stars(stars, gas, source):
    rng = np.random.default_rng(2)
    spins = {"star": np.array([1.0, 2.0, 2.0]), "gas": np.array([0.0, 1.0, -1.0])}
    star = disc(100, spins["star"], rng)
    born = {"young": 0.99, "old": 0.5, "wind": -0.99, "none": 0.0}[stars]
    star["formation"][:] = born
    cells = disc(100, spins["gas"], rng, sfr={"forming": 1.0}.get(gas, 0.0))
    turned = rotation.orientation(
        EMPTY if stars == "none" else star, EMPTY if gas == "none" else cells, **OPTIONS
    )
    assert turned.source == source
    expected = {"young_stars": spins["star"], "star_forming_gas": spins["gas"]}.get(
        source, spins["star"]
    )
    if source == "none":
        np.testing.assert_array_equal(turned.matrix, np.eye(3))
    else:
        view = turned.matrix @ expected / np.linalg.norm(expected)
        np.testing.assert_allclose(view, [0, 0, 1], atol=1e-9)


def test_age_and_its_inverse_agree_with_astropy():
    flat = {"hubble": 0.6774, "omega_matter": 0.3089}
    reference = FlatLambdaCDM(H0=67.74, Om0=0.3089)
    for redshift in (0.0, 0.2, 1.0, 5.0):
        expected = reference.age(redshift).value
        ours = cosmology.age(1 / (1 + redshift), **flat)
        assert ours == pytest.approx(expected, rel=1e-4)
        assert cosmology.scale_factor_at(ours, **flat) == pytest.approx(1 / (1 + redshift))
