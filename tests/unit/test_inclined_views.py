"""Inclined views: angles as the semantic arm's profile counts them, and the dataset of them."""

import json

import h5py
import numpy as np
import pytest
import small_tng
from astropy.table import Table
from refusal import refused
from scipy.optimize import least_squares

from skyloom import datasets
from skyloom.arms.tng import inclined_views, maps, rotation, selection
from skyloom.arms.tng.simulation import Header, Simulation
from skyloom.io.files import atomic_hdf5, create_dataset

INCLINATIONS = (0.0, 30.0, 60.0, 75.0)
HEADER = Header(91, 0.1, 1 / 1.1, 0.6774, 0.3089, 35000.0, True)
WIDTH = 60.0
OPTIONS = small_tng.options(
    grid={"bins": 256},
    statistic=dict.fromkeys(("entropy", "mass", "temperature"), "sum"),
    rotation={"inclination": list(INCLINATIONS)},
)
LENGTH, TOTAL = 6.0, 0.5
SPIN = np.array([0.3, -0.8, 0.52])


@pytest.fixture(scope="module")
def disc():
    """Gas of a razor-thin exponential disc whose axis is `SPIN`, across the edge of the box."""
    count, rng = 60_000, np.random.default_rng(3)
    # Radii at even steps of the enclosed mass and golden angles: little shot noise.
    radii = np.linspace(0, 14, 20_001)
    enclosed = 1 - (1 + radii) * np.exp(-radii)
    radius = LENGTH * np.interp((np.arange(count) + 0.5) / count, enclosed, radii)
    azimuth = np.pi * (3 - np.sqrt(5)) * np.arange(count) + rng.uniform(0, 0.1, count)
    flat = np.stack([radius * np.cos(azimuth), radius * np.sin(azimuth), 0 * radius], axis=1)
    return {
        "Coordinates": np.array([1.0, 17500.0, 34999.0]) + flat @ rotation.face_on(SPIN),
        "Masses": np.full(count, TOTAL / count),
        "InternalEnergy": np.full(count, 1e3),
        "ElectronAbundance": np.ones(count),
        "Density": np.full(count, 1e-4),
    }


def mass_map(kernel, gas, matrix, bins=64):
    projected, _ = maps.project_galaxy(
        kernel,
        gas,
        maps.Frame(HEADER, np.zeros(3), matrix, 1.0),
        maps.gas_channels(OPTIONS["statistic"]),
        centre=np.array([1.0, 17500.0, 34999.0]),
        options={**OPTIONS, "grid": {**OPTIONS["grid"], "bins": bins}},
    )
    return projected[1]


def seen(inclination, position_angle):
    face = rotation.face_on(SPIN)
    return rotation.positioned(rotation.inclined(face, inclination), position_angle)


def profile(values, pixels=64):
    """The paper's equations 4 to 7, written out: columns are x, rows are y."""
    scale, ellipticity, angle, intensity = values
    centres = (np.arange(pixels) + 0.5) / pixels * 2 - 1
    x, y = centres[None, :], centres[:, None]
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    along, across = c * x - s * y, s * x + c * y
    radius = np.hypot(along / scale, across / (scale * (1 - ellipticity)))
    return intensity * np.exp(-radius)


@pytest.mark.parametrize("inclination", [30.0, 60.0, 75.0])
@pytest.mark.parametrize("position_angle", [0.0, 20.0, 100.0, 170.0])
def test_profile_fitted_to_a_thin_disc_has_its_position_angle_scale_and_inclination(
    kernel, disc, inclination, position_angle
):
    image = mass_map(kernel, disc, seen(inclination, position_angle))
    image = image / image.max()
    start = (0.25, 0.4, position_angle + 15, 1.0)
    fit = least_squares(lambda values: (profile(values) - image).ravel(), start)
    scale, ellipticity, angle, _ = fit.x
    assert angle == pytest.approx(position_angle, abs=1.0)
    assert scale == pytest.approx(LENGTH / (WIDTH / 2), rel=0.04)
    assert 1 - ellipticity == pytest.approx(np.cos(np.radians(inclination)), abs=0.03)


