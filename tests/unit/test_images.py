"""Stretch, blur and unsharp mask against astropy, SciPy and PIL's arithmetic."""

import numpy as np
import pytest
from astropy.visualization import AsinhStretch
from refusal import refused
from scipy import ndimage

from skyloom.arms.tng import images, quantities, variants

BETA = 0.001
MAXIMA = {"entropy": 10.0, "mass": 2.0, "temperature": 1e6}


SCALE = np.array(list(MAXIMA.values()))[:, None, None]


def maps(seed=0, n=2, side=64):
    return (np.random.default_rng(seed).random((n, 3, side, side)) * SCALE).astype(np.float32)


@pytest.mark.parametrize("beta", [1e-4, 1e-3, 0.1, 1.0])
def test_asinh_stretch_equals_astropys(beta):
    x = np.linspace(0, 1, 101)
    np.testing.assert_allclose(images.asinh_stretch(x, beta), AsinhStretch(a=beta)(x), rtol=1e-12)


def test_asinh_stretch_equals_the_thesis_function():
    x = np.linspace(0, 1, 11)

    def arcsinh(value):
        return np.log(np.abs(value / BETA) + np.sqrt((value / BETA) ** 2 + 1.0))

    np.testing.assert_allclose(images.asinh_stretch(x, BETA), arcsinh(x) / arcsinh(1.0))


def test_lupton_keeps_colour_ratios_and_exceeds_one_for_a_pure_channel():
    pixel = np.array([1.0, 0.0, 0.0]).reshape(3, 1, 1)
    assert images.lupton(pixel, BETA)[0, 0, 0] == pytest.approx(2.57, abs=0.005)
    grey = np.full((3, 1, 1), 0.3)
    np.testing.assert_allclose(images.lupton(grey, BETA), AsinhStretch(a=BETA)(grey))
    mixed = np.array([0.1, 0.2, 0.4]).reshape(3, 1, 1)
    stretched = images.lupton(mixed, BETA)
    np.testing.assert_allclose(stretched / stretched[0], mixed / mixed[0])
    assert images.lupton(np.zeros((3, 2, 2)), BETA).max() == 0.0


@pytest.mark.parametrize("sigma", [3.0, 5.0, 10.0, 2.13])
def test_gaussian_blur_equals_scipys(sigma):
    stack = np.ascontiguousarray(maps().transpose(0, 2, 3, 1)) / np.float32(1e6)
    size = 0, sigma, sigma, 0
    expected = ndimage.gaussian_filter(stack.astype(np.float64), size, mode="nearest")
    np.testing.assert_allclose(images.gaussian_blur(stack, sigma), expected, rtol=2e-5, atol=1e-6)


def render(parameters, stack):
    numbers = {"width": 60.0, "scale_factor": 1.0, "hubble": 0.6774}
    parameters = {"beta": BETA, "overflow": "clip", **parameters}
    return variants.render(stack, MAXIMA, parameters, **numbers)


@pytest.mark.parametrize("channel", ["entropy", "mass", "temperature"])
def test_single_channel_is_stretched_alone_and_copied_into_three(channel):
    stack = maps()
    image = render({"kind": "channel", "channel": channel, "single_channel": "alone"}, stack)
    index = list(MAXIMA).index(channel)
    alone = AsinhStretch(a=BETA)(stack[:, index].astype(float) / MAXIMA[channel])
    for plane in range(3):
        np.testing.assert_array_equal(image[..., plane], np.rint(alone * 255).astype(np.uint8))


def test_changing_another_channel_leaves_a_single_channel_untouched_unless_joint():
    stack = maps()
    other = stack.copy()
    other[:, 0] *= 0.5
    for mode, equal in (("alone", True), ("joint", False)):
        parameters = {"kind": "channel", "channel": "mass", "single_channel": mode}
        assert np.array_equal(render(parameters, stack), render(parameters, other)) is equal


def test_unsharp_mask_of_a_flat_image_is_mid_grey_and_signs_are_kept():
    flat = np.full((1, 64, 64, 3), 0.5, np.float32)
    assert set(np.unique(images.unsharp_mask(flat, 3.0))) == {128}
    flat[:, 32, 32] = 1.0
    sharp = images.unsharp_mask(flat, 3.0)
    assert sharp[0, 32, 32, 0] > 128 > sharp[0, 32, 34, 0]


