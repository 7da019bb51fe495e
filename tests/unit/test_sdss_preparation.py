"""Spectra on the common grid: against the library's resampler, analytic fluxes and real files."""

import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from astropy.io import fits
from refusal import refused

from skyloom.arms.sdss import preparation, processing
from skyloom.arms.sdss.spectrum import read_spectrum
from skyloom.arms.spectra import resampling
from skyloom.errors import InputError
from skyloom.io.files import atomic_hdf5
from skyloom.prefetch import Pool

REAL = Path(os.environ.get("SKYLOOM_REAL_DATA", "")) / "sdss"


def spectrum(flux, good=None, first=3.56, step=1e-4):
    """As the reader gives it."""
    flux = np.asarray(flux, np.float32)
    wavelength = 10 ** (first + step * np.arange(len(flux)))
    good = np.ones(len(flux), bool) if good is None else good
    return SimpleNamespace(wavelength=wavelength, flux=flux, good=good)


def test_the_grid_is_even_in_the_logarithm_and_ends_where_it_should():
    grid = preparation.grid([3650, 10300], 4500)
    assert (len(grid), grid[0], grid[-1]) == (4500, 3650, 10300)
    steps = np.diff(np.log10(grid))
    np.testing.assert_allclose(steps, np.log10(10300 / 3650) / 4499, rtol=1e-9)
    refused(r"sdss\.grid", preparation.grid, [5000, 4000], 10)


@pytest.mark.parametrize("pixels", [300, 1234, 4000])
def test_resampling_is_that_of_the_librarys_matrix(pixels):
    random = np.random.default_rng(0)
    old = 10 ** (3.56 + 1e-4 * np.arange(4000))
    flux = 1e4 + random.normal(size=4000)
    new = preparation.grid([3500, 8000], pixels)
    expected = resampling.resample(old, flux, new, method="conserve", outside="nan")
    np.testing.assert_allclose(preparation.resample(old, flux, new), expected, rtol=1e-12)


def test_the_integral_over_wavelength_is_kept():
    old = 10 ** (3.56 + 1e-4 * np.arange(4000))
    line = 1 + 30 * np.exp(-0.5 * ((old - 5007) / 2) ** 2)
    new = preparation.grid([4000, 8000], 900)
    values = preparation.resample(old, line, new)
    widths = np.diff(resampling.edges(new))
    strength = ((values - 1) * widths).sum()
    assert strength == pytest.approx(30 * 2 * np.sqrt(2 * np.pi), rel=1e-6)


def test_the_flux_is_relative_to_its_median_and_its_sign_stays():
    grid = preparation.grid([3700, 8000], 1000)
    for level in (3e-17, 42.0, -5.0):
        values = preparation.prepare(spectrum(np.full(4000, level)), grid, window=9)
        np.testing.assert_allclose(values, np.sign(level), rtol=1e-6)
    assert (preparation.prepare(spectrum(np.zeros(4000)), grid, window=9) == 0).all()


def test_bad_pixels_have_no_part_and_nothing_is_made_up_beyond_the_good_ones():
    slope = np.linspace(1, 2, 4000)
    good = np.ones(4000, bool)
    good[:300] = good[1000:1100] = good[3900:] = False
    flux = np.where(good, slope, np.nan)
    flux[1000:1100] = 1e9
    item = spectrum(flux, good)
    grid = preparation.grid([3650, 9000], 3000)
    values = preparation.prepare(item, grid, window=9)
    inside = (grid > item.wavelength[301]) & (grid < item.wavelength[3898])
    assert np.isfinite(values[inside]).all()
    outside = (grid < item.wavelength[299]) | (grid > item.wavelength[3900])
    assert np.isnan(values[outside]).all()
    expected = np.interp(grid, item.wavelength, slope / np.median(slope[good]))
    # At the ends half a window is missing.
    np.testing.assert_allclose(values[inside], expected[inside], rtol=2e-3)


