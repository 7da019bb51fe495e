"""Files of users, what is wrong with them, and the synthetic observed stars."""

import re

import h5py
import numpy as np
import pytest
from astropy.io import fits
from refusal import refused

from skyloom import prefetch
from skyloom.arms.spectra import grid_files, inventory, observed, wavelengths
from skyloom.arms.spectra.stellar import files, grid
from skyloom.io import inventory as inventories
from skyloom.io.files import atomic_hdf5, open_hdf5
from skyloom.simulate.stellar import observations, synthesis

WINDOW, PIXELS, FACTOR = (5000.0, 5300.0), 1200, 4


PIXEL_CENTRES = wavelengths.logarithmic(*WINDOW, PIXELS)


def smooth(wavelength, rows):
    """Spectra that resampling hardly changes, each its own."""
    phase = np.arange(rows)[:, None]
    return 1 - 0.3 * np.cos(wavelength / 20 + phase) ** 2


def labels(rows):
    """Labels that tell rows apart."""
    number = np.arange(rows)
    return np.column_stack([4000 + number, 4 + 0 * number, -0.5 + 0 * number, number])


@pytest.fixture
def folder(tmp_path):
    """Two good files of 5 and 300 spectra, on the window's pixels and on other ones."""
    pixels = PIXEL_CENTRES
    files.write(tmp_path / "a/same.h5", pixels, smooth(pixels, 5), labels(5), synthetic=True)
    other = np.arange(4990, 5310, 0.1)
    names = [f"star{row}" for row in range(300)]
    flux = smooth(other, 300)
    flux[7, 100] = np.nan
    flux[280, 3] = np.inf
    files.write(tmp_path / "b.h5", other, flux, labels(300), identifiers=names)
    return tmp_path


