"""Spectra from an archive on this machine: what a catalogue lists, where it lies, what is lost."""

import numpy as np
import pytest
import yaml
from archive_server import Archive
from astropy.io import fits
from fake_sdss import about, coadd, primary
from refusal import refused

from skyloom.archives import requests, sdss_spectra
from skyloom.archives.download import Policy
from skyloom.arms.sdss import spectrum
from skyloom.errors import InputError

QUICK = Policy(retries=1, timeout=1.0, slowest=1.0, backoff=0.0)
ROWS = [(266, 51602, 13), (3586, 55181, 7), (10000, 57346, 1)]
FILES = [
    "0266/spec-0266-51602-0013.fits",
    "3586/spec-3586-55181-0007.fits",
    "10000/spec-10000-57346-0001.fits",
]
RUNS = ["26", "v5_13_2", "v5_13_2"]


def catalogue(path, rows=ROWS, runs=RUNS):
    """A catalogue of spectra with the columns that fetching needs, made by astropy."""
    n = len(rows)
    parts = {name: [row[k] for row in rows] for k, name in enumerate(("PLATE", "MJD", "FIBERID"))}
    columns = [fits.Column(name, "J", array=values) for name, values in parts.items()]
    columns += [fits.Column("CLASS", "6A", array=["QSO"] * n)]
    columns += [fits.Column("Z", "E", array=np.linspace(0, 1, n))]
    if runs is not None:
        columns.append(fits.Column("RUN2D", "20A", array=runs))
    unit = fits.BinTableHDU.from_columns(columns)
    fits.HDUList([fits.PrimaryHDU(), unit]).writeto(path, overwrite=True)
    return path


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Paths of the archive -> spectra."""
    folder, found = tmp_path_factory.mktemp("served"), {}
    for (plate, mjd, fiber), file, run in zip(ROWS, FILES, RUNS, strict=True):
        numbers = {"MJD": mjd, "FIBERID": fiber}
        head = primary(PLATEID=plate, **numbers)
        path = folder / file.rpartition("/")[2]
        fits.HDUList([head, coadd(), about(PLATE=plate, **numbers)]).writeto(path)
        found[f"/redux/{run}/spectra/lite/{file}"] = path.read_bytes()
    return found


def addresses(server):
    return {
        "DR17": {
            "address": f"{server.url}/redux/{{run2d}}/spectra/lite/{{plate}}/{{file}}",
            "runs": ["26", "103", "104", "v5_13_2"],
            "legacy": "26",
            "boss": "v5_13_2",
            "boss_since": 55100,
        }
    }


def fetch(server, folder, path, block=0, blocks=1, release="DR17"):
    return sdss_spectra.fetch(
        addresses(server),
        path,
        folder / "cache",
        release=release,
        block=block,
        blocks=blocks,
        table=folder / "failed.ecsv",
        policy=QUICK,
    )


@pytest.mark.parametrize("runs", [RUNS, None], ids=["RUN2D", "by MJD"])
def test_every_listed_spectrum_comes_once_and_is_what_was_served(tmp_path, served, runs):
    path = catalogue(tmp_path / "spAll.fits", runs=runs)
    with Archive(lambda asked, query: served.get(asked, 404)) as server:
        fetched, missing = fetch(server, tmp_path, path)
        fetch(server, tmp_path, path)
        assert sorted(server.paths()) == sorted(served)
    assert list(fetched["file"]) == FILES and len(missing) == 0
    count = requests.gather([fetched], tmp_path / "cache", tmp_path / "run" / "spectra")
    assert count == 3
    for file, content in zip(FILES, served.values(), strict=True):
        made = tmp_path / "run" / "spectra" / file
        assert made.read_bytes() == content
        assert spectrum.read_spectrum(made).id == spectrum.identity_of_name(file)


def test_blocks_share_the_catalogue_out_and_a_repeated_row_counts_once(tmp_path, served):
    path = catalogue(tmp_path / "spAll.fits", [*ROWS, ROWS[0]], [*RUNS, "103"])
    with Archive(lambda asked, query: served.get(asked, 404)) as server:
        parts = [fetch(server, tmp_path, path, block, 2)[0]["file"].tolist() for block in (0, 1)]
    assert parts[0] + parts[1] == FILES


def test_what_the_archive_does_not_have_is_listed_and_the_rest_comes(tmp_path, served):
    path = catalogue(tmp_path / "spAll.fits", runs=["103", "../../etc", "v5_13_2"])
    with Archive(lambda asked, query: served.get(asked, 404)) as server:
        fetched, missing = fetch(server, tmp_path, path)
        assert not [asked for asked in server.paths() if "etc" in asked]
    assert list(fetched["file"]) == FILES[2:]
    assert list(missing["file"]) == FILES[:2]
    assert "404" in missing["reason"][0] and "RUN2D is '../../etc'" in missing["reason"][1]


@pytest.mark.parametrize("wrong", ["another spectrum", "truncated", "a page", "no spectrum"])
def test_an_answer_that_is_not_the_spectrum_is_never_kept(tmp_path, served, wrong):
    right, other = list(served.values())[:2]
    (tmp_path / "image.fits").write_bytes(b"")
    fits.PrimaryHDU(np.ones((4, 4))).writeto(tmp_path / "image.fits", overwrite=True)
    content = {
        "another spectrum": other,
        "truncated": right[:-2880],
        "a page": b"<html>log in</html>",
        "no spectrum": (tmp_path / "image.fits").read_bytes(),
    }[wrong]
    path = catalogue(tmp_path / "spAll.fits", ROWS[:1], RUNS[:1])
    with Archive(lambda asked, query: content) as server:
        refused(r"1 of 1 files.*wrong content.*failed\.ecsv", fetch, server, tmp_path, path)
    assert [p.name for p in (tmp_path / "cache").rglob("*.fits")] == []


def test_rows_that_can_be_no_spectrum_form_no_path(tmp_path, served):
    rows = [(-1, 51602, 13), (266, 51602, 99999), (266, 51602, 13)]
    path = catalogue(tmp_path / "spAll.fits", rows, ["26"] * 3)
    numbers, _ = sdss_spectra.rows(path)
    assert numbers.tolist() == [[266, 51602, 13]]


def test_an_empty_catalogue_and_an_unknown_release_are_one_sentence(tmp_path, served):
    path = catalogue(tmp_path / "spAll.fits", [], [])
    refused(r"spAll\.fits lists no spectrum", sdss_spectra.rows, path)
    with Archive(lambda asked, query: 404) as server:
        with pytest.raises(InputError, match=r"sdss\.archive\.release is 'DR18'.*'DR17'"):
            fetch(server, tmp_path, path, release="DR18")


def test_nothing_but_gaps_means_that_the_addresses_are_wrong(tmp_path, served):
    path = catalogue(tmp_path / "spAll.fits")
    with Archive(lambda asked, query: 404) as server:
        fetched, missing = fetch(server, tmp_path, path)
    with pytest.raises(InputError, match=r"none of the 3 spectra.*404.*downloads\.archives"):
        requests.absent([missing], len(fetched), what="spectra")


def test_addresses_of_the_project_are_complete_and_filled_by_plain_names_alone():
    known = yaml.safe_load(open("resources/archives.yaml", encoding="utf-8"))
    for release in known["sdss"].values():
        values = {"plate": "0266", "file": "spec-0266-51602-0013.fits", "run2d": "26"}
        url = requests.fill(release["address"], **values)
        assert url.startswith("https://") and "{" not in url
        assert release["boss"] in release["runs"] and release["legacy"] in release["runs"]
    image = known["xmm"]["images"]
    assert requests.fill(image["file"], observation="0098010101").endswith("OIMAGE8000.FTZ")
    assert "obsno=0098010101&" in requests.fill(image["address"], observation="0098010101")


def test_real_spectra_pass_the_check_of_their_own_names(real_data):
    files = sorted((real_data / "sdss").glob("spec-*.fits"))
    assert len(files) >= 19
    for path in files:
        sdss_spectra.check_spectrum(path, name=spectrum.identity_of_name(path))
