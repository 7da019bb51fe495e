"""Every interval and stretch equals astropy's, on made and on real images."""

import itertools
import os
import warnings
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.visualization import (
    AsinhStretch,
    LinearStretch,
    LogStretch,
    MinMaxInterval,
    PowerStretch,
    SinhStretch,
    SqrtStretch,
    ZScaleInterval,
)
from refusal import refused

from skyloom.arms.xmm import stretches
from skyloom.arms.xmm.rebin import rebin

REAL = Path(os.environ.get("SKYLOOM_REAL_DATA", "")) / "xmm"
INTERVALS = {"minmax": MinMaxInterval, "zscale": ZScaleInterval}
STRETCHES = {
    "linear": LinearStretch(),
    "log": LogStretch(1000),
    "sqrt": SqrtStretch(),
    "power": PowerStretch(2),
    "sinh": SinhStretch(),
    "asinh": AsinhStretch(),
}
PAIRS = list(itertools.product(INTERVALS, STRETCHES))
SEVERAL_A = {
    "log": ([0.01, 1, 1e6], LogStretch),
    "power": ([0.3, 1, 5], PowerStretch),
    "sinh": ([0.05, 0.5, 4], SinhStretch),
    "asinh": ([0.001, 0.5, 4], AsinhStretch),
}


def profile(side):
    return np.exp(-(np.hypot(*(np.mgrid[:side, :side] - side / 2)) ** 2) / (side / 3) ** 2)


def made_images():
    """Name -> image, from dense to empty, with and without a pedestal."""
    random = np.random.default_rng(5)
    images = {}
    for mean in (0.001, 0.01, 0.03, 0.1, 0.3, 1, 10, 1e4):
        counts = random.poisson(mean * profile(160)).astype(float)
        counts[40, 70] += 1.0
        images[f"poisson {mean}"] = counts / 27890.3
        images[f"poisson {mean} on a pedestal"] = counts + 7.3
    images["negative"] = random.normal(-3, 1e-3, (90, 70))
    images["narrow"] = 1e4 + random.normal(0, 3e-2, (64, 64))
    for value in (0.0, 1.0, 0.1, -0.7, 12345.678, 1e-7):
        images[f"constant {value}"] = np.full((48, 48), value)
    for count in (2, 3, 4):
        images[f"{count} values"] = 0.1 * random.integers(0, count, (80, 80))
    rare = random.random((80, 80)) < 0.1
    images["mostly zero"] = np.where(rare, random.random((80, 80)), 0.0)
    images["mostly one value"] = np.where(rare, random.random((80, 80)), 0.1)
    images["mostly one value, others below"] = np.where(rare, -random.random((80, 80)), 0.1)
    images["half zero"] = np.where(np.arange(6400).reshape(80, 80) % 2, 0.3, 0.0)
    images["fewer pixels than zscale wants"] = np.arange(16.0).reshape(4, 4) ** 2
    images["fewer pixels than a fit wants"] = np.array([[0.1, 0.5], [0.2, 0.3]])
    images["one pixel"] = np.array([[3.0]])
    images["an outlier"] = np.where(np.arange(6400).reshape(80, 80) == 3000, 1e6, rare * 1.0)
    return images


MADE = made_images()


def astropy_way(image, interval, stretch):
    with warnings.catch_warnings():
        # A fit to fewer points than two has no unique line: astropy says so and goes on.
        warnings.simplefilter("ignore")
        return stretch(interval(np.asarray(image, dtype=np.float64)))


@pytest.mark.parametrize(("interval", "stretch"), PAIRS)
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_made_images_come_out_as_astropy_has_them(interval, stretch, kind):
    for name, image in MADE.items():
        image = image.astype(kind)
        ours = stretches.stretch(image[None], interval, stretch)
        assert ours.dtype == np.float32 and ours.min() >= 0 and ours.max() <= 1
        expected = astropy_way(image, INTERVALS[interval](), STRETCHES[stretch])
        np.testing.assert_allclose(ours[0], expected, rtol=0, atol=1e-6, err_msg=name)


@pytest.mark.skipif(not REAL.is_dir(), reason="SKYLOOM_REAL_DATA names no folder with xmm")
@pytest.mark.parametrize(("interval", "stretch"), PAIRS)
def test_real_images_come_out_as_astropy_has_them(interval, stretch):
    paths = sorted(path for path in REAL.iterdir() if path.suffix in (".gz", ".FTZ"))
    assert paths
    for path, factor in itertools.product(paths, (1, 2, 4)):
        rate = rebin(fits.getdata(path).astype(np.float64) / 13789.3, factor)
        # Ours are kept as float32, astropy sees them before.
        ours = stretches.stretch(rate.astype(np.float32)[None], interval, stretch)[0]
        expected = astropy_way(rate, INTERVALS[interval](), STRETCHES[stretch])
        np.testing.assert_allclose(
            ours, expected, rtol=0, atol=1e-6, err_msg=f"{path.name} by {factor}"
        )


