"""Blocks of spectra on their way into datasets."""

import h5py
import numpy as np
import pytest
from astropy.table import Table
from refusal import refused

from skyloom import datasets
from skyloom.arms.spectra import broadening, grid_files, variants, wavelengths
from skyloom.io.files import atomic_hdf5, open_hdf5
from skyloom.prefetch import Pool

WAVELENGTH = wavelengths.linear(4460, 4480, 41)
NAMES = [f"t{number:05d}" for number in range(23)]
FLUX = 1 - np.random.default_rng(0).uniform(0, 0.5, (23, 41)).astype(np.float32)


def write(folder, cuts, *, names=NAMES, wavelength=WAVELENGTH):
    paths = []
    for number, (start, end) in enumerate(zip([0, *cuts], [*cuts, len(names)], strict=True)):
        paths.append(folder / f"block_{number}.h5")
        pieces = np.array_split(FLUX[start:end], 2)
        with atomic_hdf5(paths[-1]) as file:
            grid_files.write_block(file, pieces, wavelength, names[start:end], synthetic=True)
    return paths


def inventory(names=NAMES):
    table = Table({"id": names, "teff": np.arange(len(names), dtype=float)})
    table["v_rot"] = 2.0 * np.arange(len(names))
    table["teff"].unit, table["v_rot"].unit = "K", "km / s"
    table.meta = {"labels": ["teff", "v_rot"], "synthetic": True}
    return table


def read(paths, table):
    wavelength, blocks = grid_files.read_blocks(paths, table)
    flux, rows = zip(*blocks, strict=True)
    return wavelength, np.concatenate(flux), np.concatenate(rows)


@pytest.mark.parametrize("cuts", [[], [7], [5, 5, 20]])
@pytest.mark.parametrize("pixels", [2**20, 3 * 41])
def test_what_is_written_is_read_in_order(tmp_path, monkeypatch, cuts, pixels):
    monkeypatch.setattr(grid_files, "BLOCK_PIXELS", pixels)
    wavelength, flux, rows = read(write(tmp_path, cuts), inventory())
    np.testing.assert_array_equal(wavelength, WAVELENGTH)
    np.testing.assert_array_equal(flux, FLUX)
    np.testing.assert_array_equal(rows, np.arange(23))


def test_spectra_that_the_inventory_leaves_out_are_skipped(tmp_path):
    names = [*NAMES[:10], NAMES[2], *NAMES[11:20], NAMES[4], *NAMES[21:]]
    kept = [name for row, name in enumerate(names) if row not in (10, 20)]
    _, flux, rows = read(write(tmp_path, [11], names=names), inventory(kept))
    np.testing.assert_array_equal(flux, np.delete(FLUX, (10, 20), axis=0))
    np.testing.assert_array_equal(rows, np.arange(21))


def test_blocks_of_different_wavelengths_are_refused(tmp_path):
    (tmp_path / "a").mkdir()
    paths = [
        *write(tmp_path, []),
        *write(tmp_path / "a", [], wavelength=WAVELENGTH + 1),
    ]
    refused("other wavelengths than", grid_files.read_blocks, paths, inventory())


@pytest.mark.parametrize("pieces", [[FLUX[:5]], [FLUX, FLUX[:1]], [FLUX[:, :7]]])
def test_spectra_that_do_not_fit_are_a_programming_error(tmp_path, pieces):
    with pytest.raises(ValueError, match="spectra"), atomic_hdf5(tmp_path / "a.h5") as file:
        grid_files.write_block(file, pieces, WAVELENGTH, NAMES, synthetic=False)
    assert not (tmp_path / "a.h5").exists()


def make(folder, paths, parameters, *, threads):
    table = inventory()
    wavelength, blocks = grid_files.read_blocks(paths, table)
    described = grid_files.description(table, wavelength, "noisy", parameters, arm="helium", seed=1)
    with Pool(threads) as pool, atomic_hdf5(folder / "dataset.h5") as file:
        rendered = variants.render(blocks, wavelength, parameters, 1)
        datasets.write(file, rendered, **described, pool=pool)
    return folder / "dataset.h5"


def test_dataset_is_the_same_for_any_blocks_and_threads(tmp_path, monkeypatch):
    contents = []
    for number, (cuts, threads) in enumerate([([], 1), ([7, 8], 3)]):
        folder = tmp_path / str(number)
        folder.mkdir()
        monkeypatch.setattr(grid_files, "BLOCK_PIXELS", 2**20 if number else 200)
        parameters = {"snr": 50, "resolving_power": 2000}
        path = make(folder, write(folder, cuts), parameters, threads=threads)
        contents.append(path.read_bytes())
    assert contents[0] == contents[1]


def test_dataset_describes_itself(tmp_path):
    path = make(tmp_path, write(tmp_path, [9]), {"snr": None, "resolving_power": None}, threads=1)
    assert datasets.check(path)["shape"] == (41,)
    with open_hdf5(path) as file:
        np.testing.assert_array_equal(file["spectra"][:], FLUX)
        np.testing.assert_array_equal(file["target"][:, 1], 2.0 * np.arange(23))
        assert file["target"].attrs["name"] == "teff,v_rot"
        assert file["target"].attrs["units"] == "K,km / s"
        assert file.attrs["synthetic"] and file.attrs["arm"] == "helium"
        np.testing.assert_array_equal(wavelengths.grid(file.attrs, 41), WAVELENGTH)
        assert sorted(file) == ["id", "spectra", "target"]


def test_a_spectrum_without_its_noise_is_that_of_the_grid_at_the_datasets_resolution(tmp_path):
    wavelength = wavelengths.linear(5000, 5100, 201)
    flux = 1 - np.random.default_rng(5).random((4, 201), np.float32) / 2
    for number, rows in enumerate((slice(0, 2), slice(2, 4))):
        with atomic_hdf5(tmp_path / f"block_{number}.h5") as file:
            names = ["a", "b", "c", "d"][rows]
            grid_files.write_block(file, [flux[rows]], wavelength, names, synthetic=True)
    blocks = [tmp_path / "block_0.h5", tmp_path / "block_1.h5"]
    own = {"resolving_power": 1000, "snr": 20}
    # The second of the grid was rejected.
    kept = Table({"id": ["a", "c", "d"], "teff": [1.0, 2.0, 3.0]})
    kept.meta = {"labels": ["teff"], "synthetic": True}
    described = grid_files.description(kept, wavelength, "noisy", own, arm="helium", seed=1)
    noisy = variants.render([(flux[[0, 2, 3]], np.arange(3))], wavelength, own, 1)
    with atomic_hdf5(tmp_path / "noisy.h5") as file:
        datasets.write(file, noisy, **described)
    wide = broadening.instrumental(wavelength, flux, 1000)
    with h5py.File(tmp_path / "noisy.h5") as file:
        for row, place in enumerate((0, 2, 3)):
            found = variants.without_noise(file, row, blocks)
            np.testing.assert_allclose(found, wide[place], rtol=1e-6)
            assert np.std(file["spectra"][row] - found) > 0.02
        refused("lack d, which the dataset", variants.without_noise, file, 2, blocks[:1])
