"""Rebinned images: exact block means, or what OpenCV's linear interpolation gives."""

import cv2
import numpy as np
import pytest
from refusal import refused

from skyloom.arms.xmm.rebin import rebin

RANDOM = np.random.default_rng(11)
IMAGE = RANDOM.poisson(0.7, (648, 648)) / 27890.3


def block_mean(image, factor):
    height, width = (side // factor for side in image.shape)
    return image.reshape(height, factor, width, factor).mean(axis=(1, 3))


@pytest.mark.parametrize("factor", [2, 4])
def test_area_is_the_mean_of_each_block(factor):
    np.testing.assert_allclose(rebin(IMAGE, factor), block_mean(IMAGE, factor), rtol=1e-14)


@pytest.mark.parametrize("factor", [2, 4])
def test_area_is_exact_for_counts(factor):
    counts = RANDOM.poisson(3.0, (64, 96))
    for kind in (np.int16, np.float32, np.float64, ">i4", ">f4"):
        np.testing.assert_array_equal(
            rebin(counts.astype(kind), factor), block_mean(counts, factor), err_msg=str(kind)
        )


def test_area_conserves_the_mean_of_an_image():
    assert rebin(IMAGE, 4).mean() == pytest.approx(IMAGE.mean(), rel=1e-13)


@pytest.mark.parametrize("factor", [2, 4])
def test_linear_is_that_of_opencv(factor):
    size = (648 // factor, 648 // factor)
    expected = cv2.resize(IMAGE, size, interpolation=cv2.INTER_LINEAR)
    np.testing.assert_array_equal(rebin(IMAGE, factor, method="linear"), expected)


def test_linear_by_four_takes_only_the_central_pixels_of_a_block():
    central = IMAGE.reshape(162, 4, 162, 4)[:, 1:3, :, 1:3].mean(axis=(1, 3))
    np.testing.assert_allclose(rebin(IMAGE, 4, method="linear"), central, rtol=1e-13)
    noise = np.std(rebin(IMAGE, 4, method="linear")) / np.std(rebin(IMAGE, 4))
    assert noise == pytest.approx(2.0, rel=0.05)


def test_linear_by_two_is_the_block_mean():
    np.testing.assert_allclose(rebin(IMAGE, 2, method="linear"), rebin(IMAGE, 2), rtol=1e-14)


def test_factor_one_changes_nothing():
    assert rebin(IMAGE, 1) is IMAGE


def test_an_image_that_is_a_view_with_gaps_is_rebinned_alike():
    wide = np.zeros((648, 1296))
    wide[:, ::2] = IMAGE
    np.testing.assert_array_equal(rebin(wide[:, ::2], 4), rebin(IMAGE, 4))


def test_ragged_sizes_are_refused_by_size_and_key():
    refused(r"10 x 9 pixels cannot be rebinned by 4.*xmm.frame", rebin, np.ones((10, 9)), 4)


def test_padding_adds_zeros_at_the_upper_ends():
    image = rebin(np.ones((10, 9)), 4, pad=True)
    assert image.shape == (3, 3)
    np.testing.assert_allclose(image, np.outer([1, 1, 0.5], [1, 1, 0.25]))


def test_an_unknown_method_is_refused():
    refused("rebin_method", rebin, IMAGE, 2, method="cubic")