@pytest.mark.parametrize("name", SEVERAL_A)
def test_the_parameter_of_a_stretch_is_that_of_astropy(name):
    values, peer = SEVERAL_A[name]
    image = MADE["poisson 10"].astype(np.float32)
    for a in values:
        ours = stretches.stretch(image[None], "minmax", name, a=a)[0]
        expected = astropy_way(image, MinMaxInterval(), peer(a))
        np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-6, err_msg=f"a = {a}")


@pytest.mark.parametrize(("contrast", "samples"), [(0.1, 1000), (1.0, 300), (0.25, 5000)])
def test_contrast_and_samples_are_those_of_astropy(contrast, samples):
    peer = ZScaleInterval(contrast=contrast, n_samples=samples)
    for name, image in MADE.items():
        image = image.astype(np.float32)
        low, high = stretches.limits(image[None], "zscale", contrast=contrast, samples=samples)[0]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = peer.get_limits(image.astype(np.float64))
        np.testing.assert_allclose((low, high), expected, rtol=1e-9, atol=1e-14, err_msg=name)


def test_images_of_a_batch_do_not_see_each_other():
    batch = np.stack([MADE[f"poisson {mean}"] for mean in (0.01, 1, 1e4, 0.1)]).astype(np.float32)
    for interval, stretch in PAIRS:
        together = stretches.stretch(batch, interval, stretch)
        alone = [stretches.stretch(image[None], interval, stretch)[0] for image in batch]
        np.testing.assert_array_equal(together, alone)


def test_images_are_left_as_they_came():
    image = MADE["poisson 1"].astype(np.float32)[None]
    before = image.copy()
    for interval, stretch in (*PAIRS, ("none", "linear")):
        stretches.stretch(image, interval, stretch)
    np.testing.assert_array_equal(image, before)


def test_images_larger_than_a_piece_are_stretched_to_their_last_pixel(monkeypatch):
    image = MADE["poisson 10"].astype(np.float32)[None]
    whole = [stretches.stretch(image, *pair) for pair in PAIRS]
    monkeypatch.setattr(stretches, "_PIECE", 1000)
    for expected, pair in zip(whole, PAIRS, strict=True):
        np.testing.assert_array_equal(stretches.stretch(image, *pair), expected)


def test_an_interval_too_narrow_for_float32_is_divided_by_all_the_same():
    image = np.array([[0.0, 1e-41], [5e-42, 1e-41]], np.float32)
    ours = stretches.stretch(image[None], "minmax", "linear")[0]
    np.testing.assert_allclose(ours, [[0, 1], [0.5, 1]], atol=1e-3)


def test_sparse_counts_seldom_need_astropy_itself():
    random = np.random.default_rng(0)
    samples = np.sort(random.poisson(0.1, (200, 1000)) / 27890.3, axis=1)
    assert stretches._zscale(samples, 0.25)[1].sum() == 0


@pytest.mark.parametrize("length", range(1, 14))
def test_rejected_samples_spread_as_numpy_convolves(length):
    bad = np.random.default_rng(length).random((20, 150)) < 0.05
    for row, grown in zip(bad, stretches._grown(bad, length), strict=True):
        np.testing.assert_array_equal(np.convolve(row, np.ones(length, bool), "same"), grown)


def test_none_leaves_rates_as_they_are():
    image = np.array([[[0.0, 3.5], [1e-5, -1.0]]])
    np.testing.assert_array_equal(
        stretches.stretch(image, "none", "linear"), image.astype(np.float32)
    )


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_pixels_that_are_not_finite_are_an_error(value):
    with pytest.raises(ValueError, match="not finite"):
        stretches.stretch(np.array([[[0.0, value]]]), "minmax", "sqrt")


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        (("percentile", "log"), "no dataset percentile_log"),
        (("minmax", "cube"), "no dataset minmax_cube"),
        (("none", "log"), "choose none_linear"),
    ],
)
def test_what_does_not_exist_is_refused_with_what_does(pair, message):
    refused(message, stretches.stretch, np.ones((1, 4, 4)), *pair)


@pytest.mark.parametrize("a", [0, -1, np.inf])
def test_a_parameter_out_of_range_is_refused_by_its_key(a):
    refused(r"xmm\.stretch\.log", stretches.stretch, np.ones((1, 4, 4)), "minmax", "log", a=a)