def thesis_bytes(stack):
    """The saved image of the thesis: joint stretch, times 255, cast without a check."""
    normal = stack.astype(np.float64) / SCALE
    return (images.lupton(normal, BETA) * 255).astype(np.int64) % 256


@pytest.mark.parametrize("kind", ["composite", "gaussian", "unsharp"])
def test_published_filters_act_on_the_wrapped_bytes(kind):
    stack = maps(1)
    stack[0, :, 10, 10] = [10.0, 0.0, 0.0]
    saved = thesis_bytes(stack)
    assert saved[0, 0, 10, 10] == 654 % 256  # 255 times 2.57, which wraps
    blurred = np.rint(ndimage.gaussian_filter(saved * 1.0, (0, 0, 3, 3), mode="nearest"))
    made = {"composite": saved, "gaussian": blurred, "unsharp": (saved - blurred) % 256}
    expected = made[kind].transpose(0, 2, 3, 1)
    parameters = {"kind": kind, "overflow": "wrap", "sigma": 3, "difference": "wrapped"}
    ours = render(parameters, stack).astype(int)
    # A blurred byte that lies half-way may round either way.
    assert np.mean(ours != expected) < 1e-3


def plain_render(stack, parameters):
    """Every variant in double precision on whole planes, with NumPy and SciPy alone."""
    kind, overflow = parameters["kind"], parameters.get("overflow", "clip")
    normal = stack.astype(np.float64) / SCALE
    if kind == "channel":
        alone = normal[:, [list(MAXIMA).index(parameters["channel"])] * 3]
        image = AsinhStretch(a=BETA)(alone.clip(0, 1), clip=False)
    else:
        intensity = normal.mean(axis=1, keepdims=True)
        stretch = AsinhStretch(a=BETA)(intensity, clip=False)
        image = normal * np.divide(stretch, intensity, np.zeros_like(intensity), where=stretch > 0)
    image = image.clip(0, 1) if overflow == "clip" else (image * 255).astype(int) % 256 / 255
    blurred = image
    if "sigma" in parameters:
        size = (0, 0, parameters["sigma"], parameters["sigma"])
        blurred = ndimage.gaussian_filter(image, size, mode="nearest")
    if kind != "unsharp":
        done = np.rint(blurred * 255)
    elif parameters["difference"] == "signed":
        done = np.rint(128 + 127 * (image - blurred))
    else:
        done = (np.rint(image * 255) - np.rint(blurred * 255)) % 256
    return done.transpose(0, 2, 3, 1).astype(np.uint8)


VARIANTS = [
    {"kind": "composite"},
    *({"kind": "channel", "channel": name, "single_channel": "alone"} for name in MAXIMA),
    *({"kind": "gaussian", "sigma": sigma} for sigma in (3, 10)),
    *({"kind": "unsharp", "sigma": 5, "difference": how} for how in ("signed", "wrapped")),
]


@pytest.mark.parametrize("filled", [0.0, 1e-4, 0.14, 1.0])
@pytest.mark.parametrize("parameters", VARIANTS)
def test_working_only_where_there_is_gas_gives_the_image_of_the_whole_plane(parameters, filled):
    gas = np.random.default_rng(5).random((2, 1, 64, 64)) < filled
    for overflow in ("clip", "wrap"):
        stack = np.where(gas, maps(4), np.float32(0.0))
        ours = render({**parameters, "overflow": overflow}, stack).astype(int)
        expected = plain_render(stack, {**parameters, "overflow": overflow}).astype(int)
        # Single precision may round a filtered byte that lies half-way to either side.
        apart = (ours - expected + 128) % 256 - 128
        assert np.abs(apart).max() <= ("sigma" in parameters)
        assert np.mean(apart != 0) < 1e-3


