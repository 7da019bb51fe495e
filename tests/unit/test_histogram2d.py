"""The kernel against NumPy's own histogram, cell by cell."""

from contextlib import contextmanager
from unittest import mock

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


def cells(seed, n, box=100.0):
    rng = np.random.default_rng(seed)
    values = [rng.lognormal(0, 2, n) for _ in STATISTICS]
    return rng.uniform(0, box, (n, 3)), values, rng.lognormal(0, 1, n)


def counted(kernel, places, edges, **view):
    """How many cells the kernel finds in each bin."""
    one = np.ones(len(places))
    options = {"mass": one, "statistics": ["sum"], "edges": edges, **view}
    return histogram2d.project(kernel, places, [one], **options)[0]


def counted_by_numpy(places, edges, **view):
    """The same by the reference."""
    options = {"statistics": ["sum"], "edges": edges, **view}
    return reference.project(places, [np.ones(len(places))], **options)[0]


#: A view of gas across the edge of a box.
GAS_VIEW = {
    "statistics": ["mass_weighted_mean", "sum", "mean"],
    "edges": np.linspace(-30, 30, 33),
    "centre": [99.0, 1.0, 50.0],
    "box_size": 100.0,
    "rotation": face_on([1.0, -2.0, 0.5]),
}


@contextmanager
def segments(cells_each):
    """Let short inputs be cut into segments as long ones are."""
    with mock.patch.object(histogram2d, "_SEGMENT", cells_each):
        yield


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    # Around the kernel's block of 16 cells, too.
    n=st.sampled_from([0, 1, 2, 15, 16, 17, 255, 256, 257, 1000, 3000]),
    box=st.one_of(st.just(0.0), st.floats(1.0, 1e5)),
    spin=st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda s: np.linalg.norm(s) > 1e-3),
    centre=st.tuples(*[st.floats(0, 1)] * 3),
    width=st.floats(0.01, 1.5),
    depth=st.sampled_from([None, 0.05, 0.6]),
    bins=st.sampled_from([1, 7, 64]),
    lost=st.floats(0, 1),
    precision=st.sampled_from([np.float32, np.float64]),
    threads=st.integers(1, 8),
)
def test_kernel_gives_the_maps_of_the_numpy_reference(
    kernel, seed, n, box, spin, centre, width, depth, bins, lost, precision, threads
):
    side = box or 100.0
    coordinates, values, mass = cells(seed, n, side)
    rng = np.random.default_rng(seed)
    gone = rng.random(n) < 0.2 * lost
    # Not along a diagonal, whose cells all lie on the middle edge of a map across it.
    far = np.outer([np.nan, 1e6, -3.3], [1.0, 1.07, 1.13]) * side
    coordinates[gone] = np.stack([rng.choice(axis, gone.sum()) for axis in far.T], axis=1)
    values = [value.astype(precision) for value in values]
    options = {
        "mass": mass.astype(precision),
        "statistics": STATISTICS,
        "edges": np.linspace(-width / 2, width / 2, bins + 1) * side,
        "centre": np.array(centre) * side,
        "box_size": box,
        "rotation": face_on(spin),
        "depth": depth and depth * side,
    }
    expected = reference.project(coordinates, values, **options)
    with segments(200):
        ours = histogram2d.project(kernel, coordinates, values, threads=threads, **options)
    np.testing.assert_allclose(ours, expected, rtol=1e-12)


@settings(max_examples=50, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    power=st.integers(-4, 3),
    bins=st.sampled_from([2, 8, 256]),
    box=st.sampled_from([0.0, 2.0**14]),
)
def test_every_cell_on_an_edge_is_counted_once_where_numpy_counts_it(
    kernel, seed, power, bins, box
):
    # Places and edges that binary numbers hold exactly, so many cells lie on edges and corners.
    step = 2.0**power
    edges = step * (np.arange(bins + 1) - bins / 2)
    rng = np.random.default_rng(seed)
    places = rng.integers(-bins, bins + 1, (2000, 3)) * step / 2
    nudge = rng.integers(-1, 2, places.shape)
    places = np.where(nudge, np.nextafter(places, 1e9 * nudge), places)
    ours = counted(kernel, places, edges, box_size=box)
    np.testing.assert_array_equal(ours, counted_by_numpy(places, edges, box_size=box))
    inside = (np.abs(places[:, :2]) <= bins * step / 2).all(axis=1)
    assert ours.sum() == inside.sum()


