"""Galaxies measured as ellipses: inclinations, sizes and angles of what is projected by hand."""

import fake_dataset
import numpy as np
import pytest
from refusal import refused

from skyloom.arms.semantic import galaxies, least_squares

PROFILE = {
    "decoder": "exponential",
    "parameters": {
        "scale": [0.05, 0.5],
        "ellipticity": [0.0, 0.9],
        "angle": [0, 180],
        "intensity": [0.5, 2.0],
    },
}
GRID = {"pixels": 8, "sampling": "centre", "subpixels": 8}


@pytest.mark.parametrize("thickness", [0.0, 0.1, 0.2, 0.6])
def test_a_spheroid_projected_by_its_quadratic_form_gives_its_inclination_back(thickness):
    for given in (0.0, 20.0, 45.0, 60.0, 75.0, 90.0):
        angle = np.deg2rad(given)
        c, s = np.cos(angle), np.sin(angle)
        turn = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
        # The shadow of an ellipsoid of covariance C is the ellipse of C's part in the picture.
        shadow = (turn @ np.diag([1, 1, thickness**2]) @ turn.T)[:2, :2]
        minor, major = np.sqrt(np.maximum(np.linalg.eigvalsh(shadow), 0))
        found = galaxies.inclination(1 - minor / major, thickness)
        assert np.isclose(found, given, atol=1e-5)


def test_what_is_flatter_than_the_disc_is_edge_on():
    assert galaxies.inclination(0.9, 0.2) == 90
    assert np.allclose(galaxies.inclination([0.0, 0.5, 1.0]), [0, 60, 90])


@pytest.mark.parametrize("wrong", [(-0.1, 0.0), (1.1, 0.0), (0.5, 1.0), (0.5, -0.1)])
def test_no_ellipse_is_refused(wrong):
    refused("ellipticity is in", galaxies.inclination, *wrong, error=ValueError)


@pytest.fixture
def dataset(tmp_path):
    """Five views with further columns, as the tng arm writes them."""
    path, count = tmp_path / "inclined_mass.h5", 5
    columns = {
        "id": np.array([f"99_{n}_i30" for n in range(count)]),
        "snapshot": np.full(count, 99),
        "subhalo_id": np.arange(count),
        "inclination": np.array([0.0, 30, 45, 60, 75]),
        "position_angle": np.array([1.0, 10, 90, 179, 44]),
        "stellar_mass": np.linspace(1, 5, count),
    }
    described = {"variant": "inclined_mass", "width_kpc": 80.0, "image_units": "Msun / kpc2"}
    described["column_units"] = {"stellar_mass": "Msun", "inclination": "deg"}
    described |= {"name": "inclination", "units": "deg", "synthetic": True}
    images = np.ones((count, 8, 8, 1), np.float32)
    return fake_dataset.write(path, images, columns["inclination"], columns, **described)


def _measured(dataset, parameters=None, **options):
    _, columns = galaxies.read_galaxies(dataset)
    if parameters is None:
        ellipticity = 1 - np.cos(np.deg2rad(columns["inclination"]))
        angle = (np.asarray(columns["position_angle"]) + [50, 2, -3, 3, 0]) % 180
        parameters = np.stack([np.full(5, 0.2), ellipticity, angle, np.full(5, 1.5)], axis=1)
    options = {"model": "galaxies", "seen": np.array([0.01, 0.02]), "grid": GRID, **options}
    residual = options.pop("residual", np.full(5, 0.015))
    unit = 1e7 * np.arange(1, 6)
    return galaxies.measurements(columns, parameters, residual, unit, PROFILE, **options)