@pytest.mark.parametrize("parameters", VARIANTS)
def test_galaxy_gives_the_same_image_alone_and_in_a_block(parameters):
    stack = maps(6, n=5) * (np.random.default_rng(6).random((5, 1, 64, 64)) < 0.3)
    together = render(parameters, stack)
    alone = np.concatenate([render(parameters, stack[i : i + 1]) for i in range(5)])
    np.testing.assert_array_equal(together, alone)


def test_pixel_whose_logarithmic_entropy_is_zero_is_not_taken_for_empty():
    stack = np.zeros((1, 3, 32, 32), np.float32)
    stack[0, :, 4, 5] = [0.0, 1.0, 1e5]
    maxima = {**MAXIMA, "entropy": 1.0, "entropy_minimum": -1.0}
    options = {"beta": BETA, "joint": False, "overflow": "clip", "channel": 0}
    image = images.stretched(stack, maxima, **options)
    assert image[0, 4, 5, 0] == np.float32(AsinhStretch(a=BETA)([0.5])[0])
    assert np.count_nonzero(image) == 3


def test_wrapped_unsharp_mask_is_the_modulo_256_subtraction_of_bytes():
    stack = maps(1) / SCALE.astype(np.float32)
    stack = np.ascontiguousarray(stack.transpose(0, 2, 3, 1))
    original = np.rint(stack * 255).astype(np.int64)
    blurred = np.rint(images.gaussian_blur(stack, 3.0) * 255).astype(np.int64)
    wrapped = images.unsharp_mask(stack, 3.0, difference="wrapped")
    np.testing.assert_array_equal(wrapped, (original - blurred) % 256)


def test_overflow_is_cut_by_default_and_wraps_as_published_on_request():
    bright = np.array([2.0, 1.0, 0.5])
    np.testing.assert_array_equal(images.to_uint8(bright), [255, 255, 128])
    np.testing.assert_array_equal(images.wrapped_bytes(bright), [510 % 256, 255, 127])


def test_logarithmic_entropy_is_scaled_between_its_extremes_where_there_is_gas():
    stack = np.zeros((1, 3, 2, 2), np.float32)
    stack[0, 1] = [[1, 1], [2, 0]]
    stack[0, 2] = stack[0, 1]
    stack[0, 0] = [[-2.0, 0.0], [2.0, 0.0]]
    maxima = images.channel_maxima([stack], logarithmic_entropy=True)
    assert maxima["entropy_minimum"] == -2.0 and maxima["entropy"] == 2.0
    normal = images.normalised(stack, maxima)
    np.testing.assert_array_equal(normal[0, 0], [[0.0, 0.5], [1.0, 0.0]])
    np.testing.assert_array_equal(normal[0, 1], [[0.5, 0.5], [1.0, 0.0]])


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (3, 3.0),
        ("3 pixel", 3.0),
        ("60 ckpc/h", 256.0),
        ("10 ckpc", 10 * 0.6774 * 256 / 60),
        ("10 kpc", 10 * 0.6774 / 0.5 * 256 / 60),
    ],
)
def test_filter_sizes_convert_to_pixels(size, expected):
    numbers = {"width": 60.0, "bins": 256, "scale_factor": 0.5, "hubble": 0.6774}
    assert quantities.pixels(size, **numbers) == pytest.approx(expected)


@pytest.mark.parametrize("size", ["3 furlong", "kpc", "-1", 0, "700 pc/h"])
def test_filter_size_with_unknown_unit_or_not_positive_is_refused(size):
    refused("size", quantities.pixels, size, width=60.0, bins=256, scale_factor=1.0, hubble=0.7)


def test_maxima_are_the_largest_pixels_and_need_some_gas():
    first, second = maps(2), maps(3)
    found = images.channel_maxima([first, second, first[:0]])
    expected = np.maximum(first.max(axis=(0, 2, 3)), second.max(axis=(0, 2, 3)))
    np.testing.assert_array_equal(list(found.values()), expected)
    refused("reference", images.channel_maxima, [np.zeros((1, 3, 4, 4))])


def test_galaxy_without_gas_is_black_in_every_unfiltered_variant():
    empty = np.zeros((1, 3, 32, 32), np.float32)
    for kind in ({"kind": "composite"}, {"kind": "gaussian", "sigma": 3}):
        assert render(kind, empty).max() == 0
