"""The drawing kernel against exact areas, sampled distances and other compilations of itself."""

import numpy as np
import pytest

from skyloom.errors import InputError
from skyloom.kernels import polyline


def frame_of(size):
    """Coordinates are pixels, y upwards."""
    return (0, size[1], 0, size[0])


def ink(image):
    """Covered area in pixels."""
    return (255.0 - image).sum(axis=(-1, -2)) / 255


def sampled(x, y, size, width, samples=16):
    """Shares of pixels within half a width of the polyline, by distances of samples to segments."""
    down, across = (np.mgrid[: size[0] * samples, : size[1] * samples] + 0.5) / samples
    least = np.full(down.shape, np.inf)
    down = size[0] - down
    for x0, x1, y0, y1 in zip(x[:-1], x[1:], y[:-1], y[1:], strict=True):
        dx, dy = x1 - x0, y1 - y0
        along = ((across - x0) * dx + (down - y0) * dy) / max(dx * dx + dy * dy, 1e-300)
        along = np.clip(along, 0, 1)
        gap = (across - x0 - along * dx) ** 2 + (down - y0 - along * dy) ** 2
        np.minimum(least, gap, out=least)
    inside = least <= (width / 2) ** 2
    return inside.reshape(size[0], samples, size[1], samples).mean(axis=(1, 3))


@pytest.mark.parametrize("width", [0.4, 1.0, 1.5, 2.0, 3.7])
@pytest.mark.parametrize("points", [5, 40, 400])
def test_pixels_hold_their_share_of_the_union_of_discs(pen, width, points):
    random, size = np.random.default_rng(points), (20, 33)
    x = np.sort(random.uniform(-3, 36, points))
    y = random.uniform(-4, 24, points) if points < 400 else 10 + random.normal(0, 3, points)
    image = polyline.rasterise(pen, x, y[None], frame=frame_of(size), size=size, width=width)
    share = 1 - image[0] / 255.0
    truth = sampled(x, y, size, width)
    assert np.abs(share - truth).max() < 0.2
    assert np.sqrt(np.mean((share - truth) ** 2)) < 0.025
    assert abs(share.mean() - truth.mean()) < 0.01


@pytest.mark.parametrize("slope", [0, 0.3, 1, -2.5, 12])
def test_a_straight_line_has_the_area_of_a_strip_with_round_ends(pen, slope):
    size, width, half = (120, 120), 1.5, min(40, 40 / max(abs(slope), 1))
    for points in (2, 3000):
        x = np.linspace(60 - half, 60 + half, points)
        y = 60.2 + slope * (x - 60)
        image = polyline.rasterise(pen, x, y[None], frame=frame_of(size), size=size, width=width)
        length = 2 * half * np.hypot(1, slope)
        assert ink(image)[0] == pytest.approx(length * width + np.pi * width**2 / 4, rel=0.01)


def test_a_horizontal_line_covers_whole_and_part_rows_to_the_last_bit(pen):
    y = np.full((1, 2), 5.25)
    image = polyline.rasterise(pen, [-9, 19], y, frame=(0, 10, 0, 10), size=(10, 10), width=1.5)
    # From 4.5 to 6: a whole row and half of the one below.
    rows = np.full(10, 255)
    rows[[4, 5]] = 0, 255 - round(255 / 2)
    np.testing.assert_array_equal(image[0], np.repeat(rows[:, None], 10, axis=1))


def test_what_is_drawn_twice_counts_once(pen):
    x = np.linspace(0, 50, 400)
    y = 25 + 8 * np.sin(x / 4)
    twice, again = np.repeat(x, 3), np.repeat(y, 3)
    options = {"frame": (0, 50, 0, 50), "size": (50, 50), "width": 1.5}
    once = polyline.rasterise(pen, x, y[None], **options)
    np.testing.assert_array_equal(once, polyline.rasterise(pen, twice, again[None], **options))


def test_a_vertical_jump_at_one_x_is_drawn_whole(pen):
    size = (40, 40)
    x, y = np.array([5, 20, 20, 35.0]), np.array([10, 10, 30, 30.0])
    image = polyline.rasterise(pen, x, y[None], frame=frame_of(size), size=size, width=2)
    truth = sampled(x, y, size, 2)
    assert np.abs(1 - image[0] / 255 - truth).max() < 0.2


def test_the_line_goes_over_points_that_are_not_finite_and_far_ones_leave_the_frame(pen):
    x = np.linspace(0, 30, 31)
    y = np.full(31, 12.0)
    options = {"frame": (0, 30, 0, 30), "size": (30, 30), "width": 1.5}
    straight = polyline.rasterise(pen, x, y[None], **options)
    broken = y.copy()
    broken[[4, 5, 20]] = np.nan, np.inf, -np.inf
    np.testing.assert_array_equal(polyline.rasterise(pen, x, broken[None], **options), straight)
    spike = y.copy()
    spike[15] = 1e300
    image = polyline.rasterise(pen, x, spike[None], **options)[0]
    assert (image[0] < 255).any() and np.isfinite(ink(image))
    np.testing.assert_array_equal(image[:, :13], straight[0, :, :13])
    none = polyline.rasterise(pen, x, np.full((2, 31), np.nan), **options)
    assert (none == 255).all()


def test_bytes_are_those_of_any_flags_precision_block_and_position_in_memory(pen, tmp_path):
    random = np.random.default_rng(3)
    x = np.cumsum(random.uniform(0.5, 1.5, 900))
    y = np.cumsum(random.normal(size=(7, 900)), axis=1).astype(np.float32)
    options = {"frame": (x[0], x[-1], -40, 40), "size": (61, 77), "width": 1.3}
    images = polyline.rasterise(pen, x, y, **options)
    for number, compiler in enumerate(("cc -DPLAIN", "cc -O1 -DPLAIN", "cc -march=native -DPLAIN")):
        path = tmp_path / f"{number}.so"
        polyline.compile_kernel(path, compiler=compiler)
        other = polyline.rasterise(polyline.load(path), x, y, **options)
        np.testing.assert_array_equal(other, images)
    single = [polyline.rasterise(pen, x, row[None], **options)[0] for row in y]
    np.testing.assert_array_equal(single, images)
    double = polyline.rasterise(pen, x, y.astype(np.float64), **options)
    np.testing.assert_array_equal(double, images)
    own = polyline.rasterise(pen, np.tile(x, (7, 1)), y[:, ::1], **options)
    np.testing.assert_array_equal(own, images)


def test_impossible_arguments_are_refused(pen):
    x, y = np.arange(5.0), np.zeros((1, 5))
    good = {"frame": (0, 4, -1, 1), "size": (8, 8), "width": 1.0}
    for x_, y_, wrong in (
        (x[::-1], y, {}),
        (np.full(5, np.nan), y, {}),
        (x[:4], y, {}),
        (x, y[0], {}),
        (x, y, {"frame": (0, 0, -1, 1)}),
        (x, y, {"frame": (0, 4, 1, np.nan)}),
        (x, y, {"size": (0, 8)}),
        (x, y, {"width": 0}),
        (x, y, {"width": np.nan}),
    ):
        with pytest.raises(ValueError):
            polyline.rasterise(pen, x_, y_, **(good | wrong))


def test_a_file_that_is_no_kernel_is_named(tmp_path):
    (tmp_path / "k.so").write_bytes(b"no library")
    with pytest.raises(InputError, match=r"k\.so.*remove it and run again"):
        polyline.load(str(tmp_path / "k.so"))
