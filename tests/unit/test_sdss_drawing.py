"""Drawings beside matplotlib's, and what frames show."""

import os
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from skyloom.arms.sdss import drawing, preparation
from skyloom.arms.sdss.smoothing import moving_average
from skyloom.prefetch import Pool

REAL = Path(os.environ.get("SKYLOOM_REAL_DATA", "")) / "sdss"


def similarity(first, second):
    """Mean structural similarity: Wang et al. 2004, IEEE Trans. Image Process. 13, 600, eq. 13.

    Windows are Gaussian, sigma 1.5 pixels, 11 x 11; K1 = 0.01, K2 = 0.03, dynamic range 255;
    windows that leave the image do not count.
    """
    a, b = np.asarray(first, float), np.asarray(second, float)

    def mean(image):
        return gaussian_filter(image, 1.5, truncate=3.5)

    one, two = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    centre_a, centre_b = mean(a), mean(b)
    spread_a, spread_b = mean(a * a) - centre_a**2, mean(b * b) - centre_b**2
    both = mean(a * b) - centre_a * centre_b
    values = (2 * centre_a * centre_b + one) * (2 * both + two)
    values /= (centre_a**2 + centre_b**2 + one) * (spread_a + spread_b + two)
    return values[5:-5, 5:-5].mean()


def curves():
    """A galaxy, a quasar and a star as a noisy sum of bumps and dips; not physical."""
    random = np.random.default_rng(11)
    x = np.geomspace(3650, 10300, 4500)
    galaxy = 1 + 0.5 * np.tanh((x - 5200) / 200) + 4 * np.exp(-(((x - 6563) / 8) ** 2))
    quasar = (x / 5000) ** -1.5 + 2 * np.exp(-(((x - 4900) / 90) ** 2))
    star = np.exp(-(((x - 4500) / 2500) ** 2)) - 0.5 * np.exp(-(((x - 4861) / 15) ** 2))
    noise = np.array([0.15, 0.05, 0.02, 0.4])[:, None] * (1 + 3 * np.exp(-(x - 3650) / 200))
    flux = np.stack([galaxy, quasar, star, np.ones_like(x)]) + noise * random.normal(size=(4, 4500))
    return x, flux


@pytest.mark.parametrize("window", [1, 9])
def test_drawings_are_those_of_matplotlib(pen, window):
    x, flux = curves()
    flux = moving_average(flux, window)
    for side, least in ((224, 0.9), (28, 0.85)):
        ours = drawing.draw(flux, (side, side), x=x, kernel=pen)
        theirs = drawing.draw(flux, (side, side), x=x, backend="matplotlib")
        found = [similarity(*pair) for pair in zip(ours, theirs, strict=True)]
        assert min(found) > least and np.mean(found) > 0.9


def test_drawings_are_nearer_to_matplotlib_at_eight_times_the_size_than_its_own(pen):
    # Agg adds up the strokes within a pixel; eight times larger that hardly happens.
    x, flux = curves()
    flux, size = moving_average(flux, 9)[:3], (56, 56)
    ours = drawing.draw(flux, size, x=x, kernel=pen)
    theirs = drawing.draw(flux, size, x=x, backend="matplotlib")
    large = drawing.draw(flux, (448, 448), x=x, backend="matplotlib", width=12)
    truth = large.reshape(3, 56, 8, 56, 8).mean(axis=(2, 4))
    for mine, other, true in zip(ours, theirs, truth, strict=True):
        assert similarity(mine, true) > 0.99
        assert similarity(mine, true) > similarity(other, true)


@pytest.mark.parametrize("window", [1, 9])
def test_real_spectra_are_drawn_as_by_matplotlib(pen, window):
    if not REAL.is_dir():
        pytest.skip("real archive files are not here: set SKYLOOM_REAL_DATA to their folder")
    wavelength = preparation.grid([3650, 10300], 4500)
    files = sorted(path.name for path in REAL.glob("*.fits"))[:6]
    (flux,) = preparation.prepare_all(files, REAL, wavelength, window=window)
    ours = drawing.draw(flux, (224, 224), x=wavelength, kernel=pen)
    theirs = drawing.draw(flux, (224, 224), x=wavelength, backend="matplotlib")
    assert min(similarity(*pair) for pair in zip(ours, theirs, strict=True)) > 0.94


