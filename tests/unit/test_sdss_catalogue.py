"""Catalogues in columns and chunks: against astropy, and in bounded memory."""

import gzip
import tracemalloc

import fake_sdss as fake
import numpy as np
import pytest
from astropy.io import fits
from refusal import refused

from skyloom.arms.sdss import catalogue, spectrum

LABELS = np.array(["GALAXY", "QSO", "STAR"])


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """1,000 spectra on ten plates in random order."""
    plate, fiber = 266 + np.arange(1000) // 100, 1 + np.arange(1000) % 100
    order = np.random.default_rng(0).permutation(1000)
    file = tmp_path_factory.mktemp("catalogue") / "specObj.fits"
    return fake.catalogue(file, plate[order], fiber[order], labels=LABELS[order % 3], wide=50)


@pytest.mark.parametrize("chunk", [1, 10_000, 1 << 24])
def test_chunks_put_together_are_the_whole_table(path, chunk):
    parts = list(catalogue.chunks(path, chunk=chunk))
    theirs = fits.getdata(path, 1)
    assert (
        len(parts) == {1: 1000, 10_000: -(-1000 // (10_000 // theirs.itemsize)), 1 << 24: 1}[chunk]
    )
    for name in ("PLATE", "FIBERID", "CLASS", "Z", "BESTOBJID", "PLUG_DEC"):
        ours = np.concatenate([part(name) for part in parts])
        assert list(ours) == list(theirs[name]), name
    assert parts[0]("THING_ID") is None


def test_rows_are_those_of_the_spectra_asked_for(path):
    theirs = fits.getdata(path, 1)
    names = ["0266-55181-0001", "0275-55181-0100", "0270-55181-0050", "9999-55181-0001"]
    found = catalogue.rows(path, names, chunk=5000)
    assert set(found) == set(names[:3])
    for name, row in found.items():
        plate, _, fiber = map(int, name.split("-"))
        own = theirs[(theirs["PLATE"] == plate) & (theirs["FIBERID"] == fiber)][0]
        assert (row["CLASS"], row["Z"], row["BESTOBJID"]) == (
            own["CLASS"],
            own["Z"],
            own["BESTOBJID"],
        )
    assert catalogue.rows(path, []) == {}


def test_of_a_spectrum_listed_twice_the_first_row_counts(tmp_path):
    file = fake.catalogue(tmp_path / "c.fits", [300, 300], [1, 1], labels=["STAR", "QSO"])
    for chunk in (1, 1 << 20):
        assert catalogue.rows(file, ["0300-55181-0001"], chunk=chunk)["0300-55181-0001"][
            "CLASS"
        ] == ("STAR")


def test_rows_without_a_file_are_counted_in_one_line(path):
    every = [spectrum.identity(266 + k // 100, 55181, 1 + k % 100) for k in range(1000)]
    assert catalogue.reject_of(path, every) is None
    assert catalogue.without_file(path, every[1:], chunk=999) == (1, 1000, every[0])
    file, reason = catalogue.reject_of(path, every[:10])
    assert file == "specObj.fits" and reason.startswith("990 of the 1,000 rows")


def test_keys_sort_as_plate_mjd_and_fibre_and_are_unique():
    parts = np.random.default_rng(1).integers([266, 51600, 1], [17000, 60000, 1001], (500, 3))
    keys = catalogue.key(*parts.T)
    assert [tuple(parts[k]) for k in np.argsort(keys)] == sorted(map(tuple, parts))
    assert np.array_equal(catalogue.keys_of([spectrum.identity(*part) for part in parts]), keys)


def test_memory_does_not_grow_with_the_catalogue(tmp_path):
    rows, peaks = 20_000, []
    for factor in (1, 10):
        n = rows * factor
        file = fake.catalogue(
            tmp_path / f"{factor}.fits",
            300 + np.arange(n) // 1000,
            np.arange(n) % 1000,
            labels=LABELS[np.arange(n) % 3],
            wide=100,
        )
        tracemalloc.start()
        found = catalogue.rows(file, ["0301-55181-0007"], chunk=1 << 20)
        missing = catalogue.without_file(file, found, chunk=1 << 20)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert missing[:2] == (n - 1, n) and len(found) == 1
    assert peaks[1] < 1.1 * peaks[0] < 10 * (1 << 20)


def test_gzip_catalogues_are_read_alike(path, tmp_path):
    packed = tmp_path / "specObj.fits.gz"
    packed.write_bytes(gzip.compress(path.read_bytes(), 1))
    names = ["0266-55181-0001"]
    assert catalogue.rows(packed, names) == catalogue.rows(path, names)
    packed.write_bytes(packed.read_bytes()[:-5000])
    refused("truncated", catalogue.rows, packed, names)


def test_the_object_table_of_a_spectrum_is_a_catalogue_of_one(tmp_path):
    file = fake.write(tmp_path)
    assert catalogue.rows(file, ["3586-55181-0007"])["3586-55181-0007"]["CLASS"] == "QSO"