@pytest.mark.parametrize("position_angle", [0.0, 35.0, 120.0])
def test_second_moments_of_an_inclined_disc_are_those_of_a_turned_ellipse(disc, position_angle):
    matrix = seen(60.0, position_angle)
    offset = rotation.periodic_offset(disc["Coordinates"], [1.0, 17500.0, 34999.0], 35000.0)
    x, y, _ = matrix @ offset.T
    # <R^2> = 6 h^2 for an exponential disc: 3 h^2 along the longer axis, cos^2 i of it across.
    angle, across = np.radians(-position_angle), 0.25
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    expected = turn @ np.diag([3 * LENGTH**2, 3 * LENGTH**2 * across]) @ turn.T
    np.testing.assert_allclose(np.cov(x, y), expected, rtol=0.02, atol=0.02 * 3 * LENGTH**2)


def test_position_angle_zero_changes_no_bit_of_a_view():
    view = rotation.inclined(rotation.face_on(SPIN), 40.0)
    assert rotation.positioned(view, 0.0) is view
    turned = rotation.positioned(view, 77.0)
    np.testing.assert_allclose(turned @ turned.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(turned) == pytest.approx(1.0)
    np.testing.assert_array_equal(turned[2], view[2])


def test_map_of_few_bins_is_the_sum_of_the_pixels_of_a_finer_one(kernel, disc):
    fine, coarse = (mass_map(kernel, disc, seen(45.0, 30.0), bins) for bins in (256, 64))
    summed = fine.astype(float).reshape(64, 4, 64, 4).sum(axis=(1, 3))
    np.testing.assert_allclose(coarse, summed, rtol=1e-5)


def test_surface_density_integrates_to_the_mass_in_physical_units():
    mass = np.random.default_rng(1).random((2, 64, 64))
    attributes = {"width": WIDTH, "scale_factor": 1 / 1.1, "hubble": 0.6774}
    width = inclined_views.physical_width(attributes)
    assert width == pytest.approx(WIDTH / 1.1 / 0.6774)
    density = inclined_views.surface_density(mass, width=width, hubble=0.6774)
    np.testing.assert_allclose(
        density.sum(axis=(1, 2)) * (width / 64) ** 2, mass.sum(axis=(1, 2)) * 1e10 / 0.6774
    )


def galaxies(count=5):
    table = Table({"snapshot": np.full(count, 91), "subhalo_id": np.arange(count) * 3 + 2})
    table["stellar_mass"] = np.linspace(0.5, 5, count)
    table["stellar_mass"].unit = "1e10 Msun"
    table["flag"] = np.ones(count, bool)
    table.meta.update(HEADER._asdict())
    return table


def test_views_list_every_inclination_of_one_galaxy_after_another():
    table = inclined_views.views(galaxies(), inclinations=INCLINATIONS, first=3, seed=7)
    assert table["subhalo_id"].tolist() == [2] * 4 + [5] * 4 + [8] * 4
    assert table["inclination"].tolist() == list(INCLINATIONS) * 3
    assert table["position_angle"].unit == "deg"
    assert len(np.unique(table["position_angle"])) == 12


def test_position_angle_of_a_view_depends_on_no_other_view():
    every = inclined_views.views(galaxies(400), inclinations=INCLINATIONS, seed=7)
    one = inclined_views.views(galaxies(400)[17:18], inclinations=(60.0,), seed=7)
    row = every[(every["subhalo_id"] == one["subhalo_id"][0]) & (every["inclination"] == 60)]
    assert row["position_angle"][0] == one["position_angle"][0]
    other = inclined_views.views(galaxies(400)[17:18], inclinations=(60.0,), seed=8)
    assert other["position_angle"][0] != one["position_angle"][0]
    # Uniform in [0, 180): the mean of 1,600 has a standard error of 1.3 degrees.
    angles = np.asarray(every["position_angle"])
    assert 0 <= angles.min() and angles.max() < 180 and abs(angles.mean() - 90) < 5


def test_fixed_position_angle_is_that_of_every_view():
    table = inclined_views.views(galaxies(), inclinations=INCLINATIONS, position_angle=30, seed=7)
    assert set(table["position_angle"]) == {30.0}


@pytest.fixture(scope="module")
def simulation(tmp_path_factory):
    base = tmp_path_factory.mktemp("universe") / "output"
    small_tng.write(base, 91, snapshots=[99, 91], galaxies=12, seed=5, gas_cells=300)
    return Simulation(base, 91)


@pytest.fixture(scope="module")
def table(simulation):
    selected = selection.select(simulation, cuts=small_tng.WIDE)
    return inclined_views.views(selected, inclinations=INCLINATIONS, seed=3)


def view_maps(folder, kernel, simulation, table, parts=1, threads=1):
    """Map files of a table of views; their paths."""
    options = {**OPTIONS, "grid": {**OPTIONS["grid"], "bins": 64}}
    paths = []
    for part in range(parts):
        rows = maps.part_of(table, part, parts)
        projected = maps.project_all(kernel, simulation, rows, options, threads=threads)
        paths.append(folder / f"views_{parts}_{part}.h5")
        with atomic_hdf5(paths[-1]) as file:
            maps.write_maps(file, projected, len(rows), header=simulation.header, options=options)
    return paths


@pytest.fixture(scope="module")
def projected(tmp_path_factory, kernel, simulation, table):
    return view_maps(tmp_path_factory.mktemp("views"), kernel, simulation, table)


def written(path, paths, table):
    with_gas, attributes = inclined_views.read_views(paths, table)
    described = inclined_views.description(table[with_gas], attributes, {"pixels": 64}, 3)
    with atomic_hdf5(path) as file:
        datasets.write(file, inclined_views.images(paths, with_gas), **described)
    return with_gas


def test_views_are_turned_by_the_angles_of_their_rows(projected, kernel, simulation, table):
    faces = {**OPTIONS, "rotation": {**OPTIONS["rotation"], "inclination": 0.0}}
    bare = table.copy()
    bare.remove_columns(["inclination", "position_angle"])
    with h5py.File(projected[0]) as file:
        rotations = file["rotation"][:]
        assert list(file.attrs["inclination"]) == list(INCLINATIONS)
    face_on = maps.project_all(kernel, simulation, bare, faces)
    for row, matrix, face in zip(table, rotations, face_on, strict=True):
        t, i = np.radians([row["position_angle"], row["inclination"]])
        # The axis of the disc as seen: tipped by the inclination, away from the longer axis.
        axis = matrix @ face.rotation.T @ [0, 0, 1]
        expected = [-np.sin(t) * np.sin(i), -np.cos(t) * np.sin(i), np.cos(i)]
        np.testing.assert_allclose(axis, expected, atol=1e-9)
        assert axis[:2] @ [np.cos(t), -np.sin(t)] == pytest.approx(0, abs=1e-9)


def test_views_do_not_depend_on_parts_or_threads(tmp_path, projected, kernel, simulation, table):
    again = view_maps(tmp_path, kernel, simulation, table, parts=3, threads=2)
    for name in ("one", "three"):
        written(tmp_path / f"{name}.h5", projected if name == "one" else again, table)
    assert (tmp_path / "one.h5").read_bytes() == (tmp_path / "three.h5").read_bytes()


def test_dataset_joins_surface_densities_with_angles_and_the_galaxies_columns(
    tmp_path, projected, table
):
    path = tmp_path / "inclined_mass.h5"
    with_gas = written(path, projected, table)
    assert datasets.check(path)["samples"] == with_gas.sum() < len(table)
    rows = table[with_gas]
    with h5py.File(path) as file, h5py.File(projected[0]) as views:
        side = file.attrs["width_kpc"] / 64
        mass = views["totals"][with_gas, 1] * 1e10 / HEADER.hubble
        total = file["images"][:].sum(axis=(1, 2, 3), dtype=float) * side**2
        np.testing.assert_allclose(total, mass, rtol=1e-5)
        for name in table.colnames:
            np.testing.assert_array_equal(file[name][:], rows[name])
        np.testing.assert_array_equal(file["target"][:], rows["inclination"])
        assert file["id"][1].decode().endswith("_i30")
        assert json.loads(file.attrs["column_units"])["sfr"] == "solMass / yr"
        assert file.attrs["synthetic"] and file.attrs["image_units"] == "Msun / kpc2"


def test_views_without_any_gas_are_refused(tmp_path, table):
    with atomic_hdf5(tmp_path / "empty.h5") as file:
        create_dataset(file, "maps", np.zeros((2, 3, 64, 64), np.float32))
        create_dataset(file, "subhalo_id", np.asarray(table["subhalo_id"][:2]))
        create_dataset(file, "totals", np.zeros((2, 3)))
    paths = [tmp_path / "empty.h5"]
    refused("No inclined view holds any gas", inclined_views.read_views, paths, table[:2])