def test_measurements_are_in_physical_units_beside_what_was_used(dataset):
    table = _measured(dataset)
    assert np.allclose(table["inclination_inferred"], table["inclination"], atol=1e-5)
    assert np.allclose(table["inclination_difference"], 0, atol=1e-5)
    assert np.allclose(table["angle_difference"], [50, 2, -3, 3, 0])
    assert np.allclose(table["scale_kpc"], 0.2 * 40) and table["scale_kpc"].unit == "kpc"
    assert np.allclose(table["intensity"], 1.5e7 * np.arange(1, 6))
    assert str(table["intensity"].unit) == "solMass / kpc2"
    assert (table["inclination_thick"][1:] > table["inclination_inferred"][1:]).all()
    assert not table["outside"].any()


@pytest.mark.parametrize(
    ("half_width", "sampling"),
    [(1.0, "centre"), (0.0625, "endpoints"), (0.0625, "centre"), (30.0, "centre")],
)
def test_a_galaxy_of_known_kpc_is_measured_in_kpc_whatever_the_unit_of_lengths(
    dataset, half_width, sampling
):
    # A disc of 7 kpc on pixels of 80 / 32 kpc, drawn here and measured by least squares.
    width, size = 80.0, 7.0
    line = (np.arange(32) - 15.5) * width / 32
    x, y = np.meshgrid(line, line)
    c, s = np.cos(np.deg2rad(50)), np.sin(np.deg2rad(50))
    image = np.exp(-np.hypot((c * x - s * y) / size, (s * x + c * y) / (0.6 * size)))
    limits = {"scale": [0.1 * half_width, 0.3 * half_width], "ellipticity": [0.1, 0.9]}
    profile = {
        "decoder": "exponential",
        "half_width": half_width,
        "parameters": {**limits, "angle": [0, 180]},
    }
    grid = {"pixels": 32, "sampling": sampling, "subpixels": 8, "half_width": half_width}
    found = least_squares.fit_image(least_squares.Problem.of(profile, grid), image)
    assert found.converged
    _, columns = galaxies.read_galaxies(dataset)
    table = galaxies.measurements(
        *(columns, np.tile(found.values, (5, 1)), np.zeros(5), np.ones(5), profile),
        **{"grid": grid, "model": "m", "seen": [1.0]},
    )
    assert columns.meta["width_kpc"] == width
    assert np.allclose(table["scale_kpc"], size, rtol=1e-6)
    assert np.allclose(table["ellipticity"], 0.4) and np.allclose(table["angle"], 50)
    said = "half-widths" if half_width == 1 else f"half-width is {half_width:g}"
    assert said in table["scale"].description


def test_other_columns_of_the_galaxies_come_along(dataset):
    table = _measured(dataset)
    assert np.allclose(table["stellar_mass"], [1, 2, 3, 4, 5])
    assert str(table["stellar_mass"].unit) == "solMass"
    assert table.meta["synthetic"] and table.meta["model"] == "galaxies"
    assert table.meta["decoder"] == "exponential" and table.meta["grid"] == GRID
    assert table.colnames[:5] == [
        *("id", "subhalo_id", "snapshot", "inclination", "position_angle"),
    ]


def test_parameters_beyond_the_trained_range_and_strange_images_are_flagged(dataset):
    parameters = np.tile([0.2, 0.3, 40.0, 1.0], (5, 1))
    parameters[1, 0], parameters[2, 1], parameters[2, 3] = 0.55, 0.95, 2.1
    table = _measured(dataset, parameters, residual=np.array([0.01, 0.01, 0.01, 0.02, 0.03]))
    assert list(table["beyond"]) == ["", "scale", "ellipticity, intensity", "", ""]
    assert list(table["unlike"]) == [False, False, False, False, True]
    assert list(table["outside"]) == [False, True, True, False, True]


def test_table_survives_writing_and_reading(dataset, tmp_path):
    from skyloom.io.files import read_table, write_table

    write_table(_measured(dataset), tmp_path / "measurements.ecsv")
    table = read_table(tmp_path / "measurements.ecsv", need=("scale_kpc", "outside"))
    assert table["outside"].dtype == bool and table["inclination"].unit == "deg"
    assert list(np.ma.filled(table["beyond"], "")) == [""] * 5