def test_similarity_is_one_for_equal_images_and_none_for_the_negative():
    image = np.random.default_rng(0).integers(0, 256, (40, 40))
    assert similarity(image, image) == pytest.approx(1)
    assert similarity(image, 255 - image) < 0


@pytest.mark.parametrize("backend", list(drawing.BACKENDS))
@pytest.mark.parametrize("value", [0.0, 5.0, -3e8, 1e-30, np.nan])
def test_constant_and_empty_spectra_are_a_flat_line_in_the_middle(pen, backend, value):
    flux = np.full((1, 50), value)
    image = drawing.draw(flux, (40, 40), kernel=pen, backend=backend)[0]
    rows = np.flatnonzero((image < 255).any(axis=1))
    assert set(rows) <= {18, 19, 20, 21}
    across = np.flatnonzero((image < 255).any(axis=0))
    assert len(across) > 35


def test_frames_are_the_range_and_its_margin():
    x, flux = np.arange(11.0), np.array([np.arange(11.0), np.arange(11.0)])
    flux[1, [0, 1, 10]] = np.nan, np.inf, np.nan
    frame = drawing.frames(x, flux, margin=0.1)
    np.testing.assert_allclose(frame[0], [-1, 11, -1, 11])
    np.testing.assert_allclose(frame[1], [2 - 0.7, 9 + 0.7, 2 - 0.7, 9 + 0.7])
    fixed = drawing.frames(x, flux, wavelength=(-5, 20), limits=(10, 90), margin=0)
    np.testing.assert_allclose(fixed[0], [-5, 20, 1, 9])


def test_a_line_beyond_the_percentiles_leaves_the_frame(pen):
    flux = np.sin(np.linspace(0, 20, 1000))[None]
    inside = drawing.draw(flux, (50, 50), kernel=pen)
    clipped = drawing.draw(flux, (50, 50), kernel=pen, limits=(20, 80), margin=0)
    assert (inside[0, 0] == 255).all() and (clipped[0, 0] < 255).any()


def test_a_gap_is_bridged_and_the_ends_are_not_drawn(pen):
    flux = np.linspace(0, 1, 101)[None].repeat(2, axis=0)
    flux[1, 40:60] = np.nan
    whole, bridged = drawing.draw(flux, (64, 64), kernel=pen)
    assert np.abs(whole.astype(int) - bridged).max() <= 2
    flux[1] = np.where(np.arange(101) < 30, flux[0], np.nan)
    half = drawing.draw(flux, (64, 64), kernel=pen, wavelength=(0, 100))[1]
    assert (half[:, 25:] == 255).all()


def test_bytes_do_not_depend_on_threads(pen):
    x, flux = curves()
    flux = np.tile(flux, (12, 1))
    alone = drawing.draw(flux, (28, 28), x=x, kernel=pen)
    with Pool(3) as pool:
        np.testing.assert_array_equal(
            drawing.draw(flux, (28, 28), x=x, kernel=pen, pool=pool), alone
        )
    own = drawing.draw(flux, (28, 28), x=np.tile(x, (48, 1)), kernel=pen)
    np.testing.assert_array_equal(own, alone)


def test_impossible_choices_are_refused(pen):
    flux = np.zeros((1, 9))
    for wrong in (
        {"backend": "cairo"},
        {"wavelength": (5, 5)},
        {"limits": (99, 1)},
        {"limits": (-1, 99)},
        {"margin": -0.1},
        {"width": 0},
        {"kernel": None},
    ):
        with pytest.raises(ValueError):
            drawing.draw(flux, (8, 8), **({"kernel": pen} | wrong))