def read(folder, block, blocks, pool=None):
    """What the step does: (table, spectra, rejects)."""
    sources, unusable = files.listing(folder, PIXEL_CENTRES)
    good, rejects = files.usable(files.block_of(sources, block, blocks))
    spectra = list(files.read_spectra(good, PIXEL_CENTRES, FACTOR, pool=pool))
    spectra = np.concatenate(spectra) if spectra else np.empty((0, PIXELS // FACTOR))
    return files.table(good), spectra, rejects + (unusable if block == 0 else [])


def test_spectra_arrive_on_the_windows_pixels_with_labels_and_ids(folder):
    table, spectra, _ = read(folder, 0, 1)
    assert len(table) == len(spectra) == 303
    assert list(table["id"][:2]) == ["same_000000", "same_000001"] and table["id"][5] == "star0"
    assert list(table["file"][[0, 5]]) == ["a/same.h5", "b.h5"]
    assert [str(table[name].unit) for name in grid.LABELS] == ["K", "dex", "dex", "km / s"]
    centres = synthesis.centres(WINDOW, PIXELS, FACTOR)
    assert spectra.dtype == np.float32
    np.testing.assert_allclose(spectra[:5], smooth(centres, 5), atol=2e-3)
    numbers = np.asarray(table["v_sin_i"][5:], int)
    np.testing.assert_allclose(spectra[5:], smooth(centres, 300)[numbers], atol=2e-3)


def test_a_file_on_the_windows_pixels_is_not_resampled(folder):
    pixels = PIXEL_CENTRES
    _, spectra, _ = read(folder / "a/same.h5", 0, 1)
    stored = smooth(pixels, 5).astype(np.float32).astype(float)
    assert np.array_equal(spectra, stored.reshape(5, -1, 4).mean(axis=2).astype(np.float32))


def test_rows_that_are_not_finite_are_rejected_by_their_number(folder):
    table, _, rejects = read(folder, 0, 1)
    assert [name for name, _ in rejects] == ["b.h5", "b.h5"]
    assert "row 7 has flux with NaN" in rejects[0][1] and "row 280" in rejects[1][1]
    assert "star7" not in list(table["id"]) and "star280" not in list(table["id"])


@pytest.mark.parametrize(("blocks", "step"), [(2, 0.1), (3, 0.1), (7, 0.1), (2, 0.9), (5, 0.9)])
def test_blocks_and_threads_change_nothing_in_all_of_them(folder, blocks, step):
    # Finer than the window's pixels, whose means are taken, or coarser: a spline.
    other = np.arange(4990, 5310, step)
    flux = smooth(other, 300)
    flux[[7, 280], 3] = np.nan
    files.write(folder / "b.h5", other, flux, labels(300))
    table, spectra, rejects = read(folder, 0, 1)
    with prefetch.Pool(2) as pool:
        parts = [read(folder, block, blocks, pool) for block in range(blocks)]
    assert np.concatenate([part[1] for part in parts]).tobytes() == spectra.tobytes()
    assert [str(name) for part in parts for name in part[0]["id"]] == list(table["id"])
    assert [reject for part in parts for reject in part[2]] == rejects


def test_blocks_can_be_merged_and_read_as_one_grid(folder, tmp_path):
    tables, losses, paths = [], [], []
    centres = synthesis.centres(WINDOW, PIXELS, FACTOR)
    for block in range(2):
        table, spectra, rejects = read(folder, block, 2)
        paths.append(tmp_path / f"out/block_{block}.h5")
        with atomic_hdf5(paths[-1]) as file:
            grid_files.write_block(file, [spectra], centres, table["id"], synthetic=True)
        tables.append(table)
        losses.append(inventories.rejects(rejects, synthetic=True))
    merged, rejected = inventory.merge(tables, losses)
    assert len(merged) == 303 and len(rejected) == 2 and merged.meta["synthetic"] is True
    wavelength, found = grid_files.read_blocks(paths, merged)
    assert np.array_equal(wavelength, centres)
    assert sum(len(flux) for flux, _ in found) == 303


def test_labels_may_come_in_any_order_and_names_as_one_text(folder):
    with h5py.File(folder / "b.h5", "r+") as file:
        file["labels"][:, :] = file["labels"][()][:, [3, 0, 1, 2]]
        file["labels"].attrs["names"] = "v_sin_i, teff,log_g,m_h"
        file["labels"].attrs["units"] = "km/s,K,dex,dex"
    table, _, _ = read(folder, 0, 1)
    assert list(table["teff"][5:8]) == [4000, 4001, 4002] and table["v_sin_i"][6] == 1


def test_wavelengths_in_vacuum_become_those_in_air(folder):
    with h5py.File(folder / "b.h5", "r+") as file:
        file["wavelength"][:] = wavelengths.air_to_vacuum(file["wavelength"][()])
        file["wavelength"].attrs["medium"] = "vacuum"
    _, spectra, _ = read(folder, 0, 1)
    centres = synthesis.centres(WINDOW, PIXELS, FACTOR)
    np.testing.assert_allclose(spectra[5], smooth(centres, 1)[0], atol=2e-3)


@pytest.mark.parametrize(
    "words", [{"medium": "Vacuum"}, {"medium": "vac"}, {"VACUUM": True}, {"medium": b"VACUUM"}]
)
def test_vacuum_is_understood_however_it_is_written(folder, words):
    with h5py.File(folder / "b.h5", "r+") as file:
        file["wavelength"][:] = wavelengths.air_to_vacuum(file["wavelength"][()])
        del file["wavelength"].attrs["medium"]
        file["wavelength"].attrs.update(words)
    _, spectra, _ = read(folder, 0, 1)
    np.testing.assert_allclose(
        spectra[5], smooth(synthesis.centres(WINDOW, PIXELS, FACTOR), 1)[0], atol=2e-3
    )


@pytest.mark.parametrize("scale", [100.0, 3.0, 2e7, 1e-14])
def test_rows_whose_flux_is_not_about_1_are_rejected_by_their_number(folder, scale):
    with h5py.File(folder / "a/same.h5", "r+") as file:
        file["flux"][2] *= scale
    table, _, rejects = read(folder / "a/same.h5", 0, 1)
    assert len(table) == 4 and len(rejects) == 1
    assert "row 2 has a flux of about" in rejects[0][1] and "continuum" in rejects[0][1]


def _medium(wave, _):
    del wave.attrs["medium"]
    wave.attrs["Medium"] = "helium"


def _from(low, high=5300):
    return lambda wave, _: wave.write_direct(np.linspace(low, high, PIXELS))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_medium, "medium 'helium' instead of air or vacuum"),
        (
            lambda wave, _: wave.attrs.update(VACUUM=True),
            "contradicts itself: medium = 'air' says .* VACUUM = T vacuum",
        ),
        (_from(5050), "covers 5050.00 to 5300.00 Å, not all of 5000.00 to 5300.00 Å"),
        # Its pixels end within half a pixel of the window's: 0.1 Å here.
        (_from(5000.15), "covers 5000.15 to 5300.00 Å"),
        (_from(5300, 5000), "not finite and increasing"),
        (
            lambda _, labels: labels.update(names=["teff", "log_g", "fe_h", "v_sin_i"]),
            "fe_h, v_sin",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_rejected_with_its_reason(folder, spoil, words):
    with h5py.File(folder / "a/same.h5", "r+") as file:
        spoil(file["wavelength"], file["labels"].attrs)
    table, _, rejects = read(folder, 0, 1)
    assert len(table) == 298
    assert rejects[-1][0] == "a/same.h5" and re.search(words, rejects[-1][1])


def test_text_among_the_files_is_a_reject_and_an_empty_folder_an_error(folder, tmp_path):
    (folder / "notes.txt").write_text("not HDF5")
    reason = read(folder, 0, 1)[2][-1][1]
    assert "not a complete HDF5 file" in reason and reason.endswith("make it again.")
    (tmp_path / "empty").mkdir()
    refused("set stellar.spectra", files.listing, tmp_path / "empty", PIXEL_CENTRES)
    refused("set stellar.spectra", files.listing, tmp_path / "nowhere", PIXEL_CENTRES)


@pytest.fixture(scope="module")
def archive(tmp_path_factory, lines):
    folder = tmp_path_factory.mktemp("observed")
    options = {"observed": 3, "limb_darkening": 0.6}
    return list(observations.write(folder, lines, window=WINDOW, options=options, seed=5)), lines


def test_observed_stars_are_read_with_the_labels_of_their_names(archive):
    for path in archive[0]:
        spectrum = observed.read_spectrum(path)
        assert spectrum.known == pytest.approx(grid.labels_of(path.name))
        assert spectrum.wavelength[0] < 4997 and spectrum.wavelength[-1] > 5303
    assert {path.suffix for path in archive[0]} == {".txt", ".fits"}
    assert observed.read_spectrum(archive[0][1]).medium == "air"


def test_the_last_star_lies_beyond_the_grid_and_the_others_between_its_nodes(archive):
    known = [grid.labels_of(path.name) for path in archive[0]]
    assert known[-1]["teff"] == 12000
    for star in known[:-1]:
        assert 3500 < star["teff"] < 9750 and star["teff"] % 250
        assert grid.lowest_log_g(star["teff"]) <= star["log_g"] <= 5


def test_a_stars_file_is_its_synthetic_spectrum_with_the_stated_noise(archive):
    paths, lines = archive
    star = list(grid.labels_of(paths[0].name).values())
    _, expected = observations.spectrum(lines, star, WINDOW, 0.6)
    flux = observed.read_spectrum(paths[0]).flux
    deviation = (flux - expected) * observations.SNR / np.sqrt(expected)
    assert np.mean(deviation) == pytest.approx(0, abs=0.04)
    assert np.std(deviation) == pytest.approx(1, abs=0.04)
    # The same star as the grid would have it, before the noise.
    laid = synthesis.pixels(WINDOW, 29788, star[3])
    grids = synthesis.rotations(lines, star[:3], [star[3]], laid, limb_darkening=0.6)[0]
    wavelength = wavelengths.linear(4996, 5304, len(expected))
    assert np.interp(laid.wavelength, wavelength, expected) == pytest.approx(grids, abs=0.02)


def test_observed_stars_say_that_they_are_synthetic_and_are_reproducible(archive, tmp_path):
    paths, lines = archive
    options = {"observed": 3, "limb_darkening": 0.6}
    again = list(observations.write(tmp_path, lines, window=WINDOW, options=options, seed=5))
    assert [p.name for p in again] == [p.name for p in paths]
    assert [p.read_bytes() for p in again] == [p.read_bytes() for p in paths]
    assert "synthetic" in paths[0].read_text()[:100]
    assert fits.getheader(paths[1])["SYNTHET"] is True


def test_a_file_says_whether_it_is_synthetic(folder):
    with open_hdf5(folder / "a/same.h5") as file:
        assert file.attrs["synthetic"]
    assert read(folder / "b.h5", 0, 1)[0].meta["synthetic"] is False
