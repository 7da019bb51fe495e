"""Cells as large as they are: shares of pixels against quadrature, and what must not change."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from refusal import refused

from skyloom.arms.tng.gas import cell_properties, kernel_constants
from skyloom.arms.tng.maps import bin_edges
from skyloom.arms.tng.rotation import face_on
from skyloom.kernels import histogram2d, reference

STATISTICS = list(histogram2d.STATISTICS)


def sized_cells(seed, n, *, median, box=100.0, spread=1.2):
    """Places, values, masses and densities of cells with radii about a median."""
    rng = np.random.default_rng(seed)
    mass, radius = rng.lognormal(0, 0.3, n), median * rng.lognormal(0, spread, n)
    values = [rng.lognormal(0, 2, n) for _ in STATISTICS]
    return rng.uniform(0, box, (n, 3)), values, mass, mass / (4 / 3 * np.pi * radius**3)


def mass_map(kernel, places, mass, density, **view):
    """The mass alone."""
    options = {"statistics": ["sum"], "mass": mass, "density": density, **view}
    return histogram2d.project(kernel, places, [mass], **options)[0]


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n=st.sampled_from([0, 1, 15, 16, 17, 400]),
    box=st.sampled_from([0.0, 100.0]),
    spin=st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda s: np.linalg.norm(s) > 1e-3),
    centre=st.tuples(*[st.floats(0, 1)] * 3),
    width=st.floats(0.05, 1.0),
    depth=st.sampled_from([None, 5.0, 60.0]),
    bins=st.sampled_from([1, 2, 3, 4, 32]),
    rule=st.sampled_from(["exact", "published", "uneven"]),
    median=st.sampled_from([1e-3, 0.1, 1.0, 10.0]),
    precision=st.sampled_from([np.float32, np.float64]),
)
def test_cells_are_shared_out_as_quadrature_says(
    kernel, seed, n, box, spin, centre, width, depth, bins, rule, median, precision
):
    places, values, mass, density = sized_cells(seed, n, median=median)
    edges = np.linspace(-50, 50, bins + 1) * width
    if rule == "published" and bins > 4:
        edges = bin_edges(bins, 100 * width, rule)
    if rule == "uneven":
        edges = np.sort(np.random.default_rng(seed).uniform(-50, 50, bins + 1)) * width
    options = {
        "mass": mass.astype(precision),
        "density": density.astype(precision),
        "statistics": STATISTICS,
        "edges": edges,
        "centre": np.array(centre) * 100,
        "box_size": box,
        "rotation": face_on(spin),
        "depth": depth,
    }
    values = [value.astype(precision) for value in values]
    expected = reference.project(places, values, **options)
    ours = histogram2d.project(kernel, places, values, **options)
    # A mean of a share that is rounding alone is not defined: only pixels with gas count.
    shared = reference.project(places, values, **options | {"statistics": ["sum"] * 3})[0]
    gas = shared > 1e-9 * max(shared.max(), 1e-300)
    np.testing.assert_allclose(ours[:, gas], expected[:, gas], rtol=1e-5)
    np.testing.assert_allclose(ours[0], expected[0], rtol=1e-9, atol=1e-12 * shared.max(initial=1))


def test_mass_is_conserved_over_the_edge_of_a_periodic_box(kernel):
    places, _, mass, density = sized_cells(1, 4000, median=1.0)
    # A cloud about a corner of the box, as files have it, and on a map that holds all of it.
    places = np.random.default_rng(1).normal([99.0, 1.0, 50.0], 4.0, places.shape) % 100
    density = np.maximum(density, mass / (4 / 3 * np.pi * 20.0**3))
    view = {"edges": np.linspace(-45, 45, 65), "centre": [99.0, 1.0, 50.0], "box_size": 100.0}
    for spin in ([0, 0, 1.0], [1.0, 2.0, 3.0]):
        seen = mass_map(kernel, places, mass, density, **view, rotation=face_on(spin))
        assert seen.sum() == pytest.approx(mass.sum(), rel=1e-12)


def test_a_cell_over_the_maps_edge_counts_with_what_lies_on_the_map(kernel):
    # A cell whose centre is on the edge: half of it.
    radius, mass = 2.0, np.array([5.0])
    density = mass / (4 / 3 * np.pi * radius**3)
    for place in ([10.0, 0.0, 0.0], [-10.0, 0.0, 0.0], [0.0, 10.0, 0.0]):
        seen = mass_map(kernel, np.array([place]), mass, density, edges=np.linspace(-10, 10, 33))
        assert seen.sum() == pytest.approx(2.5, rel=1e-12)
    # And half within the depth.
    deep = {"edges": np.linspace(-10, 10, 33), "depth": 8.0}
    seen = mass_map(kernel, np.array([[0.0, 0.0, 4.0]]), mass, density, **deep)
    assert seen.sum() == pytest.approx(2.5, rel=1e-12)


def test_a_cell_within_one_pixel_gives_it_all(kernel):
    places, _, mass, density = sized_cells(2, 3000, median=1e-4, spread=0.1)
    # In the middle of pixels of side 1, up to a third off.
    places = np.floor(places) + 0.5 + (places - np.floor(places) - 0.5) * 2 / 3
    edges = np.arange(101.0)
    seen = mass_map(kernel, places, mass, density, edges=edges)
    expected = np.histogram2d(places[:, 1], places[:, 0], bins=[edges] * 2, weights=mass)[0]
    np.testing.assert_allclose(seen, expected, rtol=1e-13)


def test_a_cell_has_the_width_of_a_sphere_of_its_volume(kernel):
    # The variance of a uniform sphere along any axis is r^2 / 5, and a pixel's own is added.
    radius, mass = 7.3, np.array([2.0])
    density = mass / (4 / 3 * np.pi * radius**3)
    edges = np.linspace(-10, 10, 401)
    middle = (edges[1:] + edges[:-1]) / 2
    for spin in ([0, 0, 1.0], [1.0, 2.0, 3.0]):
        view = {"edges": edges, "rotation": face_on(spin)}
        seen = mass_map(kernel, np.array([[0.3, -0.4, 0.2]]), mass, density, **view)
        for axis in (0, 1):
            shares = seen.sum(axis=axis) / 2.0
            mean = shares @ middle
            assert shares @ (middle - mean) ** 2 == pytest.approx(radius**2 / 5, rel=1e-4)


def test_a_constant_seen_through_cells_of_any_size_stays_that_constant(kernel):
    places, _, mass, density = sized_cells(3, 2000, median=2.0)
    options = {"mass": mass, "density": density, "edges": np.linspace(20, 80, 33)}
    same = [np.full(len(mass), 7.5)] * 2
    mean = histogram2d.project(
        kernel, places, same, statistics=["mean", "mass_weighted_mean"], **options
    )
    np.testing.assert_allclose(mean[mean > 0], 7.5, rtol=1e-9)


@pytest.mark.parametrize("precision", [np.float32, np.float64])
def test_fused_gas_maps_share_cells_out_as_the_reference_does(kernel, precision):
    rng = np.random.default_rng(4)
    places, _, mass, density = sized_cells(4, 700, median=1.0)
    cells = {
        "Masses": mass,
        "Density": density,
        "InternalEnergy": rng.lognormal(6, 1, 700),
        "ElectronAbundance": rng.uniform(0.1, 1.1, 700),
    }
    cells = {name: values.astype(precision) for name, values in cells.items()}
    physics = {"scale_factor": 0.7, "hubble": 0.6774, "electron_abundance_floor": 1e-3}
    view = {
        "statistics": ["mass_weighted_mean", "sum", "mean"],
        "edges": np.linspace(-30, 30, 33),
        "centre": [99.0, 1.0, 50.0],
        "box_size": 100.0,
        "rotation": face_on([1.0, -2.0, 0.5]),
    }
    cells["Coordinates"] = places
    constants = kernel_constants(**physics)
    ours, _ = histogram2d.project_gas(kernel, cells, constants, deposit="cell", **view)
    properties, _ = cell_properties(cells, **physics)
    values = [properties[name] for name in ("entropy", "mass", "temperature")]
    sized = {"mass": properties["mass"], "density": cells["Density"]}
    expected = reference.project(places, values, **sized, **view)
    np.testing.assert_allclose(ours, expected, rtol=1e-6, atol=1e-9 * expected.max())


def test_code_for_the_plainest_processor_shares_cells_out_with_the_same_bits(kernel, tmp_path):
    histogram2d.compile_kernel(tmp_path / "plain.so", compiler="cc -DPLAIN")
    plain = histogram2d.load(tmp_path / "plain.so")
    places, _, mass, density = sized_cells(5, 5000, median=1.0)
    view = {"edges": np.linspace(0, 100, 65), "box_size": 100.0, "depth": 60.0}
    maps = [mass_map(k, places, mass, density, **view) for k in (kernel, plain)]
    assert maps[0].tobytes() == maps[1].tobytes()


def test_cells_without_a_volume_are_refused_and_those_without_mass_add_nothing(kernel):
    places, _, mass, density = sized_cells(6, 100, median=1.0)
    view = {"edges": np.linspace(0, 100, 33)}
    empty = mass.copy()
    empty[:50] = 0.0
    seen = mass_map(kernel, places, empty, density, **view)
    kept = mass_map(kernel, places[50:], mass[50:], density[50:], **view)
    np.testing.assert_allclose(seen, kept, rtol=1e-12, atol=1e-15)
    for value in (0.0, -1.0, np.nan):
        density[7] = value
        refused(
            "1 cells have no vol", mass_map, kernel, places, mass, density, error=ValueError, **view
        )


def test_places_that_are_no_numbers_are_in_no_pixel(kernel):
    places, _, mass, density = sized_cells(7, 100, median=1.0)
    places[::2] = np.nan
    edges = np.linspace(-1000, 1000, 33)
    assert mass_map(kernel, places, mass, density, edges=edges).sum() == pytest.approx(
        mass[1::2].sum(), rel=1e-12
    )