def gas_cells(seed, n, precision):
    rng = np.random.default_rng(seed)
    fields = {
        "Masses": rng.lognormal(-10, 1, n),
        "Density": rng.lognormal(-14, 3, n),
        "InternalEnergy": rng.lognormal(6, 3, n),
        "ElectronAbundance": rng.uniform(0, 1.16, n) * (rng.random(n) < 0.8),
        "StarFormationRate": rng.lognormal(-5, 1, n) * (rng.random(n) < 0.3),
    }
    fields = {name: values.astype(precision) for name, values in fields.items()}
    return {"Coordinates": rng.uniform(0, 100, (n, 3)), **fields}


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n=st.sampled_from([0, 1, 255, 256, 257, 3000]),
    precision=st.sampled_from([np.float32, np.float64]),
    kelvin=st.sampled_from(["effective", 1e4]),
    scale=st.sampled_from(["linear", "log"]),
    depth=st.sampled_from([None, 30.0]),
)
def test_fused_gas_maps_are_those_of_the_numpy_thermodynamics(
    kernel, seed, n, precision, kelvin, scale, depth
):
    cells = gas_cells(seed, n, precision)
    physics = {
        "scale_factor": 0.7,
        "hubble": 0.6774,
        "electron_abundance_floor": 1e-3,
        "star_forming_temperature": kelvin,
        "entropy_scale": scale,
    }
    view = GAS_VIEW | {"depth": depth}
    ours, floored = histogram2d.project_gas(kernel, cells, kernel_constants(**physics), **view)
    properties, expected_floored = cell_properties(cells, **physics)
    expected = reference.project(
        cells["Coordinates"],
        [properties[name] for name in ("entropy", "mass", "temperature")],
        mass=properties["mass"],
        **view,
    )
    np.testing.assert_allclose(ours, expected, rtol=1e-11, atol=1e-13)
    assert floored == expected_floored


def test_code_for_the_plainest_processor_gives_the_same_bits(kernel, tmp_path):
    histogram2d.compile_kernel(tmp_path / "plain.so", compiler="cc -DPLAIN")
    plain = histogram2d.load(tmp_path / "plain.so")
    constants = kernel_constants(scale_factor=0.7, hubble=0.7, electron_abundance_floor=1e-3)
    cells = gas_cells(11, 20_000, np.float32)
    maps = [histogram2d.project_gas(k, cells, constants, **GAS_VIEW)[0] for k in (kernel, plain)]
    assert maps[0].tobytes() == maps[1].tobytes()


@pytest.mark.parametrize(
    ("field", "value"),
    [("Density", 0.0), ("Density", -1.0), ("Density", np.nan), ("InternalEnergy", -1.0)],
)
def test_gas_that_makes_no_sense_is_counted_and_refused(kernel, field, value):
    cells = gas_cells(0, 1000, np.float64)
    cells[field][700] = value
    constants = kernel_constants(scale_factor=1.0, hubble=0.7, electron_abundance_floor=1e-4)
    view = {"statistics": ["sum"] * 3, "edges": np.linspace(-1, 1, 3)}
    project = histogram2d.project_gas
    refused("1 cells have", project, kernel, cells, constants, error=ValueError, **view)


def test_cells_on_bin_edges_fall_where_numpy_puts_them(kernel):
    edges = np.linspace(-30.0, 30.0, 257)
    x = np.concatenate([edges, np.nextafter(edges, -np.inf), np.nextafter(edges, np.inf)])
    coordinates = np.stack([x, np.zeros_like(x), np.zeros_like(x)], axis=1)
    expected = np.histogram2d(coordinates[:, 1], x, bins=[edges, edges])[0]
    np.testing.assert_array_equal(counted(kernel, coordinates, edges), expected)


def test_uneven_edges_are_numpys_too(kernel):
    edges = np.array([-30.0, -29.0, -10.0, 0.5, 0.75, 12.0, 30.0])
    coordinates, values, mass = cells(6, 2000)
    options = {"mass": mass, "statistics": STATISTICS, "edges": edges, "centre": [50.0] * 3}
    np.testing.assert_allclose(
        histogram2d.project(kernel, coordinates, values, **options),
        reference.project(coordinates, values, **options),
        rtol=1e-12,
    )


def test_map_conserves_mass_across_the_periodic_edge(kernel):
    offsets = np.random.default_rng(1).normal(0, 5, (10_000, 3)).clip(-29, 29)
    coordinates = (offsets + [0.5, 99.5, 50.0]) % 100.0
    view = {"centre": [0.5, 99.5, 50.0], "box_size": 100.0}
    found = counted(kernel, coordinates, np.linspace(-30, 30, 65), **view)
    assert found.sum() == len(offsets)


def test_position_that_is_nan_or_far_away_is_left_out(kernel):
    coordinates = np.array([[np.nan, 0, 0], [0, np.inf, 0], [1e30, 0, 0], [0, 0, np.nan]])
    assert counted(kernel, coordinates, np.linspace(-1, 1, 3), depth=1.0).sum() == 0


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(0, 5000),
    precision=st.sampled_from([np.float32, np.float64]),
)
def test_maps_are_the_same_bits_from_any_number_of_threads(kernel, seed, n, precision):
    gas = gas_cells(seed, n, precision)
    constants = kernel_constants(scale_factor=0.7, hubble=0.7, electron_abundance_floor=1e-3)
    options = {"statistics": ["mass_weighted_mean", "sum", "mean"], "edges": np.linspace(0, 60, 33)}
    with segments(300):
        maps = [
            histogram2d.project_gas(kernel, gas, constants, threads=threads, **options)[0]
            for threads in range(1, 9)
        ]
    assert len({found.tobytes() for found in maps}) == 1