def test_smoothing_happens_on_the_spectrums_own_pixels():
    flux = np.random.default_rng(1).normal(10, 1, 4000)
    grid = preparation.grid([3700, 9000], 1000)
    rough, smooth = (preparation.prepare(spectrum(flux), grid, window=w) for w in (1, 33))
    assert smooth.std() < 0.6 * rough.std()
    assert smooth.mean() == pytest.approx(rough.mean(), rel=1e-3)


def test_normalised_spectra_have_no_mean_and_unit_spread():
    flux = np.random.default_rng(2).normal(7, 3, (4, 500))
    flux[1, :100] = np.nan
    flux[2], flux[3] = 0.1, np.nan
    values = preparation.normalise(flux)
    assert values.dtype == np.float32 and (values[1, :100] == 0).all()
    for row, known in ((0, slice(0, 500)), (1, slice(100, 500))):
        assert values[row, known].mean() == pytest.approx(0, abs=1e-6)
        assert values[row, known].std() == pytest.approx(1, abs=1e-6)
    assert (values[2:] == 0).all()


def test_a_spectrum_beside_the_grid_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(preparation, "read_spectrum", lambda path, labelled: spectrum(np.ones(100)))
    grid = preparation.grid([9000, 10000], 50)
    with pytest.raises(InputError, match=r"spec-1\.fits.*3631 to .* are beside the grid.*widen"):
        list(preparation.prepare_all(["spec-1.fits"], tmp_path, grid, window=9))


def test_real_spectra_keep_their_flux_on_the_grid(tmp_path):
    if not REAL.is_dir():
        pytest.skip("real archive files are not here: set SKYLOOM_REAL_DATA to their folder")
    grid = preparation.grid([3650, 10300], 4500)
    files = sorted(path.name for path in REAL.glob("*.fits"))[:5]
    (alone,) = preparation.prepare_all(files, REAL, grid, window=1)
    with Pool(3) as pool:
        (together,) = preparation.prepare_all(files, REAL, grid, window=1, pool=pool)
    np.testing.assert_array_equal(alone, together)
    for name, values in zip(files, alone, strict=True):
        table, good = fits.getdata(REAL / name, 1), read_spectrum(REAL / name).good
        wave, flux = 10 ** table["loglam"].astype(float), table["flux"].astype(float)
        # Between the noisy blue end and the sky line at 5577 Å, over the few bad pixels.
        old, new = (wave > 4200) & (wave < 5500), (grid > 4200) & (grid < 5500)
        expected = np.trapezoid(np.interp(wave[old], wave[good], flux[good]), wave[old])
        found = np.trapezoid(values[new], grid[new]) * np.median(np.abs(flux[good]))
        assert found == pytest.approx(expected, rel=0.005)


def test_blocks_are_read_as_they_were_written(tmp_path):
    grid = preparation.grid([4000, 5000], 30)
    flux = np.random.default_rng(0).normal(size=(150, 30)).astype(np.float32)
    flux[3, :4] = np.nan
    names, paths = [f"n{k:03d}" for k in range(150)], []
    for number, (start, end) in enumerate(((0, 100), (100, 100), (100, 150))):
        paths.append(tmp_path / f"block_{number}.h5")
        with atomic_hdf5(paths[-1]) as file:
            blocks = [flux[start : start + 64], flux[start + 64 : end]] if end > start else []
            if end - start == 50:
                blocks = [flux[start:end]]
            preparation.write_block(file, blocks, grid, names[start:end], window=9, synthetic=True)
    wavelength, window, blocks = processing.read_blocks(paths, names)
    np.testing.assert_allclose(wavelength, grid, rtol=1e-14)
    assert window == 9
    np.testing.assert_array_equal(np.concatenate(list(blocks)), flux)
    for wrong in (names[::-1], names[:-1], [*names, "more"]):
        refused("run again", list, processing.read_blocks(paths, wrong)[2])
    with atomic_hdf5(tmp_path / "other.h5") as file:
        preparation.write_block(file, [], grid, [], window=5, synthetic=True)
    with pytest.raises(InputError, match="another grid or smoothing"):
        processing.read_blocks([*paths, tmp_path / "other.h5"], names)
