"""The synthetic archive of spec files: layout, bytes, flaws, second visits and the catalogue."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from skyloom import prefetch
from skyloom.errors import InputError
from skyloom.simulate.sdss import archive, files, lines, population

LISTS = lines.read_lists((Path(__file__).parents[2] / "resources/lines").glob("sdss_*.ecsv"))
SHARES = {"GALAXY": 0.45, "QSO": 0.3, "STAR": 0.25}
OPTIONS = {"spectra": 63, "shares": SHARES, "repeated": 0.05, "flawed": 12}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("archive")
    (folder / "spectra").mkdir()
    with prefetch.Pool(2) as pool:
        rows = list(archive.write(folder / "spectra", OPTIONS, LISTS, 42, pool=pool))
    archive.write_catalogue(rows, folder / "spAll.fits")
    return folder, population.visits(OPTIONS, 42)


def good_visits(written):
    return written[1][: OPTIONS["spectra"]]


def test_bytes_do_not_depend_on_threads_but_on_the_seed(tmp_path):
    few = {**OPTIONS, "spectra": 8, "flawed": 3}
    contents = {}
    for name, threads, seed in (("one", None, 1), ("three", 3, 1), ("other", None, 2)):
        (tmp_path / name).mkdir()
        pool = prefetch.Pool(threads) if threads else None
        list(archive.write(tmp_path / name, few, LISTS, seed, pool=pool))
        contents[name] = {
            str(path.relative_to(tmp_path / name)): path.read_bytes()
            for path in sorted((tmp_path / name).rglob("*.*"))
        }
    assert contents["one"] == contents["three"] and len(contents["one"]) == 11
    assert contents["one"] != contents["other"]


def test_one_file_a_visit_and_one_a_flaw(written):
    folder, _ = written
    found = [path for path in (folder / "spectra").rglob("*") if path.is_file()]
    assert len(found) == archive.count(OPTIONS) == 75


def test_astropy_reads_every_good_file_without_complaint(written, recwarn):
    for visit in good_visits(written)[:20]:
        with fits.open(written[0] / "spectra" / visit.path) as file:
            file.verify("exception")
            assert [part.name for part in file] == [
                "PRIMARY",
                "COADD",
                "SPALL" if visit.survey == "boss" else "SPECOBJ",
            ]
            assert np.isfinite(file[1].data["flux"]).all()
    assert not recwarn.list


def test_header_table_and_name_agree_on_what_was_observed(written):
    for visit in good_visits(written)[::4]:
        with fits.open(written[0] / "spectra" / visit.path) as file:
            head, table = file[0].header, file[2].data
            own = [visit.plate, visit.mjd, visit.fiber]
            assert [head["PLATEID"], head["MJD"], head["FIBERID"]] == own
            assert [table[name][0] for name in ("PLATE", "MJD", "FIBERID")] == own
            assert head[files.SYNTHETIC_KEYWORD] is True
            assert table["CLASS"][0] == visit.kind and head["PLUG_RA"] == table["PLUG_RA"][0]
            assert head["COEFF0"] == pytest.approx(file[1].data["loglam"][0], abs=1e-6)
            number = int(table["SPECOBJID"][0])
            mjd = 50000 + (number >> 24 & 0x3FFF)
            assert [number >> 50, mjd, number >> 38 & 0xFFF] == own


def test_both_surveys_have_their_wavelengths_in_equal_logarithmic_steps(written):
    ranges = {"boss": (3560, 3600, 10200, 10400), "sdss": (3790, 3830, 9100, 9260)}
    seen = Counter()
    for visit in good_visits(written):
        loglam = fits.getdata(written[0] / "spectra" / visit.path, 1)["loglam"].astype(float)
        low, high, red, end = ranges[visit.survey]
        assert low < 10 ** loglam[0] < high and red < 10 ** loglam[-1] < end
        assert np.allclose(np.diff(loglam), 1e-4, atol=1e-6)
        seen[visit.survey] += 1
    assert seen["boss"] > seen["sdss"] > 0


@pytest.mark.parametrize(
    ("survey", "real"), [("boss", "4055-55359-0001"), ("sdss", "0266-51602-0013")]
)
def test_columns_and_keywords_are_those_of_real_files(real_data, written, survey, real):
    visit = next(visit for visit in good_visits(written) if visit.survey == survey)
    path = written[0] / "spectra" / visit.path
    with fits.open(path) as ours, fits.open(real_data / "sdss" / f"spec-{real}.fits") as theirs:
        for mine, other in zip(ours[1:3], theirs[1:3], strict=True):
            assert mine.name == other.name
            assert mine.columns.names == other.columns.names
            assert mine.columns.formats == other.columns.formats
            assert mine.data.dtype == other.data.dtype
        extra = set(ours[0].header) - set(theirs[0].header)
        assert extra <= {files.SYNTHETIC_KEYWORD, "COMMENT", "HISTORY", ""}
        for name in ("PLATEID", "MJD", "FIBERID", "PLUG_RA", "COEFF0", "COEFF1", "BUNIT"):
            assert type(ours[0].header[name]) is type(theirs[0].header[name])


def test_classes_have_their_shares_to_the_last_object(written):
    objects = {visit.target: visit.kind for visit in good_visits(written)}
    assert Counter(objects.values()) == population.counts(SHARES, 60)
    assert population.counts(SHARES, 60) == {"GALAXY": 27, "QSO": 18, "STAR": 15}


@pytest.mark.parametrize("total", [0, 1, 7, 640])
def test_counts_add_up_and_differ_from_shares_by_less_than_one(total):
    counts = population.counts({"a": 0.4, "b": 0.35, "c": 0.25}, total)
    assert sum(counts.values()) == total
    assert all(abs(counts[k] - total * s) < 1 for k, s in {"a": 0.4, "b": 0.35, "c": 0.25}.items())


def test_impossible_shares_are_refused():
    with pytest.raises(InputError, match="make them positive"):
        population.counts({"STAR": -1, "QSO": 2}, 10)


def test_repeated_objects_keep_place_class_and_light_on_another_plate(written):
    by_object = {}
    for visit in good_visits(written):
        by_object.setdefault(visit.target, []).append(visit)
    pairs = [pair for pair in by_object.values() if len(pair) == 2]
    assert len(pairs) == 3
    for first, second in pairs:
        assert (first.ra, first.dec, first.thing_id) == (second.ra, second.dec, second.thing_id)
        assert first.plate != second.plate and second.mjd > first.mjd
        one, two = (fits.getdata(written[0] / "spectra" / v.path, 1) for v in (first, second))
        _, here, there = np.intersect1d(
            np.round(one["loglam"], 4), np.round(two["loglam"], 4), return_indices=True
        )
        ratio = one["model"][here] / two["model"][there]
        assert np.allclose(ratio, np.median(ratio), rtol=1e-3)
        assert not np.array_equal(one["flux"][here], two["flux"][there])


def test_no_two_spectra_share_plate_day_and_fibre():
    options = {**OPTIONS, "spectra": 3000, "flawed": 24}
    names = [visit.id for visit in population.visits(options, 5)]
    assert len(set(names)) == len(names) == 3024


def test_some_objects_are_unknown_to_the_imaging():
    visits = population.visits({**OPTIONS, "spectra": 3000}, 5)
    boss = [visit.thing_id for visit in visits if visit.survey == "boss"]
    assert 0.01 < np.mean(np.array(boss) == -1) < 0.03
    known = {visit.thing_id: visit.target for visit in visits if visit.thing_id > 0}
    assert len(set(known.values())) == len(known)


def spoilt(written, flaw):
    folder, visits = written
    place = archive.FLAWS.index(flaw)
    visit = visits[OPTIONS["spectra"] + place]
    return folder / "spectra", visit


def test_truncated_file_ends_within_its_spectrum(written):
    folder, visit = spoilt(written, "truncated")
    assert 10_000 < (folder / visit.path).stat().st_size < 100_000


@pytest.mark.parametrize(
    ("flaw", "names"),
    [("no_table", ["PRIMARY", "COADD"]), ("order", ["PRIMARY", "SPALL", "COADD"])],
)
def test_tables_are_missing_or_out_of_order(written, flaw, names):
    folder, visit = spoilt(written, flaw)
    with fits.open(folder / visit.path) as file:
        assert [part.name.replace("SPECOBJ", "SPALL") for part in file] == names


def test_spectra_are_all_masked_or_not_numbers(written):
    folder, visit = spoilt(written, "all_masked")
    assert (fits.getdata(folder / visit.path, 1)["ivar"] == 0).all()
    folder, visit = spoilt(written, "not_a_number")
    assert np.isnan(fits.getdata(folder / visit.path, 1)["flux"]).all()


@pytest.mark.parametrize(("flaw", "kind"), [("no_class", ""), ("unknown_class", "SKY")])
def test_class_is_blank_or_none_of_the_three(written, flaw, kind):
    folder, visit = spoilt(written, flaw)
    assert fits.getdata(folder / visit.path, 2)["CLASS"][0].strip() == kind


def test_other_flaws_are_what_they_are_called(written):
    folder, visit = spoilt(written, "columns")
    assert "flux" not in fits.getdata(folder / visit.path, 1).dtype.names
    folder, visit = spoilt(written, "empty")
    assert (folder / visit.path).stat().st_size == 0
    folder, visit = spoilt(written, "not_fits")
    assert (folder / visit.path).read_bytes().startswith(b"<html>")
    folder, visit = spoilt(written, "name")
    assert not (folder / visit.path).exists() and list(folder.glob("*/spec-*-9999.fits"))
    copies = list((folder / "copies").iterdir())
    originals = {path.name: path for path in folder.glob("[0-9]*/spec-*.fits")}
    assert len(copies) == 1
    assert copies[0].read_bytes() == originals[copies[0].name].read_bytes()


def test_catalogue_has_every_good_spectrum_as_its_file_says_and_some_without_file(written):
    with fits.open(written[0] / "spAll.fits") as file:
        file.verify("exception")
        table = file[1].data
        assert file[0].header[files.SYNTHETIC_KEYWORD] is True
    rows = {(r["PLATE"], r["MJD"], r["FIBERID"]): r for r in table}
    for number, visit in enumerate(good_visits(written)):
        row = rows.pop((visit.plate, visit.mjd, visit.fiber))
        assert (row["CLASS"], row["THING_ID"]) == (visit.kind, visit.thing_id)
        if number % 6 == 0:
            own = fits.getdata(written[0] / "spectra" / visit.path, 2)[0]
            for name in ("Z", "ZWARNING", "PLUG_RA", "SN_MEDIAN_ALL"):
                assert row[name] == own[name]
    assert len(rows) == 6