def test_ten_million_cells_give_numpys_map_and_the_same_bits_from_any_number_of_threads(kernel):
    n = 10**7
    rng = np.random.default_rng(0)
    places = rng.random((n, 3), dtype=np.float32) * 64
    weight = rng.random(n, dtype=np.float32)
    options = {"statistics": ["sum", "mean"], "edges": np.arange(65.0)}
    maps = [
        histogram2d.project(kernel, places, [weight, weight], threads=threads, **options)
        for threads in (1, 2, 3, 8)
    ]
    assert len({found.tobytes() for found in maps}) == 1
    pixel = places[:, 1].astype(int) * 64 + places[:, 0].astype(int)
    total, count = np.bincount(pixel, weight, 4096), np.bincount(pixel, minlength=4096)
    np.testing.assert_allclose(maps[0].reshape(2, -1), [total, total / count], rtol=1e-12)


def test_segments_follow_from_the_number_of_cells_and_leave_none_out():
    for n in (0, 1, 2**19 - 1, 2**19, 10**6, 10**7, 10**9):
        ends = histogram2d.segments_of(n)
        assert ends[0] == 0 and ends[-1] == n and ends == sorted(ends)
        assert len(ends) - 1 <= histogram2d.MOST_SEGMENTS


def test_inputs_are_left_untouched(kernel):
    coordinates, values, mass = cells(4, 100)
    inputs = [coordinates, *values, mass]
    before = [array.copy() for array in inputs]
    options = {"mass": mass, "statistics": STATISTICS, "edges": np.linspace(0, 100, 5)}
    histogram2d.project(kernel, coordinates, values, **options)
    for array, kept in zip(inputs, before, strict=True):
        np.testing.assert_array_equal(array, kept)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    way=st.integers(-9, -3),
    box=st.sampled_from([0.0, 35000.0]),
    edges=st.sampled_from(["exact", "published"]),
    depth=st.sampled_from([None, 20.0]),
)
def test_cells_closer_to_an_edge_than_single_precision_sees_fall_where_numpy_puts_them(
    kernel, seed, way, box, edges, depth
):
    # Limits of both axes and of depth, missed by 1e-9 to 1e-3 of a length: less than single
    # precision sees, more than rounding in NumPy's matrix product; some cells far off.
    rng = np.random.default_rng(seed)
    edges = bin_edges(256, 60.0, edges)
    limits = np.concatenate([edges, [-10.0, 10.0]])
    missed = 10.0**way * rng.uniform(1, 3, (3000, 3)) * rng.choice([-1, 1], (3000, 3))
    places = rng.choice(limits, (3000, 3)) + missed
    places[::7, 2] = rng.uniform(-17000, 17000, len(places[::7]))
    rotation, centre = face_on(rng.normal(size=3)), rng.uniform(0, 35000, 3)
    coordinates = places @ rotation + centre
    if box:
        coordinates %= box
    view = {"centre": centre, "box_size": box, "rotation": rotation, "depth": depth}
    ours = counted(kernel, coordinates, edges, **view)
    np.testing.assert_array_equal(ours, counted_by_numpy(coordinates, edges, **view))


def test_published_edges_bin_as_the_thesis_prints_it():
    # int((x - lo) / width * 0.99 * 256), cells at or beyond the upper limit left out.
    x = np.random.default_rng(5).uniform(-30, 30, 10_000)
    index = ((x + 30.0) / 60.0 * 0.99 * 256).astype(int)
    edges = bin_edges(256, 60.0, "published")
    counts = np.histogram(x, edges)[0]
    np.testing.assert_array_equal(counts, np.bincount(index, minlength=len(edges) - 1))
    assert len(edges) - 1 == 254


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"edges": [0.0, 0.0, 1.0]}, "rise"),
        ({"statistics": ["median"]}, "statistic"),
        ({"mass": [1.0]}, "shape"),
        ({"mass": None, "statistics": ["mass_weighted_mean"]}, "needs the mass"),
    ],
)
def test_wrong_arguments_are_named(kernel, change, words):
    options = {"mass": np.ones(3), "statistics": ["sum"], "edges": [0.0, 1.0], **change}
    cells = kernel, np.zeros((3, 3)), [np.ones(3)]
    refused(words, histogram2d.project, *cells, error=ValueError, **options)


def test_absent_compiler_is_named_with_the_remedy(tmp_path):
    path, words = tmp_path / "k.so", r"no C compiler.*install"
    refused(words, histogram2d.compile_kernel, path, compiler="no-such-compiler")
    assert not list(tmp_path.iterdir())


def test_broken_library_is_named(tmp_path):
    (tmp_path / "k.so").write_bytes(b"not a library")
    refused("remove it", histogram2d.load, str(tmp_path / "k.so"))
