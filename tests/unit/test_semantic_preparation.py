"""What an encoder of galaxies is given: units of discs, and their grain."""

import numpy as np
import pytest

from skyloom.arms.semantic import preparation


def disc(scale, ellipticity, angle, intensity=1.0, pixels=64, fine=8):
    """An exponential disc, pixels averaged over fine ones: columns are x, rows are y."""
    centres = (np.arange(pixels * fine) + 0.5) / (pixels * fine) * 2 - 1
    x, y = centres[None, :], centres[:, None]
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    across = (s * x + c * y) / (scale * (1 - ellipticity))
    image = intensity * np.exp(-np.hypot((c * x - s * y) / scale, across))
    return image.reshape(pixels, fine, pixels, fine).mean(axis=(1, 3))


@pytest.mark.parametrize("scale", [0.1, 0.2])
@pytest.mark.parametrize("ellipticity", [0.0, 0.4])
def test_unit_of_a_resolved_disc_is_its_central_intensity(scale, ellipticity):
    images = np.stack([disc(scale, ellipticity, angle, 3e7) for angle in (0, 25, 110)])
    np.testing.assert_allclose(preparation.disc_unit(images), 3e7, rtol=0.07)


def test_unit_of_an_inclined_disc_is_larger_by_the_projection_and_nothing_else():
    # The same mass seen at 60 degrees: half the area, twice the intensity.
    views = np.stack([disc(0.2, 0.0, 0, 1.0), disc(0.2, 0.5, 40, 2.0)])
    face, inclined = preparation.disc_unit(views)
    assert inclined / face == pytest.approx(2.0, rel=0.03)


def test_faint_halo_changes_the_unit_of_a_disc_ten_times_less_than_its_mean():
    image = disc(0.12, 0.3, 60)
    halo = image + np.random.default_rng(1).exponential(0.01, image.shape)
    alone, within = preparation.disc_unit(np.stack([image, halo]))
    assert abs(within / alone - 1) < 0.1 * (halo.mean() / image.mean() - 1)


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e8, 1e30])
def test_normalised_images_do_not_depend_on_the_unit_and_multiply_back(scale):
    images = np.stack([disc(0.1, 0.2, 30), disc(0.3, 0.6, 120)])[..., None]
    prepared, unit = preparation.normalise(images * scale)
    assert prepared.dtype == np.float32 and prepared.shape == images.shape
    np.testing.assert_allclose(prepared, preparation.normalise(images)[0], rtol=1e-6)
    np.testing.assert_allclose(prepared * unit[:, None, None, None], images * scale, rtol=1e-6)


def test_images_are_normalised_one_by_one_and_left_as_they_were():
    images = np.random.default_rng(2).random((5, 16, 16, 1)).astype(np.float32)
    before = images.copy()
    prepared, unit = preparation.normalise(images)
    alone, one = preparation.normalise(images[3:4])
    np.testing.assert_array_equal(prepared[3:4], alone)
    assert unit[3] == one[0]
    np.testing.assert_array_equal(images, before)


def test_image_without_gas_stays_empty_and_has_no_unit():
    prepared, unit = preparation.normalise(np.zeros((2, 8, 8, 1), np.float32))
    assert not prepared.any() and not unit.any()


def test_speckle_has_the_variance_of_counted_cells():
    level = np.array([0.01, 0.25, 1.0], np.float32)
    images = np.broadcast_to(level[:, None, None], (3, 300, 300))
    noisy = preparation.speckled(images, 0.2, np.random.default_rng(4))
    assert noisy.dtype == np.float32
    np.testing.assert_allclose(noisy.std(axis=(1, 2)), 0.2 * np.sqrt(level), rtol=0.02)
    np.testing.assert_allclose(noisy.mean(axis=(1, 2)), level, atol=0.003)


def test_no_speckle_draws_no_random_numbers():
    random, other = (np.random.default_rng(1) for _ in range(2))
    images = np.ones((2, 4, 4), np.float32)
    np.testing.assert_array_equal(preparation.speckled(images, 0.0, random), images)
    assert random.random() == other.random()
