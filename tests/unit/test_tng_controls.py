"""Pictures that lost one thing, and regressions on what is left: against plain arithmetic."""

import fake_tng_run
import numpy as np
import pytest

from skyloom.arms.tng import controls, variants
from skyloom.learn import baselines
from skyloom.report import tng_ranking


@pytest.fixture
def images():
    rng = np.random.default_rng(1)
    return rng.uniform(0, 1, (5, 24, 32, 3)).astype(np.float32) ** 3


def test_scrambled_images_keep_every_pixel_and_no_place(images):
    mixed = controls.scrambled(images)
    for before, after in zip(images, mixed, strict=True):
        before, after = (one.reshape(-1, 3) for one in (before, after))
        np.testing.assert_array_equal(np.sort(before, axis=0), np.sort(after, axis=0))
        # Channels of a pixel stay together.
        together = {tuple(pixel) for pixel in before.tolist()}
        assert {tuple(pixel) for pixel in after.tolist()} == together
        assert (before == after).all(axis=1).mean() < 0.05
    # Of an image alone: not of its place among others.
    np.testing.assert_array_equal(controls.scrambled(images[2:3])[0], mixed[2])


def test_azimuthal_means_keep_the_profile_and_what_is_round(images):
    round_ = controls.azimuthal_means(images)
    np.testing.assert_allclose(
        controls.radial_profiles(round_), controls.radial_profiles(images), atol=1e-6
    )
    np.testing.assert_allclose(round_.mean(axis=(1, 2)), images.mean(axis=(1, 2)), rtol=1e-5)
    np.testing.assert_allclose(controls.azimuthal_means(round_), round_, atol=1e-6)
    np.testing.assert_allclose(round_, round_[:, ::-1, ::-1], atol=1e-6)


def test_a_profile_is_the_mean_of_the_pixels_of_each_ring(images):
    y, x = np.indices((24, 32))
    radius = np.hypot(y - 11.5, x - 15.5)
    ring = np.rint(radius - radius.min()).astype(int)
    profiles = controls.radial_profiles(images)
    for number in range(ring.max() + 1):
        expected = images[:, ring == number].mean(axis=1)
        np.testing.assert_allclose(profiles[:, number], expected, rtol=1e-5)


def test_images_over_their_totals_have_one_brightness(images):
    faint = images * np.array([0.01, 0.1, 0.2, 0.5, 1.0], np.float32)[:, None, None, None]
    same = controls.of_one_brightness(faint)
    np.testing.assert_allclose(same.mean(axis=(1, 2)), controls.MEAN_INTENSITY, rtol=1e-5)
    np.testing.assert_allclose(same, controls.of_one_brightness(images), rtol=1e-4)
    assert not controls.of_one_brightness(np.zeros_like(images)).any()


def test_a_wave_has_its_power_at_its_own_number():
    x = np.arange(64)
    wave = np.broadcast_to(100 * np.sin(2 * np.pi * 5 * x / 64)[:, None, None], (64, 64, 1))[None]
    spectrum = controls.power_spectra(wave)[0, :, 0]
    assert np.argmax(spectrum) == 5 - 1
    # Parseval: two waves of 100 / 2 over 64^2 pixels, in a ring of so many numbers.
    y, x = np.indices((64, 64)) - 32
    ring = np.rint(np.hypot(y, x)).astype(int)
    expected = 2 * (100 / 2 * 64**2) ** 2 / np.count_nonzero(ring == 5)
    assert spectrum[4] == pytest.approx(np.log10(expected), rel=1e-6)


@pytest.mark.parametrize("kind", controls.KINDS)
def test_kinds_are_rendered_from_the_stretched_maps(kind):
    maps = np.random.default_rng(2).lognormal(0, 1, (3, 3, 32, 32)).astype(np.float32)
    maxima = {"entropy": 20.0, "mass": 20.0, "temperature": 20.0}
    view = {"width": 60.0, "scale_factor": 1.0, "hubble": 0.7}
    parameters = {"kind": "composite", "beta": 0.01, "overflow": "clip"}
    plain = variants.render(maps, maxima, parameters, **view)
    made = variants.render(maps, maxima, parameters | {"kind": kind}, **view)
    assert made.dtype == np.uint8 and made.shape == plain.shape
    ours = controls.KINDS[kind](plain.astype(np.float64) / 255) * 255
    if kind == "scrambled":
        np.testing.assert_array_equal(
            *(np.sort(one.reshape(3, -1, 3), axis=1) for one in (made, plain))
        )
    else:
        assert np.abs(ours - made).max() <= 1.5


def test_ridge_finds_a_line_among_more_columns_than_rows():
    rng = np.random.default_rng(3)
    groups = np.repeat(np.arange(60), 2)
    values = rng.normal(size=(120, 400))
    targets = 3 + values[:, :3] @ [1.0, -2.0, 0.5] + 0.1 * rng.normal(size=120)
    train, test = np.arange(80), np.arange(80, 120)
    found = baselines.ridge(values, targets, train, groups, seed=1)
    assert np.corrcoef(found[test], targets[test])[0, 1] > 0.3
    # Few columns and little noise: the line itself.
    few = baselines.ridge(values[:, :3], targets, train, groups, seed=1)
    exact = baselines.linear_fit(values[:, :3], targets, train)
    np.testing.assert_allclose(few[test], exact[test], atol=0.02)


def test_ridge_on_noise_says_the_mean():
    rng = np.random.default_rng(4)
    groups, train = np.arange(200), np.arange(150)
    values, targets = rng.normal(size=(200, 50)), rng.normal(5, 1, 200)
    found = baselines.ridge(values, targets, train, groups, seed=1)
    assert found[150:].std() < 0.35 and abs(found[150:].mean() - targets[train].mean()) < 0.1
    constant = baselines.ridge(np.ones((200, 2)), targets, train, groups, seed=1)
    np.testing.assert_allclose(constant, targets[train].mean())


def test_ridge_is_the_closed_form():
    rng = np.random.default_rng(5)
    values, targets = rng.normal(size=(40, 6)), rng.normal(size=40)
    learnt = np.arange(30)
    offset, centre = targets[learnt].mean(), values[learnt].mean(axis=0)
    x = values[learnt] - centre
    for penalty in (1e-3, 1.0):
        weights = np.linalg.solve(x.T @ x + 30 * penalty * np.eye(6), x.T @ targets[learnt])
        expected = offset + (values - centre) @ weights
        found = baselines._penalised(values, targets, learnt, slice(None), np.array([penalty]))
        np.testing.assert_allclose(found[:, 0], expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("totals", "profile", "verdict"),
    [
        (-0.1, 0.2, "decides is brightness"),
        (0.1, -0.1, "decides is the profile"),
        (0.1, 0.1, "decides is structure"),
    ],
)
def test_what_decides_follows_from_what_the_best_network_is_above(
    tmp_path, totals, profile, verdict
):
    folder = fake_tng_run.write(tmp_path)
    summary, pairs = tng_ranking._tables(folder)
    summary["above_linear_maps_low"][0], summary["above_profile_low"][0] = totals, profile
    assert verdict in tng_ranking.sentences(summary, pairs)[-1]
