"""The paper's files: what is written can be read, what is spoilt is refused with its reason."""

import csv
import filecmp

import numpy as np
import pytest
from refusal import refused

from skyloom.arms.spectra.helium import files, grid, inventory
from skyloom.io import folders
from skyloom.io.inventory import Reject
from skyloom.prefetch import Pool
from skyloom.simulate.helium import archive

WINDOW = np.linspace(4460, 4480, 201)
OPTIONS = {
    "teff": [15_000, 25_000, 5_000],
    "log_g": [3.0, 4.0, 0.5],
    "v_rot": [100, 300, 100],
    "limb_darkening": 0.6,
    "flawed": len(archive.FLAWS),
}
REASONS = {
    "name": "is not named like f_t24000g50v370.dat",
    "points": "has 200 points instead of 201",
    "not_sorted": "the wavelengths are not sorted (point 102)",
    "not_a_number": "the flux of point 101 is NaN or infinite",
    "empty": "is empty",
    "truncated": "does not have two columns in line 101 (1 instead)",
    "other_window": "run from 4480 to 4500 Å and differ from the window's",
    "text": "line 101 has '-' instead of a number",
    "columns": "does not have two columns in line 1 (3 instead)",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("archive") / "spectra"
    with folders.complete(place) as temporary, Pool(2) as pool:
        made = sum(archive.write(temporary, OPTIONS, WINDOW, pool=pool))
    assert made == 27 + len(archive.FLAWS)
    return place


@pytest.fixture(scope="module")
def found(folder):
    names = folders.listing(folder, key="helium.spectra")
    return inventory.tables(inventory.read_spectra(folder, names, WINDOW), WINDOW, synthetic=True)


def test_files_read_as_the_paper_reads_them(folder):
    # The paper's pandas.read_csv(sep=" ", header=None): one space, no header, nothing after.
    with (folder / "f_t20000g40v300.dat").open(newline="") as file:
        rows = np.array(list(csv.reader(file, delimiter=" ")), float)
    assert rows.shape == (201, 2)
    np.testing.assert_allclose(rows[:, 0], WINDOW, atol=1e-9)
    expected = grid.spectra(WINDOW, [20_000], [4.0], [300], limb_darkening=0.6)[0, 0]
    np.testing.assert_allclose(rows[:, 1], expected, atol=6e-7)


def test_reader_agrees_with_numpys(folder):
    path = folder / "f_t15000g30v100.dat"
    np.testing.assert_array_equal(files.read_spectrum(path, WINDOW), np.loadtxt(path)[:, 1])


def test_every_good_file_is_in_the_table_with_its_labels(found):
    flux, table, _ = found
    # The duplicate reads well: only all blocks together know that it is one.
    assert len(table) == len(flux) == 28 and flux.dtype == np.float32
    assert table["teff"].unit == "K" and table["v_rot"].unit == "km / s"
    assert table.meta == {"synthetic": True, "labels": ["teff", "log_g", "v_rot"]}
    row = list(table["file"]).index("f_t20000g35v200.dat")
    assert tuple(table[row])[1:] == ("t20000g35v200", 20_000, 3.5, 200)
    expected = grid.spectra(WINDOW, [20_000], [3.5], [200], limb_darkening=0.6)[0, 0]
    np.testing.assert_allclose(flux[row], expected, atol=1e-6)


@pytest.mark.parametrize("flaw", sorted(REASONS))
def test_spoilt_files_are_refused_with_their_reason(found, flaw):
    _, _, rejects = found
    reasons = [str(row["reason"]) for row in rejects if REASONS[flaw] in row["reason"]]
    assert len(rejects) == len(archive.FLAWS) - 1 and len(reasons) == 1
    assert reasons[0].startswith(str(rejects["file"][list(rejects["reason"]).index(reasons[0])]))


def test_files_are_the_same_for_any_number_of_threads(folder, tmp_path):
    sum(archive.write(tmp_path, OPTIONS, WINDOW))
    names = folders.listing(tmp_path, key="helium.spectra")
    assert names == folders.listing(folder, key="helium.spectra")
    assert filecmp.cmpfiles(folder, tmp_path, names, shallow=False)[0] == names


def test_blocks_together_are_the_whole_listing(folder):
    names = folders.listing(folder, key="helium.spectra")
    parts = [folders.block_of(names, block, 4) for block in range(4)]
    assert [name for part in parts for name in part] == names and max(map(len, parts)) - min(
        map(len, parts)
    ) <= 1


def test_hidden_files_are_left_out_and_deeper_ones_are_found(tmp_path):
    for name in ("b.dat", ".DS_Store", "a/b/c.dat", ".git/d.dat", "a/.e.dat"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert folders.listing(tmp_path, key="helium.spectra") == ["a/b/c.dat", "b.dat"]


def test_folder_appears_only_when_complete(tmp_path):
    with pytest.raises(RuntimeError), folders.complete(tmp_path / "spectra") as temporary:
        (temporary / "half.dat").touch()
        assert not (tmp_path / "spectra").exists()
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_complete_folder_replaces_what_was_there(tmp_path):
    (tmp_path / "spectra").mkdir()
    (tmp_path / "spectra" / "old.dat").touch()
    with folders.complete(tmp_path / "spectra") as temporary:
        (temporary / "new.dat").touch()
    assert [path.name for path in (tmp_path / "spectra").iterdir()] == ["new.dat"]


def test_wavelengths_may_differ_by_rounding_only(tmp_path):
    path = tmp_path / "f_t15000g30v100.dat"
    for shift, good in ((4e-4, True), (4e-3, False)):
        np.savetxt(path, np.column_stack([WINDOW + shift, np.ones(201)]))
        if good:
            assert files.read_spectrum(path, WINDOW).shape == (201,)
        else:
            refused("differ from the window's", files.read_spectrum, path, WINDOW)


@pytest.mark.parametrize("scale", [100.0, 3.0, 4.1e7, 1e-13])
def test_flux_that_is_not_over_the_continuum_is_refused_with_the_remedy(tmp_path, scale):
    path = tmp_path / "f_t15000g30v100.dat"
    flux = scale * (1 - 0.4 * np.exp(-((WINDOW - 4471.5) ** 2)))
    np.savetxt(path, np.column_stack([WINDOW, flux]))
    refused("not about 1: divide it by its continuum", files.read_spectrum, path, WINDOW)


def test_file_that_cannot_be_opened_is_a_reject(tmp_path):
    (tmp_path / "f_t15000g30v100.dat").mkdir()
    (row,) = inventory.read_spectra(tmp_path, ["f_t15000g30v100.dat"], WINDOW)
    assert isinstance(row, Reject) and "cannot be read" in row.reason


def test_empty_block_still_has_its_columns():
    flux, table, rejects = inventory.tables([], WINDOW, synthetic=False)
    assert flux.shape == (0, 201) and table.colnames == ["file", "id", "teff", "log_g", "v_rot"]
    assert rejects.colnames == ["file", "reason"]
